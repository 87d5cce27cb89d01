package fuzz_test

import (
	"errors"
	"reflect"
	"testing"

	"example.com/webserver-cluster/constructs"
)

// found are stacks that were once accepted, and that Terraform or AWS did not take.
// They are written out: what a seed draws changes with the props.
var found = []struct {
	name   string
	sample sample
}{
	{"a cluster with a Name of one letter", own(func(s *ownSample) { s.Clusters[0].Props.Name = "a" })},
	{"an SSM parameter below a Name that AWS keeps", environment(func(s *environmentSample) {
		s.Settings.Project, s.Environment.Cluster.PinAMI = "aws-web", true
	})},
	{"a security group below such a Name", own(func(s *ownSample) { s.Clusters[0].Props.Name = "sg-web" })},
	{"a bucket's reserved name", own(func(s *ownSample) {
		s.Store = &constructs.StateStoreProps{BucketName: "xn--state", TableName: "locks"}
	})},
	{"no key of a tag in all environments' tags", environment(func(s *environmentSample) {
		s.Environment.Tags = map[string]string{"": "web", "\r\n": "web", "aws:team": "web"}
	})},
	{"too many tags in all", environment(func(s *environmentSample) {
		s.Environment.Tags, s.Environment.Cluster.Tags = manyTags("a", 30), manyTags("b", 30)
	})},
	{"no value of a tag in the default tags", own(func(s *ownSample) {
		s.Clusters[0].Props.DefaultTags = map[string]string{"Team": "web😀"}
	})},
	{"a schedule whose name is none in Terraform", own(func(s *ownSample) {
		s.Clusters[0].Props.Schedules = []constructs.Schedule{{Name: "in the\tevening", Recurrence: "0 20 * * *", MinSize: 2}}
	})},
	{"two schedules with one name in Terraform", own(func(s *ownSample) {
		s.Clusters[0].Props.Schedules = []constructs.Schedule{{Name: "a-b", Recurrence: "0 8 * * *", MinSize: 2}, {Name: "a_b", Recurrence: "0 20 * * *", MinSize: 2}}
	})},
	{"a line in an image's id", own(func(s *ownSample) {
		s.Clusters[0].Props.AMI, s.Clusters[0].Props.PinAMI = "ami-01234567\n", true
	})},
	{"a line in a tag's key", own(func(s *ownSample) {
		s.Alerts = &constructs.AlertsProps{Name: "own", Tags: map[string]string{"a\nb": "web😀"}}
	})},
}

func environment(change func(*environmentSample)) sample {
	s := drawEnvironment(newDraw(nil)).(*environmentSample)
	change(s)
	return s
}

func own(change func(*ownSample)) sample {
	s := drawOwn(newDraw(nil)).(*ownSample)
	change(s)
	return s
}

func manyTags(prefix string, n int) map[string]string {
	tags := map[string]string{}
	for range n {
		prefix += "x"
		tags[prefix] = "1"
	}
	return tags
}

// TestFound: what was once found is refused now, or right.
func TestFound(t *testing.T) {
	for _, test := range found {
		t.Run(test.name, func(t *testing.T) {
			if _, err := check(test.sample); err != nil && !errors.Is(err, errRefused) {
				t.Errorf("%v\n%s", err, literal(reflect.ValueOf(test.sample), ""))
			}
		})
	}
}
