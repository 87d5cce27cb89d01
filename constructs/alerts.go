package constructs

import (
	"fmt"
	"regexp"
	"strings"

	"example.com/webserver-cluster/internal/faults"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/dataawscalleridentity"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/dataawsiampolicydocument"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/dataawspartition"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/kmskey"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/snstopic"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/snstopicsubscription"
)

// AlertsProps says whom alarms notify.
type AlertsProps struct {
	// Name starts the topic's name. Required.
	Name string
	// Email gets every alarm; AWS asks its owner to confirm once. Default:
	// nobody.
	Email string
	// Tags are for everything in it; they win over the provider's default_tags.
	// Default: none.
	Tags map[string]string
}

// Alerts is the SNS topic that an environment's alarms notify, encrypted with
// a key of its own (AWS charges for a key by the month). A topic that exists
// already is &Alerts{TopicARN: "arn:aws:sns:…"}.
type Alerts struct {
	// TopicARN is the topic.
	TopicARN string

	// Topic and Key are its main resources, for overrides; nil for a topic that
	// exists already.
	Topic snstopic.SnsTopic
	Key   kmskey.KmsKey
}

// emailRule is a mailbox on the internet. RFC 5322, and Go's net/mail with it, knows
// addresses with names, quotes and comments, to which SNS would not write.
// https://html.spec.whatwg.org/multipage/input.html#valid-e-mail-address
// (here with a domain of two labels or more, no dots in a row, and without { and },
// of which Terraform makes templates)
var emailRule = regexp.MustCompile("^[A-Za-z0-9!#$%&'*+/=?^_`|~-]+(\\.[A-Za-z0-9!#$%&'*+/=?^_`|~-]+)*@([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\\.)+[A-Za-z][A-Za-z0-9-]{0,61}[A-Za-z0-9]$")

// isEmail also knows how long an address can be.
// https://www.rfc-editor.org/rfc/rfc5321#section-4.5.3.1
func isEmail(address string) bool {
	return emailRule.MatchString(address) && len(address) <= 254 && strings.Index(address, "@") <= 64
}

// Validate returns every fault of the props, or nil.
func (p AlertsProps) Validate() error {
	var f faults.List
	checkName(&f, p.Name, maxOtherName, "a topic's name")
	if p.Email != "" && !isToken(p.Email) && !isEmail(p.Email) {
		f.Add("Email", p.Email, "must be one plain e-mail address, such as ops@example.com")
	}
	checkTags(&f, "Tags", p.Tags)
	return f.Err()
}

// checkAlerts checks the topic that a construct's alarms notify.
func checkAlerts(f *faults.List, alerts *Alerts) {
	if alerts == nil {
		return
	}
	switch topic := alerts.TopicARN; {
	case topic == "":
		f.Missing("Alerts.TopicARN", "the SNS topic of the alarms")
	case !topicRule.MatchString(topic) && !isToken(topic):
		f.Add("Alerts.TopicARN", topic, "must be the ARN of an SNS topic, such as arn:aws:sns:eu-central-1:111122223333:ops")
	}
}

// NewAlerts makes an Alerts called id in parent. It panics if props are not
// valid.
func NewAlerts(parent constructs.Construct, id string, props AlertsProps) *Alerts {
	mustBeValid(id, props.Validate())
	s := newScope(parent, id, props.Tags)
	key := alertsKey(s, props.Name)
	topic := add(s, "topic", snstopic.NewSnsTopic, &snstopic.SnsTopicConfig{
		Name:           jsii.String(props.Name + "-alerts"),
		KmsMasterKeyId: key.Arn(),
	})
	if props.Email != "" {
		add(s, "email", snstopicsubscription.NewSnsTopicSubscription, &snstopicsubscription.SnsTopicSubscriptionConfig{
			TopicArn: topic.Arn(),
			Protocol: jsii.String("email"),
			Endpoint: jsii.String(props.Email),
		})
	}
	return &Alerts{TopicARN: *topic.Arn(), Topic: topic, Key: key}
}

// alertsKey is the key that the topic's messages are encrypted with. It is not
// alias/aws/sns, which costs nothing: CloudWatch may not use that one, and alarms
// would vanish without a word.
// https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html#compatibility-with-aws-services
func alertsKey(s scope, name string) kmskey.KmsKey {
	account := add(s, "account", dataawscalleridentity.NewDataAwsCallerIdentity, &dataawscalleridentity.DataAwsCallerIdentityConfig{})
	partition := add(s, "partition", dataawspartition.NewDataAwsPartition, &dataawspartition.DataAwsPartitionConfig{})
	statement := func(sid, kind, principal string, actions ...string) *dataawsiampolicydocument.DataAwsIamPolicyDocumentStatement {
		return &dataawsiampolicydocument.DataAwsIamPolicyDocumentStatement{
			Sid:     jsii.String(sid),
			Actions: jsii.Strings(actions...),
			// In a key's policy, this key.
			Resources: jsii.Strings("*"),
			Principals: []*dataawsiampolicydocument.DataAwsIamPolicyDocumentStatementPrincipals{{
				Type: jsii.String(kind), Identifiers: jsii.Strings(principal),
			}},
		}
	}
	policy := add(s, "key_policy", dataawsiampolicydocument.NewDataAwsIamPolicyDocument, &dataawsiampolicydocument.DataAwsIamPolicyDocumentConfig{
		Statement: []*dataawsiampolicydocument.DataAwsIamPolicyDocumentStatement{
			// Without it, not even the account's administrators could manage the key.
			// https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
			statement("Account", "AWS", fmt.Sprintf("arn:%s:iam::%s:root", *partition.Partition(), *account.AccountId()), "kms:*"),
			statement("Alarms", "Service", "cloudwatch.amazonaws.com", "kms:Decrypt", "kms:GenerateDataKey*"),
		},
	})
	return add(s, "key", kmskey.NewKmsKey, &kmskey.KmsKeyConfig{
		Description:       jsii.String("Messages of the alarms of " + name),
		EnableKeyRotation: jsii.Bool(true),
		Policy:            policy.Json(),
		Tags:              nameTag(name + "-alerts"),
	})
}
