package state

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	dbtypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"example.com/webserver-cluster/internal/project"
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

// BucketExists tells whether the bucket exists in the account. One of another
// account, or in another region, is an error.
func (s *Store) BucketExists(ctx context.Context, account string) (bool, error) {
	input := &s3.HeadBucketInput{Bucket: &s.Settings.StateBucket}
	for range 2 {
		_, err := s.s3.HeadBucket(ctx, input)
		switch {
		case status(err) == http.StatusNotFound:
			return false, nil
		case status(err) == http.StatusForbidden:
			// A HEAD has no message: it cannot say which of these it is.
			return false, &Failure{fmt.Sprintf("the bucket %s is not open to account %s", s.Settings.StateBucket, account),
				"a policy denies it, or it belongs to another account (then choose another stateBucket in cdktf.json)", errors.New("AWS says 403 Forbidden")}
		case err != nil:
			return false, s.explain("look at the bucket", err)
		}
		// It is there. Is it ours?
		input.ExpectedBucketOwner = &account
	}
	return true, nil
}

// CheckVersioning checks that the bucket keeps versions.
func (s *Store) CheckVersioning(ctx context.Context) error {
	output, err := s.s3.GetBucketVersioning(ctx, &s3.GetBucketVersioningInput{Bucket: &s.Settings.StateBucket})
	if err != nil {
		return s.explain("see whether the bucket keeps versions", err)
	}
	if output.Status != types.BucketVersioningStatusEnabled {
		return s.drifted(ctx, s.ourBucket, "the bucket keeps no versions, so an overwritten state is lost", fmt.Sprintf("its versioning is %q", output.Status))
	}
	return nil
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

// checkPolicy checks that the bucket's policy denies everybody everything
// without TLS.
func (s *Store) checkPolicy(ctx context.Context) error {
	const wrong = "the bucket can be read without TLS"
	output, err := s.s3.GetBucketPolicy(ctx, &s3.GetBucketPolicyInput{Bucket: &s.Settings.StateBucket})
	if says(err, "NoSuchBucketPolicy") {
		return s.drifted(ctx, s.ourBucket, wrong, "there is no bucket policy")
	}
	if err != nil {
		return s.explain("read the bucket's policy", err)
	}
	var policy struct{ Statement []statement }
	if err := json.Unmarshal([]byte(*output.Policy), &policy); err != nil {
		return s.drifted(ctx, s.ourBucket, wrong, err.Error())
	}
	for _, st := range policy.Statement {
		if st.Effect == "Deny" && st.everybody() && slices.Contains(st.Action, "s3:*") && st.about(s.Settings.StateBucket) && st.withoutTLS() {
			return nil
		}
	}
	return s.drifted(ctx, s.ourBucket, wrong, "no statement of the bucket policy denies it to everybody")
}

// statement is what checkPolicy reads of a statement of a policy.
type statement struct {
	Effect           string
	Principal        any
	Action, Resource oneOrMore
	Condition        map[string]map[string]oneOrMore
}

// everybody tells whether the statement is about all principals.
func (st statement) everybody() bool {
	kinds, _ := st.Principal.(map[string]any)
	return st.Principal == "*" || kinds["AWS"] == "*"
}

// about tells whether the statement is about a bucket and all that is in it.
func (st statement) about(bucket string) bool {
	listed := func(end string) bool { // the partition, in front, may be another than aws
		return slices.ContainsFunc(st.Resource, func(arn string) bool { return strings.HasSuffix(arn, ":s3:::"+bucket+end) })
	}
	return listed("") && listed("/*")
}

// withoutTLS tells whether the statement is about all that comes without TLS. A
// second condition would narrow it.
func (st statement) withoutTLS() bool {
	return len(st.Condition) == 1 && len(st.Condition["Bool"]) == 1 && slices.Equal(st.Condition["Bool"]["aws:SecureTransport"], oneOrMore{"false"})
}

// oneOrMore is a list that a policy may give as its one element.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
type oneOrMore []string

func (o *oneOrMore) UnmarshalJSON(data []byte) error {
	var value any // in a condition, of booleans, too
	if err := json.Unmarshal(data, &value); err != nil {
		return err
	}
	list, ok := value.([]any)
	if !ok {
		list = []any{value}
	}
	for _, v := range list {
		*o = append(*o, fmt.Sprint(v))
	}
	return nil
}

func (s *Store) checkPublicAccess(ctx context.Context) error {
	const wrong = "the bucket could be made public"
	output, err := s.s3.GetPublicAccessBlock(ctx, &s3.GetPublicAccessBlockInput{Bucket: &s.Settings.StateBucket})
	if says(err, "NoSuchPublicAccessBlockConfiguration") {
		return s.drifted(ctx, s.ourBucket, wrong, "public access is not blocked")
	}
	if err != nil {
		return s.explain("see whether public access is blocked", err)
	}
	block := output.PublicAccessBlockConfiguration
	for _, on := range []*bool{block.BlockPublicAcls, block.BlockPublicPolicy, block.IgnorePublicAcls, block.RestrictPublicBuckets} {
		if !aws.ToBool(on) {
			return s.drifted(ctx, s.ourBucket, wrong, "public access is blocked in part")
		}
	}
	return nil
}

func (s *Store) checkTable(ctx context.Context) error {
	output, err := s.db.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: &s.Settings.LockTable})
	if err != nil {
		return s.explain("look at the lock table", err)
	}
	table := output.Table
	if table.TableStatus != dbtypes.TableStatusActive {
		return &Failure{"the lock table does not work now", "wait", fmt.Errorf("its status is %s", table.TableStatus)}
	}
	if len(table.KeySchema) != 1 || *table.KeySchema[0].AttributeName != project.LockKey {
		return &Failure{"the table " + s.Settings.LockTable + " is no lock table", "check lockTable in cdktf.json", errors.New("its key is not " + project.LockKey)}
	}
	if !aws.ToBool(table.DeletionProtectionEnabled) {
		return s.drifted(ctx, s.ourTable, "the lock table can be deleted", "its deletion protection is off")
	}
	return nil
}

