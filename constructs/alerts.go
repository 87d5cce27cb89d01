package constructs

import (
	"net/mail"

	"example.com/webserver-cluster/internal/faults"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/snstopic"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/snstopicsubscription"
)

// AlertsProps says who hears of alarms.
type AlertsProps struct {
	// Name starts the topic's name. Required.
	Name string
	// Email gets every alarm; AWS asks its owner to confirm once. Default:
	// nobody.
	Email string
}

// Alerts is the SNS topic that an environment's alarms speak to.
type Alerts struct {
	TopicARN string
}

// Validate returns every fault of the props, or nil.
func (p AlertsProps) Validate() error {
	var f faults.List
	checkName(&f, p.Name, maxOtherName, "a topic's name")
	if p.Email != "" {
		if address, err := mail.ParseAddress(p.Email); err != nil || address.Address != p.Email {
			f.Add("Email", p.Email, "must be a plain e-mail address")
		}
	}
	return f.Err()
}

// NewAlerts makes an Alerts called id in parent. It panics if props are not
// valid.
func NewAlerts(parent constructs.Construct, id string, props AlertsProps) *Alerts {
	mustBeValid(id, props.Validate())
	s := newScope(parent, id)
	// Not encrypted with the alias/aws/sns key: CloudWatch may not use that
	// one, and alarms would vanish without a word.
	// https://repost.aws/knowledge-center/cloudwatch-receive-sns-for-alarm-trigger
	topic := add(s, "topic", snstopic.NewSnsTopic, &snstopic.SnsTopicConfig{
		Name: jsii.String(props.Name + "-alerts"),
	})
	if props.Email != "" {
		add(s, "email", snstopicsubscription.NewSnsTopicSubscription, &snstopicsubscription.SnsTopicSubscriptionConfig{
			TopicArn: topic.Arn(),
			Protocol: jsii.String("email"),
			Endpoint: jsii.String(props.Email),
		})
	}
	return &Alerts{TopicARN: *topic.Arn()}
}
