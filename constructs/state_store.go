package constructs

import (
	"regexp"

	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/dynamodbtable"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/s3bucket"
	"github.com/hashicorp/terraform-cdk-go/cdktf"

	"example.com/webserver-cluster/internal/faults"
	"example.com/webserver-cluster/internal/project"
)

// StateStoreProps says what a StateStore is like.
type StateStoreProps struct {
	// BucketName is the S3 bucket's name, unique in all of AWS: 3 to 63 lower-case
	// letters, digits and hyphens. Required.
	BucketName string
	// TableName is the DynamoDB table's name: 3 to 255 letters, digits, and _ . -.
	// Required.
	TableName string
	// OldVersionDays is how long a version of a state is kept after a newer
	// one took its place, in days. Default 365.
	OldVersionDays int
	// OldVersionsKept is how many of a state's old versions are kept however
	// old they are, 1 to 100. Default 50.
	OldVersionsKept int
}

// StateStore is what Terraform's S3 backend needs: a bucket that keeps every
// version of every state, and a table that holds the locks. Terraform cannot
// destroy either of them.
type StateStore struct {
	BucketName string
	BucketARN  string
	TableName  string
	TableARN   string

	// Bucket and Table are its main resources, for overrides.
	Bucket s3bucket.S3Bucket
	Table  dynamodbtable.DynamodbTable
}

func (p StateStoreProps) withDefaults() StateStoreProps {
	p.OldVersionDays = orDefault(p.OldVersionDays, 365)
	p.OldVersionsKept = orDefault(p.OldVersionsKept, 50)
	return p
}

// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html
var tableNameRule = regexp.MustCompile(`^[A-Za-z0-9_.-]{3,255}$`)

// Validate returns every fault of the props, or nil.
func (p StateStoreProps) Validate() error {
	p = p.withDefaults()
	var f faults.List
	if rule := newBucketFault(p.BucketName); rule != "" && !isToken(p.BucketName) {
		f.Add("BucketName", p.BucketName, "%s", rule)
	}
	if !tableNameRule.MatchString(p.TableName) && !isToken(p.TableName) {
		f.Add("TableName", p.TableName, "must be 3 to 255 letters, digits, and _ . -")
	}
	if p.OldVersionDays < 1 {
		f.Add("OldVersionDays", p.OldVersionDays, "must be 1 or more")
	}
	// https://docs.aws.amazon.com/AmazonS3/latest/API/API_NoncurrentVersionExpiration.html
	if p.OldVersionsKept < 1 || p.OldVersionsKept > 100 {
		f.Add("OldVersionsKept", p.OldVersionsKept, "must be 1 to 100")
	}
	return f.Err()
}

// NewStateStore makes a StateStore called id in parent. It panics if props are
// not valid.
func NewStateStore(parent constructs.Construct, id string, props StateStoreProps) *StateStore {
	mustBeValid(id, props.Validate())
	props = props.withDefaults()
	s := newScope(parent, id, nil)
	protected := &cdktf.TerraformResourceLifecycle{PreventDestroy: jsii.Bool(true)}

	store := s.privateBucket("", privateBucket{
		name: props.BucketName, lifecycle: protected,
		oldVersionDays: props.OldVersionDays, oldVersionsKept: props.OldVersionsKept,
	})

	table := add(s, "locks", dynamodbtable.NewDynamodbTable, &dynamodbtable.DynamodbTableConfig{
		Name:        jsii.String(props.TableName),
		BillingMode: jsii.String("PAY_PER_REQUEST"),
		HashKey:     jsii.String(project.LockKey),
		Attribute: []*dynamodbtable.DynamodbTableAttribute{{
			Name: jsii.String(project.LockKey), Type: jsii.String("S"),
		}},
		PointInTimeRecovery:       &dynamodbtable.DynamodbTablePointInTimeRecovery{Enabled: jsii.Bool(true)},
		ServerSideEncryption:      &dynamodbtable.DynamodbTableServerSideEncryption{Enabled: jsii.Bool(true)},
		DeletionProtectionEnabled: jsii.Bool(true),
		Lifecycle:                 protected,
	})

	return &StateStore{
		BucketName: *store.bucket.Id(),
		BucketARN:  *store.bucket.Arn(),
		TableName:  *table.Name(),
		TableARN:   *table.Arn(),
		Bucket:     store.bucket,
		Table:      table,
	}
}
