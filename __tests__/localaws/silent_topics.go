package localaws

import (
	"strings"
	"sync"

	"example.com/webserver-cluster/tests/localaws/strict"
)

// tellSilentTopics says where alarms would vanish: CloudWatch may not use the key
// alias/aws/sns, and what it sends to a topic encrypted with it never arrives. AWS
// takes such an alarm without a word, so it is not refused here either.
// https://repost.aws/knowledge-center/cloudwatch-receive-sns-for-alarm-trigger
func tellSilentTopics(g *strict.Gate, log func(string, ...any)) {
	const managedKey = "alias/aws/sns"
	var silent sync.Map // topics, by region and name
	topic := func(call strict.Call, arn string) string {
		return call.Request.Region + "/" + arn[strings.LastIndexByte(arn, ':')+1:]
	}
	encrypt := func(call strict.Call, arn, key string) {
		if strings.HasSuffix(key, managedKey) {
			silent.Store(topic(call, arn), true)
		} else {
			silent.Delete(topic(call, arn))
		}
	}
	g.Add("sns", func(call strict.Call) []strict.Fault {
		attributes, _ := call.Input["Attributes"].(map[string]any)
		encrypt(call, call.Text("Name"), strict.Call{Input: attributes}.Text("KmsMasterKeyId"))
		return nil
	}, "CreateTopic")
	g.Add("sns", func(call strict.Call) []strict.Fault {
		if call.Text("AttributeName") == "KmsMasterKeyId" {
			encrypt(call, call.Text("TopicArn"), call.Text("AttributeValue"))
		}
		return nil
	}, "SetTopicAttributes")
	g.Add("monitoring", func(call strict.Call) []strict.Fault {
		for _, list := range []string{"AlarmActions", "OKActions", "InsufficientDataActions"} {
			for _, arn := range call.Texts(list) {
				if _, ok := silent.Load(topic(call, arn)); ok && strings.Contains(arn, ":sns:") {
					log("the alarm %s does not reach %s: CloudWatch may not use the key %s, with which the topic is encrypted", call.Text("AlarmName"), arn, managedKey)
				}
			}
		}
		return nil
	}, "PutMetricAlarm")
}
