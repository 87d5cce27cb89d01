package state

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	dbtypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"example.com/webserver-cluster/internal/project"
)

// A place is where a lock can be. A change to it is conditional on what is
// there: it fails (see conditionFailed) unless that is what the caller saw.
type place interface {
	fmt.Stringer
	read(ctx context.Context) (*Held, error) // nil if no lock is there
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

func (p filePlace) key() *string { return aws.String(p.Key + project.LockSuffix) }

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
