package state

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	dbtypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"example.com/webserver-cluster/internal/project"
)

func (s *Store) checkTable(ctx context.Context) error {
	output, err := s.db.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: &s.Settings.LockTable})
	if err != nil {
		return s.explain("look at the lock table", err)
	}
	table := output.Table
	if table.TableStatus != dbtypes.TableStatusActive {
		return s.fail(TableNotActive, "", "the lock table cannot be used now", fmt.Errorf("its status is %s", table.TableStatus))
	}
	if len(table.KeySchema) != 1 || *table.KeySchema[0].AttributeName != project.LockKey {
		return s.fail(NotALockTable, "", "the table "+s.Settings.LockTable+" is no lock table", errors.New("its key is not "+project.LockKey))
	}
	if !aws.ToBool(table.DeletionProtectionEnabled) {
		return s.drifted(ctx, s.ourTable, "the lock table can be deleted", "its deletion protection is off")
	}
	return nil
}

func (s *Store) mayWriteTable(ctx context.Context) error {
	there := aws.String("attribute_exists(" + project.LockKey + ")")
	_, err := s.db.PutItem(ctx, &dynamodb.PutItemInput{TableName: &s.Settings.LockTable, Item: tableKey(project.ProbeKey), ConditionExpression: there})
	if !conditionFailed(err) {
		return s.explain("write to the lock table", err)
	}
	_, err = s.db.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: &s.Settings.LockTable, Key: tableKey(project.ProbeKey), ConditionExpression: there})
	if !conditionFailed(err) {
		return s.explain("delete from the lock table, which is how a lock is released", err)
	}
	return nil
}

// TableExists tells whether the lock table exists.
func (s *Store) TableExists(ctx context.Context) (bool, error) {
	_, err := s.db.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: &s.Settings.LockTable})
	if NotFound(err) {
		return false, nil
	}
	return err == nil, s.explain("look at the lock table", err)
}

// RestoreTable creates the lock table if it is needed and does not exist, and tells
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
