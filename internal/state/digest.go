package state

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	dbtypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"example.com/webserver-cluster/internal/project"
)

// Digest returns the digest that the table holds for the state: MD5 in
// hexadecimal, "" for none.
func (s Stack) Digest(ctx context.Context) (string, error) {
	if !s.store.usesTable() {
		return "", nil
	}
	output, err := s.store.db.GetItem(ctx, &dynamodb.GetItemInput{
		TableName:      &s.store.Settings.LockTable,
		Key:            tableKey(s.digestID()),
		ConsistentRead: aws.Bool(true),
	})
	if err != nil {
		return "", s.store.explain("read the digest of "+s.Name, err)
	}
	return text(output.Item["Digest"]), nil
}

// RepairDigest makes the table's digest that of the newest state in the bucket
// and tells whether it was another one. The caller holds the lock: while an
// apply is on, a digest lags for a moment. Nothing is repaired where a state
// was deleted or overwritten with an older one: the digest is what keeps Terraform from
// going on from there. Where there never was one (the bucket is a new one), the
// digest goes.
func (s Stack) RepairDigest(ctx context.Context) (repaired bool, err error) {
	digest, err := s.Digest(ctx)
	if err != nil || !s.store.usesTable() {
		return false, err
	}
	object, err := s.Load(ctx, "")
	switch {
	case errors.Is(err, ErrDeleted), errors.Is(err, ErrNoState) && digest == "":
		return false, nil
	case errors.Is(err, ErrNoState):
		return true, s.RemoveDigest(ctx)
	case err != nil || digest == object.Digest():
		return false, err
	}
	if digest != "" {
		if err := s.overwritten(ctx, object); err != nil {
			return false, err
		}
	}
	return true, s.setDigest(ctx, object.Digest())
}

// overwritten returns ErrOverwritten if one of the versions before the newest has a
// higher serial. Terraform's own writes raise it.
func (s Stack) overwritten(ctx context.Context, newest *Object) error {
	versions, err := s.Versions(ctx, 10)
	if err != nil {
		return err
	}
	for _, v := range versions {
		if v.Err == nil && v.Object != nil && v.Object.Serial > newest.Serial {
			return fmt.Errorf("%w: serial %d over %d", ErrOverwritten, newest.Serial, v.Object.Serial)
		}
	}
	return nil
}

func (s Stack) setDigest(ctx context.Context, digest string) error {
	item := tableKey(s.digestID())
	item["Digest"] = &dbtypes.AttributeValueMemberS{Value: digest}
	_, err := s.store.db.PutItem(ctx, &dynamodb.PutItemInput{TableName: &s.store.Settings.LockTable, Item: item})
	return s.store.explain("write the digest of "+s.Name, err)
}

// RemoveDigest takes the digest out of the table. Without one, Terraform
// trusts the bucket.
func (s Stack) RemoveDigest(ctx context.Context) error {
	_, err := s.store.db.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: &s.store.Settings.LockTable, Key: tableKey(s.digestID())})
	return s.store.explain("remove the digest of "+s.Name, err)
}

func (s Stack) digestID() string { return project.DigestID(s.store.Settings.StateBucket, s.Key) }

func tableKey(id string) map[string]dbtypes.AttributeValue {
	return map[string]dbtypes.AttributeValue{project.LockKey: &dbtypes.AttributeValueMemberS{Value: id}}
}

// text is an attribute's value if it is a string, else "".
func text(value dbtypes.AttributeValue) string {
	if s, ok := value.(*dbtypes.AttributeValueMemberS); ok {
		return s.Value
	}
	return ""
}

// Digest is the file's MD5 in hexadecimal, as Terraform's backend keeps it.
func (f *File) Digest() string {
	sum := md5.Sum(f.data)
	return hex.EncodeToString(sum[:])
}
