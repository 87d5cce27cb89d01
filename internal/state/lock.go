package state

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/user"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	dbtypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"example.com/webserver-cluster/internal/project"
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

// Held is a lock that lies in a place.
type Held struct {
	LockInfo
	Place string
	tag   string // what the place knows this lock by
}

// LockedError means that somebody else holds the lock.
type LockedError struct {
	Stack string
	Held
}

func (e *LockedError) Error() string {
	if e.ID == "" {
		return fmt.Sprintf("%s is locked: somebody took or released the lock in %s just now; try again", e.Stack, e.Place)
	}
	return fmt.Sprintf("%s is locked by %s since %s (%s ago): %s, lock %s in %s\nWait until it is free. If its holder is dead: %s unlock %[1]s", e.Stack, e.Who,
		e.Created.Local().Format(time.DateTime), Age(e.Created), e.Operation, e.ID, e.Place, Command)
}

// Age is how long ago t was, to the second.
func Age(t time.Time) time.Duration { return time.Since(t).Round(time.Second) }

// Held returns the locks that lie in the stack's places: none if nobody holds
// it, one of two if a holder died between taking, or releasing, the two.
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

// Lock takes the stack's lock for an operation. dead are locks of a holder
// that is known to be gone: they are taken over in one step, so that nobody
// else gets in between. If anything else lies in a place, Lock returns a
// *LockedError and leaves nothing behind.
func (s Stack) Lock(ctx context.Context, operation string, dead []Held) (*Lock, error) {
	// A lock that is taken over has been held without a break.
	id, created := newID(), time.Now().UTC()
	for _, held := range dead {
		if !held.Created.IsZero() && held.Created.Before(created) {
			created = held.Created
		}
	}
	info, err := json.Marshal(LockInfo{
		ID: id, Operation: operation, Info: holderInfo(), Who: me(), Created: created, Path: s.lockID(),
	})
	if err != nil {
		return nil, err
	}
	lock := &Lock{stack: s}
	for _, p := range s.places() {
		var over *Held
		if i := slices.IndexFunc(dead, func(h Held) bool { return h.Place == p.String() }); i >= 0 {
			over = &dead[i]
		}
		tag, err := p.put(ctx, info, over)
		if err != nil {
			// The answer may have got lost, and then the lock there is this one: the SDK's
			// second try fails by its first.
			held, readErr := s.look(ctx, p)
			switch {
			case readErr != nil:
				err = errors.Join(err, readErr)
			case held.ID == id:
				tag = held.tag
				if conditionFailed(err) {
					err = nil
				}
			case conditionFailed(err):
				err = &LockedError{s.Name, *held}
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

// look is the lock that lies in p, with no ID if there is none. It looks even when
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

// A place is where a lock can lie. A change to it is conditional on what lies
// there: it fails (see conditionFailed) unless that is what the caller saw.
type place interface {
	fmt.Stringer
	read(ctx context.Context) (*Held, error) // nil if no lock lies there
	put(ctx context.Context, info []byte, over *Held) (tag string, err error)
	remove(ctx context.Context, held Held) error
}

// places are the stack's places, in the order in which Terraform takes them.
func (s Stack) places() []place {
	var list []place
	if s.store.usesFile() {
		list = append(list, filePlace{s})
	}
	if s.store.usesTable() {
		list = append(list, tablePlace{s})
	}
	return list
}

// parseLock reads a lock's text. A lock that cannot be read is still one.
func parseLock(p place, info, tag string) *Held {
	held := &Held{Place: p.String(), tag: tag}
	if err := json.Unmarshal([]byte(info), &held.LockInfo); err != nil {
		held.LockInfo = LockInfo{ID: "?", Who: "nobody knows whom", Operation: fmt.Sprintf("unreadable: %q", info)}
	}
	return held
}

// tablePlace is the item of the table. It is known by its text.
type tablePlace struct{ Stack }

func (p tablePlace) String() string { return "table " + p.store.Settings.LockTable }

func (p tablePlace) read(ctx context.Context) (*Held, error) {
	output, err := p.store.db.GetItem(ctx, &dynamodb.GetItemInput{
		TableName: &p.store.Settings.LockTable, Key: tableKey(p.lockID()), ConsistentRead: aws.Bool(true),
	})
	if err != nil || output.Item == nil {
		return nil, err
	}
	info := text(output.Item["Info"])
	return parseLock(p, info, info), nil
}

func (p tablePlace) put(ctx context.Context, info []byte, over *Held) (string, error) {
	tag := string(info)
	item := tableKey(p.lockID())
	item["Info"] = &dbtypes.AttributeValueMemberS{Value: tag}
	input := &dynamodb.PutItemInput{TableName: &p.store.Settings.LockTable, Item: item}
	if over == nil {
		input.ConditionExpression = aws.String("attribute_not_exists(" + project.LockKey + ")")
	} else {
		input.ConditionExpression, input.ExpressionAttributeValues = sameInfo(over.tag)
	}
	if _, err := p.store.db.PutItem(ctx, input); err != nil {
		return "", err
	}
	return tag, nil
}

func (p tablePlace) remove(ctx context.Context, held Held) error {
	input := &dynamodb.DeleteItemInput{TableName: &p.store.Settings.LockTable, Key: tableKey(p.lockID())}
	input.ConditionExpression, input.ExpressionAttributeValues = sameInfo(held.tag)
	_, err := p.store.db.DeleteItem(ctx, input)
	return err
}

func sameInfo(info string) (*string, map[string]dbtypes.AttributeValue) {
	return aws.String("Info = :info"), map[string]dbtypes.AttributeValue{
		":info": &dbtypes.AttributeValueMemberS{Value: info},
	}
}

// filePlace is the lock file in the bucket. It is known by its ETag.
type filePlace struct{ Stack }

func (p filePlace) key() *string   { return aws.String(p.Key + lockSuffix) }
func (p filePlace) String() string { return "bucket " + p.store.Settings.StateBucket }

func (p filePlace) read(ctx context.Context) (*Held, error) {
	output, err := p.store.s3.GetObject(ctx, &s3.GetObjectInput{Bucket: &p.store.Settings.StateBucket, Key: p.key()})
	if missing := (*types.NoSuchKey)(nil); errors.As(err, &missing) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer output.Body.Close()
	info, err := io.ReadAll(output.Body)
	return parseLock(p, string(info), aws.ToString(output.ETag)), err
}

func (p filePlace) put(ctx context.Context, info []byte, over *Held) (string, error) {
	input := &s3.PutObjectInput{
		Bucket: &p.store.Settings.StateBucket, Key: p.key(), Body: bytes.NewReader(info),
		ContentType: aws.String("application/json"), ServerSideEncryption: types.ServerSideEncryptionAes256,
	}
	if over == nil {
		input.IfNoneMatch = aws.String("*")
	} else {
		input.IfMatch = &over.tag
	}
	output, err := p.store.s3.PutObject(ctx, input)
	if err != nil {
		return "", err
	}
	return aws.ToString(output.ETag), nil
}

func (p filePlace) remove(ctx context.Context, held Held) error {
	_, err := p.store.s3.DeleteObject(ctx, &s3.DeleteObjectInput{
		Bucket: &p.store.Settings.StateBucket, Key: p.key(), IfMatch: &held.tag,
	})
	return err
}
