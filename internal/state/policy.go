package state

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/s3"
)

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