// probe is a key that nothing has: a write that is conditional on what is
// there never happens, but AWS checks the permission first.
const probe = "permission-check"

func (s *Store) mayWriteBucket(ctx context.Context) error {
	nothing := aws.String(`"none"`)
	_, err := s.s3.PutObject(ctx, &s3.PutObjectInput{
		Bucket: &s.Settings.StateBucket, Key: aws.String(probe), Body: strings.NewReader(""), IfMatch: nothing,
	})
	if !conditionFailed(err) {
		return s.explain("write to the bucket", err)
	}
	if !s.usesFile() {
		return nil
	}
	_, err = s.s3.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &s.Settings.StateBucket, Key: aws.String(probe), IfMatch: nothing})
	if !conditionFailed(err) {
		return s.explain("delete from the bucket, which is how a lock is released", err)
	}
	return nil
}

func (s *Store) mayWriteTable(ctx context.Context) error {
	there := aws.String("attribute_exists(" + project.LockKey + ")")
	_, err := s.db.PutItem(ctx, &dynamodb.PutItemInput{TableName: &s.Settings.LockTable, Item: tableKey(probe), ConditionExpression: there})
	if !conditionFailed(err) {
		return s.explain("write to the lock table", err)
	}
	_, err = s.db.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: &s.Settings.LockTable, Key: tableKey(probe), ConditionExpression: there})
	if !conditionFailed(err) {
		return s.explain("delete from the lock table, which is how a lock is released", err)
	}
	return nil
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

// TableExists tells whether the lock table exists.
func (s *Store) TableExists(ctx context.Context) (bool, error) {
	_, err := s.db.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: &s.Settings.LockTable})
	if gone := (*dbtypes.ResourceNotFoundException)(nil); errors.As(err, &gone) {
		return false, nil
	}
	return err == nil, s.explain("look at the lock table", err)
}

// RestoreTable makes the lock table anew if it is needed and gone, and tells
// whether it was. Without it, nothing can take a lock, not even the deploy that
// would make the table; that deploy sets what is not set here.
func (s *Store) RestoreTable(ctx context.Context) (bool, error) {
	if !s.usesTable() {
		return false, nil
	}
	if exists, err := s.TableExists(ctx); exists || err != nil {
		return false, err
	}
	_, err := s.db.CreateTable(ctx, &dynamodb.CreateTableInput{
		TableName:            &s.Settings.LockTable,
		BillingMode:          dbtypes.BillingModePayPerRequest,
		KeySchema:            []dbtypes.KeySchemaElement{{AttributeName: aws.String(project.LockKey), KeyType: dbtypes.KeyTypeHash}},
		AttributeDefinitions: []dbtypes.AttributeDefinition{{AttributeName: aws.String(project.LockKey), AttributeType: dbtypes.ScalarAttributeTypeS}},
	})
	if err == nil {
		err = dynamodb.NewTableExistsWaiter(s.db).Wait(ctx, &dynamodb.DescribeTableInput{TableName: &s.Settings.LockTable}, 5*time.Minute)
	}
	return err == nil, s.explain("make the lock table", err)
}
