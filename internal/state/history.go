package state

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"golang.org/x/sync/errgroup"
)

// Version is a version of a state in the bucket, or the mark of a deletion.
type Version struct {
	ID      string
	Time    time.Time
	Latest  bool
	Deleted bool    // a deletion; it has no content
	Object  *Object // nil for a deletion
	Err     error   // why the content cannot be read as a state
}

// Versions returns the newest versions of the stack's state, newest first, at
// most limit of them.
func (s Stack) Versions(ctx context.Context, limit int) ([]Version, error) {
	list, err := s.list(ctx)
	if err != nil {
		return nil, err
	}
	list = list[:min(len(list), limit)]
	return list, s.read(ctx, list)
}

// list lists all versions, newest first, without their content.
func (s Stack) list(ctx context.Context) ([]Version, error) {
	var list []Version
	pages := s3.NewListObjectVersionsPaginator(s.store.s3, &s3.ListObjectVersionsInput{
		Bucket: &s.store.Settings.StateBucket, Prefix: &s.Key,
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, s.store.explain("list the versions of the state of "+s.Name, err)
		}
		// A prefix finds the lock file as well.
		for _, v := range page.Versions {
			if *v.Key == s.Key {
				list = append(list, Version{ID: *v.VersionId, Time: *v.LastModified, Latest: *v.IsLatest})
			}
		}
		for _, v := range page.DeleteMarkers {
			if *v.Key == s.Key {
				list = append(list, Version{ID: *v.VersionId, Time: *v.LastModified, Latest: *v.IsLatest, Deleted: true})
			}
		}
	}
	if len(list) == 0 {
		names, err := s.store.Stacks(ctx)
		return nil, errors.Join(err, fmt.Errorf("%s: %w in bucket %s; stacks there: %s", s.Name, ErrNoState, s.store.Settings.StateBucket, strings.Join(names, ", ")))
	}
	// Stable: S3 lists the versions of a key newest first, and two may have
	// been written within a second.
	slices.SortStableFunc(list, func(a, b Version) int {
		if a.Latest != b.Latest {
			return map[bool]int{true: -1, false: 1}[a.Latest]
		}
		return b.Time.Compare(a.Time)
	})
	return list, nil
}

// read reads the content of versions: serial and lineage are in there only.
func (s Stack) read(ctx context.Context, list []Version) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(8)
	for i := range list {
		v := &list[i]
		if v.Deleted {
			continue
		}
		group.Go(func() error {
			v.Object, v.Err = s.Load(ctx, v.ID)
			if v.Object == nil {
				return v.Err // not read at all
			}
			return nil
		})
	}
	return group.Wait()
}

// chunk is how many versions Search reads at a time.
const chunk = 50

// Search returns the newest versions of the stack's state, newest first, down to
// the one that name means (see Find), and that one. A serial means the newest version
// with it: another lineage's, many versions before, is found by its id.
func (s Stack) Search(ctx context.Context, name string) ([]Version, Version, error) {
	list, err := s.list(ctx)
	if err != nil {
		return nil, Version{}, err
	}
	for n := 0; ; {
		m := min(n+chunk, len(list))
		if err := s.read(ctx, list[n:m]); err != nil {
			return nil, Version{}, err
		}
		found, err := Find(list[:m], name)
		if n = m; n == len(list) || !errors.Is(err, errNoVersion) {
			return list[:n], found, err
		}
	}
}

// errNoVersion means that no version has that name.
var errNoVersion = errors.New("no version")

// Find returns the version that name means: a serial, a version id, or the
// start of one.
func Find(versions []Version, name string) (Version, error) {
	var found []Version
	for _, v := range versions {
		if v.ID == name || v.Object != nil && v.Err == nil && strconv.FormatUint(v.Object.Serial, 10) == name {
			found = append(found, v)
		}
	}
	if len(found) == 0 {
		for _, v := range versions {
			if len(name) >= 4 && len(v.ID) > len(name) && v.ID[:len(name)] == name {
				found = append(found, v)
			}
		}
	}
	switch {
	case len(found) == 0:
		return Version{}, fmt.Errorf("%w %q among the newest %d that the command versions lists", errNoVersion, name, len(versions))
	case len(found) > 1:
		return Version{}, fmt.Errorf("%q means %d versions: name it by its id", name, len(found))
	case found[0].Deleted:
		return Version{}, fmt.Errorf("version %q is a deletion: name one with content", name)
	case found[0].Err != nil:
		return Version{}, found[0].Err
	}
	return found[0], nil
}

// Rollback is an older version about to become the newest one.
type Rollback struct {
	Current     *Object // nil if the state was deleted
	Target      *Object
	File        *File // what will be written: the target with a serial above all others
	Forgotten   []Resource
	Resurrected []Resource
}

// ErrOtherLineage means that two versions are not of one history: at some time
// a new state was begun.
var ErrOtherLineage = errors.New("the lineages differ")

// PlanRollback finds out what bringing back a version would do. Nothing is
// written. It returns ErrOtherLineage, with the Rollback beside it, if the
// version is not of the history of the newest one.
func (s Stack) PlanRollback(ctx context.Context, versions []Version, target Version) (*Rollback, error) {
	current, err := s.Load(ctx, "")
	if current == nil && !errors.Is(err, ErrDeleted) {
		return nil, err
	}
	r := &Rollback{Current: current, Target: target.Object}
	now := target.Object.File
	if err == nil {
		now = current.File
	} else {
		// Deleted or unreadable: the newest version that can be read tells what it knew.
		readable := func(v Version) bool { return v.Object != nil && v.Err == nil }
		if i := slices.IndexFunc(versions, readable); i >= 0 {
			now = versions[i].Object.File
		}
	}
	r.Forgotten, r.Resurrected = Compare(now, target.Object.File)

	// Terraform takes a state for older than one with a higher serial.
	serial := now.Serial
	for _, v := range versions {
		if v.Object != nil {
			serial = max(serial, v.Object.Serial)
		}
	}
	if r.File, err = target.Object.WithSerial(serial + 1); err != nil {
		return nil, err
	}
	if now.Lineage != target.Object.Lineage {
		return r, fmt.Errorf("%w: the newest state is %s, version %s is %s", ErrOtherLineage, now.Lineage, target.ID, target.Object.Lineage)
	}
	return r, nil
}
