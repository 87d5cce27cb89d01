package main

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"example.com/webserver-cluster/internal/project"
	"example.com/webserver-cluster/internal/state"
	"example.com/webserver-cluster/tests/localaws"
)

// TestStoreUsable: stage and prod start when all of the state store is there that
// keeps states safe, and not before.
func TestStoreUsable(t *testing.T) {
	root, err := localaws.AppDir()
	if err != nil {
		t.Fatal(err)
	}
	settings, err := project.Load(root)
	if err != nil {
		t.Fatal(err)
	}
	cloud, err := localaws.Start(t.Context(), localaws.Options{Region: settings.Region, Log: t.Logf})
	if err != nil {
		t.Fatal(err)
	}
	defer cloud.Stop()
	d := &demo{cloud: cloud, settings: settings, phases: startPhases(0)}
	client := s3.NewFromConfig(cloud.Config())
	bucket := &settings.StateBucket
	policy := fmt.Sprintf(`{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Principal": "*", "Action": "s3:*",
		"Resource": ["arn:aws:s3:::%[1]s", "arn:aws:s3:::%[1]s/*"], "Condition": {"Bool": {"aws:SecureTransport": "false"}}}]}`, *bucket)
	for _, step := range []struct {
		name string
		make func() error
	}{
		{"the bucket", func() error {
			_, err := client.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: bucket, CreateBucketConfiguration: &types.CreateBucketConfiguration{
				LocationConstraint: types.BucketLocationConstraint(settings.Region),
			}})
			return err
		}},
		{"the table", func() error {
			_, err := state.On(cloud.Config(), settings).RestoreTable(t.Context())
			return err
		}},
		{"its deletion protection", func() error {
			_, err := dynamodb.NewFromConfig(cloud.Config()).UpdateTable(t.Context(), &dynamodb.UpdateTableInput{
				TableName: &settings.LockTable, DeletionProtectionEnabled: aws.Bool(true),
			})
			return err
		}},
		{"versioning", func() error {
			_, err := client.PutBucketVersioning(t.Context(), &s3.PutBucketVersioningInput{Bucket: bucket, VersioningConfiguration: &types.VersioningConfiguration{
				Status: types.BucketVersioningStatusEnabled,
			}})
			return err
		}},
		{"no public access", func() error {
			_, err := client.PutPublicAccessBlock(t.Context(), &s3.PutPublicAccessBlockInput{Bucket: bucket, PublicAccessBlockConfiguration: &types.PublicAccessBlockConfiguration{
				BlockPublicAcls: aws.Bool(true), BlockPublicPolicy: aws.Bool(true), IgnorePublicAcls: aws.Bool(true), RestrictPublicBuckets: aws.Bool(true),
			}})
			return err
		}},
		{"the policy", func() error {
			_, err := client.PutBucketPolicy(t.Context(), &s3.PutBucketPolicyInput{Bucket: bucket, Policy: &policy})
			return err
		}},
	} {
		short, cancel := context.WithTimeout(t.Context(), time.Second)
		if err := d.storeUsable(short); err == nil {
			t.Errorf("the state store passes for usable without %s", step.name)
		}
		cancel()
		if err := step.make(); err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
	}
	whole, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := d.storeUsable(whole); err != nil {
		t.Errorf("%v: %+v", err, state.On(cloud.Config(), settings).Check(t.Context()))
	}
}
