package main

import (
	"strings"
	"sync/atomic"
	"testing"

	"example.com/webserver-cluster/tests/localaws/front"
)

// TestOtherwise: an AWS that is not as assumed, and lets one thing nobody do. What is
// wrong is marked, what cannot be asked says why, and the others are answered.
func TestOtherwise(t *testing.T) {
	w := newWorld(t)
	var unknown atomic.Int32
	w.cloud.Front.Handle("autoscaling", "StartInstanceRefresh", func(r *front.Request, next front.Next) (*front.Response, error) {
		r.Params.Del("Preferences.AlarmSpecification.Alarms.member.1") // no refusal then
		if strings.HasSuffix(r.Params.Get("DesiredConfiguration.LaunchTemplate.Version"), "5") && unknown.Add(1) <= 2 {
			return nil, front.Errorf("InternalFailure", "Come back later.")
		}
		return next(r)
	})
	w.cloud.Front.Handle("autoscaling", "UpdateAutoScalingGroup", func(r *front.Request, next front.Next) (*front.Response, error) {
		if r.Params.Get("TerminationPolicies.member.1") == "NewestInstance" {
			return nil, front.Errorf("AccessDenied", "You are not authorized.")
		}
		return next(r)
	})
	r := w.do("--run")
	if r.code != 1 || len(w.left()) > 0 {
		t.Errorf("exit code %d, left behind: %v", r.code, w.left())
	}
	for _, want := range []string{
		"AWS answers otherwise than assumed: d, e1, e2; without an answer: a2, b2, i",
		"d   OTHERWISE: unknown at first: InternalFailure: Come back later.",
		"e1  OTHERWISE: accepted",
		"a2  not asked: AccessDenied: You are not authorized.",
		"b1  either is fine: 2 newcomers",
	} {
		if !strings.Contains(r.stderr, want) {
			t.Errorf("does not say %q", want)
		}
	}
	// The table has the same, and wraps it.
	for _, want := range []string{"OTHERWISE", "not asked", "question", "assumed"} {
		if !strings.Contains(r.stdout, want) {
			t.Errorf("the table lacks %q", want)
		}
	}
	if t.Failed() || testing.Verbose() {
		t.Logf("%s\n%s", r.stderr, r.stdout)
	}
}
