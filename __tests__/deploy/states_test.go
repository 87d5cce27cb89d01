package deploy_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	dynamodbtypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"example.com/webserver-cluster/internal/state"
	"example.com/webserver-cluster/internal/state/orphan"
)

// watchLocks looks for the locks of deploys until the returned function is
// called, which returns the places and stacks of those it saw, such as
// "table stage".
func (s story) watchLocks(t *testing.T) func() map[string]bool {
	ctx, cancel := context.WithCancel(t.Context())
	seen, done := map[string]bool{}, make(chan error)
	table, bucket := dynamodb.NewFromConfig(s.config), s3.NewFromConfig(s.config)
	go func() {
		for ctx.Err() == nil {
			for _, stack := range []string{"stage", "prod"} {
				key := stack + "/terraform.tfstate"
				item, err := table.GetItem(ctx, &dynamodb.GetItemInput{
					TableName: &s.settings.LockTable,
					Key: map[string]dynamodbtypes.AttributeValue{
						"LockID": &dynamodbtypes.AttributeValueMemberS{Value: s.settings.StateBucket + "/" + key},
					},
				})
				if err != nil && ctx.Err() == nil {
					done <- err
					return
				}
				if err == nil && item.Item["Info"] != nil {
					seen["table "+stack] = true
				}
				_, err = bucket.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &s.settings.StateBucket, Key: aws.String(key + ".tflock")})
				if err == nil {
					seen["bucket "+stack] = true
				}
			}
			select {
			case <-ctx.Done():
			case <-time.After(200 * time.Millisecond):
			}
		}
		done <- nil
	}()
	return func() map[string]bool {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("looking for locks: %v", err)
		}
		return seen
	}
}

func (s story) states(t *testing.T) {
	client := s3.NewFromConfig(s.config)
	versioning, err := client.GetBucketVersioning(t.Context(), &s3.GetBucketVersioningInput{Bucket: &s.settings.StateBucket})
	if err != nil {
		t.Fatal(err)
	}
	if versioning.Status != s3types.BucketVersioningStatusEnabled {
		t.Errorf("the bucket's versioning is %q", versioning.Status)
	}
	for _, stack := range []string{"state", "stage", "prod"} {
		if s.versions(t, stack) == 0 {
			t.Errorf("the state of %s has no version", stack)
		}
	}
	// The databases' passwords are searched for by themselves, in every version of
	// every state. That the search can find something, the ARN of the password shows.
	for _, stack := range []string{"stage", "prod"} {
		databases := must(rds.NewFromConfig(s.config).DescribeDBInstances(t.Context(), &rds.DescribeDBInstancesInput{
			DBInstanceIdentifier: aws.String(s.settings.Project + "-" + stack),
		}))(t)
		arn := *databases.DBInstances[0].MasterUserSecret.SecretArn
		value := must(secretsmanager.NewFromConfig(s.config).GetSecretValue(t.Context(), &secretsmanager.GetSecretValueInput{SecretId: &arn}))(t)
		var secret struct{ Password string }
		if err := json.Unmarshal([]byte(*value.SecretString), &secret); err != nil || secret.Password == "" {
			t.Fatalf("the secret of %s has no password: %v", stack, err)
		}
		if where := s.search(t, arn); len(where) == 0 {
			t.Errorf("no state holds %s: the search finds nothing", arn)
		}
		if where := s.search(t, secret.Password); len(where) > 0 {
			t.Errorf("the password of %s's database stands in %v", stack, where)
		}
	}
}

// tlsOnly: the policy of the deployed bucket lets nobody read, write or delete a state
// without TLS. (Of what is done to a bucket itself, moto asks no policy.)
func (s story) tlsOnly(t *testing.T) {
	plain := httptest.NewServer(s.cloud.WithoutTLS())
	defer plain.Close()
	config := s.config.Copy()
	config.BaseEndpoint = &plain.URL
	withTLS, withoutTLS := s3.NewFromConfig(s.config), s3.NewFromConfig(config)
	bucket, key := &s.settings.StateBucket, aws.String("stage/terraform.tfstate")
	for call, do := range map[string]func(*s3.Client) error{
		"GetObject": func(client *s3.Client) error {
			_, err := client.GetObject(t.Context(), &s3.GetObjectInput{Bucket: bucket, Key: key})
			return err
		},
		"PutObject": func(client *s3.Client) error {
			_, err := client.PutObject(t.Context(), &s3.PutObjectInput{Bucket: bucket, Key: aws.String("other")})
			return err
		},
		"DeleteObject": func(client *s3.Client) error {
			_, err := client.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: bucket, Key: aws.String("other")})
			return err
		},
	} {
		var refused *awshttp.ResponseError
		if err := do(withoutTLS); !errors.As(err, &refused) || refused.HTTPStatusCode() != http.StatusForbidden {
			t.Errorf("%s without TLS: %v", call, err)
		}
		if err := do(withTLS); err != nil {
			t.Errorf("%s with TLS: %v", call, err)
		}
	}
}

// findable: if a deploy had died before it wrote any state, "state unlock"
// would find all that it made, by the id that Terraform imports it by.
func (s story) findable(t *testing.T) {
	for _, stack := range []string{"stage", "prod", "state"} {
		dir := filepath.Join(s.project.Dir, "cdktf.out", "stacks", stack)
		orphans, strays, err := orphan.Find(t.Context(), s.config, dir, state.New())
		if err != nil {
			t.Fatal(err)
		}
		found := map[string]string{}
		for _, o := range orphans {
			if found[o.Address] != "" {
				t.Errorf("%s: %s was found twice", stack, o.Address)
			}
			found[o.Address] = o.ID
		}
		for _, r := range must(state.Parse([]byte(s.state(t, stack))))(t).Resources {
			typ := orphan.Types[r.Type]
			// Without tags, and an RDS instance, is imported by something else than its id.
			otherID := typ.Untagged || r.Type == "aws_db_instance"
			switch id := found[r.Address]; {
			// Its name alone tells nobody whose it is, and the next deploy sets it.
			case id == "" && r.Type == "aws_cloudwatch_dashboard":
			case id == "" && typ.ImportID != "":
				t.Errorf("%s: %s was not found", stack, r)
			case id != "" && id != r.ID && !otherID:
				t.Errorf("%s: %s was found as %s", stack, r, id)
			}
			delete(found, r.Address)
		}
		if len(found) > 0 || len(strays) > 0 {
			t.Errorf("%s: found what is not in the state: %v, %v", stack, found, strays)
		}
	}
}
