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
		err = &Failure{fmt.Sprintf("there is no bucket %s", s.Settings.StateBucket), "check stateBucket in cdktf.json, or make it: " + Command + " bootstrap", errors.New("AWS says 404 Not Found")}
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
		var drift *Drift
		return f.Err != nil && !errors.As(f.Err, &drift)
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
	advice := "restore it with npx cdktf deploy state"
	if ok, err := ours(ctx); err == nil && !ok {
		advice = "ask whoever looks after it to change that; this project did not make it"
	}
	return &Drift{Failure{what, advice, errors.New(found)}}
}

// check says how a stack's state is.
func (s Stack) check(ctx context.Context) (string, error) {
	object, err := s.Load(ctx, "")
	is := "none yet"
	switch {
	case err == nil:
		is = fmt.Sprintf("serial %d, %d resources", object.Serial, len(object.Resources))
	case errors.Is(err, ErrDeleted), errors.Is(err, ErrBroken):
		return "", fmt.Errorf("%w\nBring an older version back: %s", err, s.BringBack())
	case !errors.Is(err, ErrNoState):
		return "", err
	}
	held, err := s.Held(ctx)
	if err != nil {
		return "", err
	}
	for _, lock := range held {
		atWork, err := s.AtWork(lock.LockInfo)
		if err != nil {
			return "", err
		}
		if atWork == "" {
			return "", fmt.Errorf("%s; locked by %s for %s, who is no longer at work: %s unlock %s", is, lock.Who, Age(lock.Created), Command, s.Name)
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
			return "", fmt.Errorf("%w\nBring the newer one back: %s", err, s.BringBack())
		}
	}
	if digest != "" && (object == nil || digest != object.Digest()) {
		return "", fmt.Errorf("the digest in the lock table does not fit the newest state: %s unlock %s", Command, s.Name)
	}
	if object != nil {
		if left := unfinished(object.Resources); left != "" {
			return "", fmt.Errorf("%s; the last deploy did not finish %s: npx cdktf deploy %s", is, left, s.Name)
		}
	}
	return is, nil
}

// unfinished names what a deploy left that did not end as it should: what it made
// in part, and what it should have destroyed. The next one makes up for both.
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
