package state

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/user"
	"regexp"
	"slices"
	"strconv"
	"time"
)

// LockInfo is what a lock says of its holder, in Terraform's format.
type LockInfo struct {
	ID        string
	Operation string // such as "OperationTypeApply"
	Info      string
	Who       string    // user@host
	Version   string    // of Terraform
	Created   time.Time // UTC
	Path      string
}

// me is who this process is in a lock.
func me() string {
	host, _ := os.Hostname()
	return username() + "@" + host
}

func username() string {
	u, err := user.Current()
	if err != nil {
		return ""
	}
	return u.Username
}

// Ours tells whether the lock was taken by this user on this machine, as far as
// their names tell.
func (i LockInfo) Ours() bool { return i.Who == me() }

// ours is the form of Info in a lock of this package: its process, and why it was taken.
var ours = regexp.MustCompile(`^process ([0-9]+)(?:: (.*))?$`)

// holderInfo is what a lock of this process says in its Info.
func holderInfo(why string) string {
	info := fmt.Sprintf("process %d", os.Getpid())
	if why != "" {
		info += ": " + why
	}
	return info
}

// holder is the number of the process that holds a lock of this package; 0 for one of
// Terraform's.
func (i LockInfo) holder() int32 {
	m := ours.FindStringSubmatch(i.Info)
	if m == nil {
		return 0
	}
	pid, _ := strconv.ParseInt(m[1], 10, 32)
	return int32(pid)
}

// Why is what the holder said of the reason; "" for nothing.
func (i LockInfo) Why() string {
	if m := ours.FindStringSubmatch(i.Info); m != nil {
		return m[2]
	}
	return i.Info
}

// Held is a lock that is in a place.
type Held struct {
	LockInfo
	Place string
	tag   string // what the place knows this lock by
}

// LockedError means that somebody else holds the lock.
type LockedError struct {
	Stack string
	Held
	Advice string // what to do about it; "" for none
}

func (e *LockedError) Error() string {
	if e.ID == "" {
		return fmt.Sprintf("%s is locked: somebody took or released the lock in %s just now; try again", e.Stack, e.Place)
	}
	text := fmt.Sprintf("%s is locked by %s since %s (%s ago): %s, lock %s in %s", e.Stack, e.Who,
		e.Created.Local().Format(time.DateTime), Age(e.Created), e.Operation, e.ID, e.Place)
	if why := e.Why(); why != "" {
		text += ": " + why
	}
	if e.Advice != "" {
		text += "\n" + e.Advice
	}
	return text
}

// Age is how long ago t was, to the second.
func Age(t time.Time) time.Duration { return time.Since(t).Round(time.Second) }

// Held returns the locks in the stack's places: none if nobody holds
// it, one of two if a holder was killed between taking, or releasing, the two.
func (s Stack) Held(ctx context.Context) ([]Held, error) {
	var list []Held
	for _, p := range s.places() {
		held, err := p.read(ctx)
		if err != nil {
			return nil, s.store.explain("read the lock of "+s.Name, err)
		}
		if held != nil {
			list = append(list, *held)
		}
	}
	return list, nil
}

// Lock is the lock of a stack, held by this process.
type Lock struct {
	stack  Stack
	places []place
	held   []Held
}

// NewLock is a lock of the stack, not taken yet, for an operation of this process. why is
// for whoever finds the stack locked; it may be empty.
func (s Stack) NewLock(operation, why string) LockInfo {
	return LockInfo{
		ID: newID(), Operation: operation, Info: holderInfo(why), Who: me(), Created: time.Now().UTC(), Path: s.lockID(),
	}
}

// Lock takes the stack's lock for an operation, as Take does.
func (s Stack) Lock(ctx context.Context, operation string, abandoned []Held) (*Lock, error) {
	return s.Take(ctx, s.NewLock(operation, ""), abandoned)
}

// Take takes the stack's lock. abandoned are locks of a
// holder that is known to have ended: each is replaced in one step, so that nobody
// else gets in between. If anything else is in a place, Take returns a
// *LockedError and leaves nothing behind.
func (s Stack) Take(ctx context.Context, as LockInfo, abandoned []Held) (*Lock, error) {
	// With the lock that this one replaces, it has been held without a break.
	for _, held := range abandoned {
		if !held.Created.IsZero() && held.Created.Before(as.Created) {
			as.Created = held.Created
		}
	}
	info, err := json.Marshal(as)
	if err != nil {
		return nil, err
	}
	lock := &Lock{stack: s}
	for _, p := range s.places() {
		var over *Held
		if i := slices.IndexFunc(abandoned, func(h Held) bool { return h.Place == p.String() }); i >= 0 {
			over = &abandoned[i]
		}
		tag, err := p.put(ctx, info, over)
		if err != nil {
			// The answer may have got lost, and then the lock there is this one: the SDK's
			// second try fails by its first.
			held, readErr := s.look(ctx, p)
			switch {
			case readErr != nil:
				err = errors.Join(err, readErr)
			case held.ID == as.ID && held.Info == as.Info: // the one replaced may have had this id
				tag = held.tag
				if conditionFailed(err) {
					err = nil
				}
			case conditionFailed(err):
				err = &LockedError{s.Name, *held, s.store.advice(Locked, s.Name)}
			}
		}
		if tag != "" {
			lock.places = append(lock.places, p)
			lock.held = append(lock.held, Held{Place: p.String(), tag: tag})
		}
		if err != nil {
			return nil, errors.Join(s.store.explain("lock "+s.Name, err), lock.Release(ctx))
		}
	}
	return lock, nil
}

// look is the lock in p, with no ID if there is none. It looks even when
// ctx is done.
func (s Stack) look(ctx context.Context, p place) (*Held, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastWrite)
	defer cancel()
	held, err := p.read(ctx)
	if err == nil && held == nil {
		held = &Held{Place: p.String()}
	}
	return held, err
}

// Holds tells whether the lock with this id is the stack's, in each of its places.
func (s Stack) Holds(ctx context.Context, id string) (bool, error) {
	held, err := s.Held(ctx)
	return len(held) == len(s.places()) && !slices.ContainsFunc(held, func(h Held) bool { return h.ID != id }), err
}

// Drop removes a lock from its place, if it is still there; what else is there stays.
func (s Stack) Drop(ctx context.Context, held Held) error {
	i := slices.IndexFunc(s.places(), func(p place) bool { return p.String() == held.Place })
	err := s.places()[i].remove(ctx, held)
	if conditionFailed(err) {
		return nil
	}
	return s.store.explain("unlock "+s.Name, err)
}

// Release gives the lock back. It does so even when ctx is done.
func (l *Lock) Release(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastWrite)
	defer cancel()
	var errs []error
	for i, p := range l.places {
		err := p.remove(ctx, l.held[i])
		if conditionFailed(err) {
			// Here, too, the SDK's second try fails by its first.
			held, readErr := l.stack.look(ctx, p)
			switch {
			case readErr != nil:
				err = errors.Join(err, readErr)
			case held.ID == "":
				err = nil
			default:
				err = fmt.Errorf("somebody has taken this command's lock away from %s", p)
			}
		}
		errs = append(errs, l.stack.store.explain("unlock "+l.stack.Name, err))
	}
	l.places = nil
	return errors.Join(errs...)
}
