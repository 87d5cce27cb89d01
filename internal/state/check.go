package state

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// Finding is the result of one check.
type Finding struct {
	What string // was checked
	Is   string // how it is
	Err  error  // what is wrong; nil if nothing is
}

// Check checks whether the store can be relied on: who we are, the bucket,
// the table, our permissions, and each stack named (all of them for none).
// It writes nothing, and stops where what follows could not work either.
func (s *Store) Check(ctx context.Context, stacks ...string) []Finding {
	var list []Finding
	note := func(what, is string, err error) bool {
		list = append(list, Finding{what, is, err})
		return err == nil
	}
	account, who, err := s.identity(ctx)
	if !note("credentials", who, err) {
		return list
	}
	exists, err := s.BucketExists(ctx, account)
	if err == nil && !exists {
		err = s.fail(NoBucket, "", "there is no bucket "+s.Settings.StateBucket, errors.New("AWS says 404 Not Found"))
	}
	if !note("bucket", s.Settings.StateBucket+" in "+s.Settings.Region, err) {
		return list
	}
	note("versioning", "enabled", s.CheckVersioning(ctx))
	note("bucket policy", "TLS only", s.checkPolicy(ctx))
	note("public access", "blocked", s.checkPublicAccess(ctx))
	note("writing states", "permitted", s.mayWriteBucket(ctx))
	if s.usesTable() {
		if note("lock table", s.Settings.LockTable, s.checkTable(ctx)) {
			note("writing locks", "permitted", s.mayWriteTable(ctx))
		}
	}
	if slices.ContainsFunc(list, func(f Finding) bool {
		var failure *Failure
		drift := errors.As(f.Err, &failure) && (failure.Kind == Drift || failure.Kind == ForeignDrift)
		return f.Err != nil && !drift
	}) {
		return list
	}
	if len(stacks) == 0 {
		if stacks, err = s.Stacks(ctx); err != nil {
			note("states", "", err)
		}
	}
	for _, name := range stacks {
		is, err := s.Stack(name).check(ctx)
		note("state of "+name, is, err)
	}
	return list
}

// identity is the account and the ARN that the credentials are of.
func (s *Store) identity(ctx context.Context) (account, arn string, err error) {
	output, err := sts.NewFromConfig(s.AWS).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return "", "", s.explain("ask AWS who we are", err)
	}
	return *output.Account, *output.Arn, nil
}

// Account is the account that the credentials are of.
func (s *Store) Account(ctx context.Context) (string, error) {
	account, _, err := s.identity(ctx)
	return account, err
}

// drifted is the error for a setting of the store that somebody changed. ours
// tells whether this project made what has it.
func (s *Store) drifted(ctx context.Context, ours func(context.Context) (bool, error), what, found string) error {
	kind := Drift
	if ok, err := ours(ctx); err == nil && !ok {
		kind = ForeignDrift
	}
	return s.fail(kind, "", what, errors.New(found))
}

// check says how a stack's state is.
func (s Stack) check(ctx context.Context) (string, error) {
	object, err := s.Load(ctx, "")
	is := "none yet"
	switch {
	case err == nil:
		is = fmt.Sprintf("serial %d, %d resources", object.Serial, len(object.Resources))
	case errors.Is(err, ErrDeleted), errors.Is(err, ErrBroken):
		return "", s.fail(Unusable, "%v", err)
	case !errors.Is(err, ErrNoState):
		return "", err
	}
	held, err := s.Held(ctx)
	if err != nil {
		return "", err
	}
	for _, lock := range held {
		running, err := s.MayRun(lock.LockInfo)
		if err != nil {
			return "", err
		}
		if running == "" {
			return "", s.fail(LockLeft, "%s; locked by %s for %s, whose deploy no longer runs", is, lock.Who, Age(lock.Created))
		}
	}
	if len(held) > 0 { // the digest may lag for a moment
		return fmt.Sprintf("%s; locked by %s for %s", is, held[0].Who, Age(held[0].Created)), nil
	}
	digest, err := s.Digest(ctx)
	if err != nil {
		return "", err
	}
	if digest != "" && object != nil && digest != object.Digest() {
		if err := s.overwritten(ctx, object); errors.Is(err, ErrOverwritten) {
			return "", s.fail(Unusable, "%v", err)
		}
	}
	if digest != "" && (object == nil || digest != object.Digest()) {
		return "", s.fail(WrongDigest, "the digest in the lock table does not match the newest state")
	}
	if object != nil {
		if left := unfinished(object.Resources); left != "" {
			return "", s.fail(Unfinished, "%s; the last deploy did not finish %s", is, left)
		}
	}
	return is, nil
}

// fail is a failure of the stack.
func (s Stack) fail(kind Kind, format string, args ...any) error {
	return s.store.fail(kind, s.Name, fmt.Sprintf(format, args...), nil)
}

// unfinished names what a deploy did not finish: tainted resources, and deposed
// objects that it was to destroy. The next one replaces and destroys them.
// https://developer.hashicorp.com/terraform/cli/state/taint
func unfinished(resources []Resource) string {
	var names []string
	for _, r := range resources {
		if r.Tainted || r.Deposed != "" {
			names = append(names, r.Address)
		}
	}
	return strings.Join(slices.Compact(names), ", ")
}
