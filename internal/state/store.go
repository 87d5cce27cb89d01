package state

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go/logging"

	"example.com/webserver-cluster/internal/identity"
	"example.com/webserver-cluster/internal/project"
)

// Store is the bucket and the table that hold the states of all stacks.
type Store struct {
	Settings project.Settings
	AWS      aws.Config // credentials and region, for clients of other services
	s3       *s3.Client
	db       *dynamodb.Client
	advise   Adviser // may be nil
}

// Open returns the store that the settings name. Credentials come from where
// every AWS tool takes them: the environment, a profile, a role. It fails if there are
// none, or they are of another account than the settings'; else it asks AWS nothing
// yet. advise is asked for what each
// failure then advises; nil for no advice.
func Open(ctx context.Context, s project.Settings, advise Adviser) (*Store, error) {
	cfg, err := config.LoadDefaultConfig(ctx, config.WithRegion(s.Region), config.WithLogger(logging.Nop{}))
	if err != nil {
		return nil, fmt.Errorf("AWS configuration: %w", err)
	}
	store := On(cfg, s)
	store.advise = advise
	if _, err := cfg.Credentials.Retrieve(ctx); err != nil {
		return nil, store.fail(NoCredentials, "", "no AWS credentials", err)
	}
	if s.AccountID == "" {
		return store, nil
	}
	account, err := store.Account(ctx)
	if err != nil {
		return nil, err
	}
	if wrong := identity.WrongAccount(account, []string{s.AccountID}, project.Place("accountId")); wrong != nil {
		return nil, store.fail(WrongAccount, "", wrong.Error(), nil)
	}
	return store, nil
}

// On returns the store that the settings name, with these credentials.
func On(cfg aws.Config, s project.Settings) *Store {
	return &Store{Settings: s, AWS: cfg, s3: s3.NewFromConfig(cfg), db: dynamodb.NewFromConfig(cfg)}
}

// usesTable tells whether locks are in the table; the digests are, too, then.
func (s *Store) usesTable() bool { return s.Settings.StateLock != project.LockS3 }

// usesFile tells whether locks are in the bucket.
func (s *Store) usesFile() bool { return s.Settings.StateLock != project.LockDynamoDB }

// Stack returns what the store holds for a stack, by the stack's name.
func (s *Store) Stack(name string) Stack {
	return Stack{s, name, project.StateKey(name)}
}

// Stacks are the names of all stacks that have a state, or a lock in the bucket. A
// deleted state counts, since it can be brought back.
func (s *Store) Stacks(ctx context.Context) ([]string, error) {
	var names []string
	seen := map[string]bool{}
	pages := s3.NewListObjectVersionsPaginator(s.s3, &s3.ListObjectVersionsInput{Bucket: &s.Settings.StateBucket})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, s.explain("list the states", err)
		}
		for _, v := range page.Versions {
			key, lock := strings.CutSuffix(*v.Key, project.LockSuffix)
			name, ok := project.StateKeyStack(key)
			if ok && !seen[name] && (!lock || *v.IsLatest) {
				names, seen[name] = append(names, name), true
			}
		}
	}
	return names, nil
}

// Stack is what the store holds for one stack.
type Stack struct {
	store *Store
	Name  string
	Key   string // of its state in the bucket
}

// lockID is the key of the lock in the table.
func (s Stack) lockID() string { return project.LockID(s.store.Settings.StateBucket, s.Key) }

var (
	// ErrNoState means that a stack has no state and never had one.
	ErrNoState = errors.New("no state")
	// ErrDeleted means that a stack's state was deleted. Its versions are there.
	ErrDeleted = errors.New("the state was deleted")
	// ErrBroken means that what is in a state's place is no state.
	ErrBroken = errors.New("broken state")
	// ErrOverwritten means that somebody has put an older state over a newer one.
	ErrOverwritten = errors.New("an older state was put over a newer one")
)

// Object is a version of a state as it is in the bucket.
type Object struct {
	*File
	VersionID string
	Time      time.Time // when it was written, to the second
	etag      string
}

// Load reads the stack's state: the version with that id, the newest one for
// "". It returns ErrNoState or ErrDeleted if there is none, and ErrBroken, with
// the Object beside it, if it is not a state.
func (s Stack) Load(ctx context.Context, versionID string) (*Object, error) {
	input := &s3.GetObjectInput{Bucket: &s.store.Settings.StateBucket, Key: &s.Key}
	if versionID != "" {
		input.VersionId = &versionID
	}
	output, err := s.store.s3.GetObject(ctx, input)
	if missing := (*types.NoSuchKey)(nil); errors.As(err, &missing) {
		if _, err := s.list(ctx); err != nil {
			return nil, err
		}
		return nil, ErrDeleted
	}
	if err != nil {
		return nil, s.store.explain("read the state of "+s.Name, err)
	}
	defer output.Body.Close()
	data, err := io.ReadAll(output.Body)
	if err != nil {
		return nil, s.store.explain("read the state of "+s.Name, err)
	}
	file, err := Parse(data)
	if err != nil {
		file = &File{data: data}
		err = fmt.Errorf("%w of %s: %w", ErrBroken, s.Name, err)
	}
	return &Object{file, aws.ToString(output.VersionId), aws.ToTime(output.LastModified), aws.ToString(output.ETag)}, err
}

// Save makes file the stack's newest state, and its digest the one that the
// backend expects. The caller holds the lock. before is the version that file takes
// the place of, nil for none: if it is no longer the newest one, Save fails
// and changes nothing.
func (s Stack) Save(ctx context.Context, file *File, before *Object) error {
	input := &s3.PutObjectInput{
		Bucket:               &s.store.Settings.StateBucket,
		Key:                  &s.Key,
		Body:                 bytes.NewReader(file.data),
		ContentType:          aws.String("application/json"),
		ServerSideEncryption: types.ServerSideEncryptionAes256,
	}
	if before != nil {
		input.IfMatch = &before.etag
	} else {
		input.IfNoneMatch = aws.String("*")
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	// State and digest belong together: from here on, Ctrl-C comes too late.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastWrite)
	defer cancel()
	if _, err := s.store.s3.PutObject(ctx, input); err != nil {
		// The answer may have got lost, and then it is written: the SDK's second try
		// fails by its first.
		now, readErr := s.Load(ctx, "")
		switch {
		case now != nil && bytes.Equal(now.data, file.data):
		case conditionFailed(err) && (now != nil || errors.Is(readErr, ErrDeleted) || errors.Is(readErr, ErrNoState)):
			return fmt.Errorf("the state of %s has changed in the meantime; nothing was written: run this again", s.Name)
		default:
			return errors.Join(s.store.explain("write the state of "+s.Name, err), readErr)
		}
	}
	if !s.store.usesTable() {
		return nil
	}
	if err := s.setDigest(ctx, file.Digest()); err != nil {
		return s.store.fail(WrongDigest, s.Name, "the state of "+s.Name+" is written, but not its digest", err)
	}
	return nil
}

// lastWrite is how long what must not be left half done may take.
const lastWrite = time.Minute
