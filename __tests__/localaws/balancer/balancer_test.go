package balancer

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cloudwatch "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"example.com/webserver-cluster/tests/localaws/clock"
	"example.com/webserver-cluster/tests/localaws/event"
)

func TestMatcher(t *testing.T) {
	for _, test := range []struct {
		matcher matcher
		status  int
		want    bool
	}{
		{"200", 200, true},
		{"200", 201, false},
		{"200,302", 302, true},
		{"200-299", 299, true},
		{"200-299,404", 300, false},
	} {
		if got := test.matcher.matches(test.status); got != test.want {
			t.Errorf("%q matches %d: %t, want %t", test.matcher, test.status, got, test.want)
		}
	}
}

// newTarget is a registered target whose checks the test makes up.
func newTarget() *target {
	all := &Balancers{config: Config{Clock: clock.New(1), OnEvent: func(event.Event) {}}}
	t := &target{targetKey: targetKey{"i-1", 80}, group: &targetGroup{all: all, now: minute{}}}
	t.set(types.TargetHealthStateEnumInitial, types.TargetHealthReasonEnumRegistrationInProgress, "")
	t.group.targets = []*target{t}
	return t
}

func TestThresholds(t *testing.T) {
	// A letter a check: p passes, f fails; the states after each.
	for _, test := range []struct{ checks, want string }{
		{"p", "healthy"},
		{"fp", "initial healthy"},
		{"ff", "initial unhealthy"},
		{"pfpf", "healthy healthy healthy healthy"},
		{"pff", "healthy healthy unhealthy"},
		{"ffpp", "initial unhealthy unhealthy unhealthy"},
		{"ffppp", "initial unhealthy unhealthy unhealthy healthy"},
	} {
		target := newTarget()
		var states []string
		for _, check := range test.checks {
			var failure *checkError
			if check == 'f' {
				failure = &checkError{types.TargetHealthReasonEnumTimeout, "Request timed out"}
			}
			target.note(settings{healthy: 3, unhealthy: 2}, failure)
			states = append(states, string(target.state))
		}
		if got := strings.Join(states, " "); got != test.want {
			t.Errorf("checks %s: states %s, want %s", test.checks, got, test.want)
		}
	}
}

func TestSlowStart(t *testing.T) {
	target := newTarget()
	target.note(settings{healthy: 2}, nil)
	target.since = time.Now().Add(-15 * time.Second)
	target.group.settings.slowStart = time.Minute
	if share := target.group.share(target); share < 0.24 || share > 0.3 {
		t.Errorf("after a quarter of the slow start a target takes %.2f of its turns", share)
	}
}

func TestRedirect(t *testing.T) {
	for _, test := range []struct {
		config types.RedirectActionConfig
		want   string
	}{
		{types.RedirectActionConfig{Protocol: aws.String("HTTPS"), Port: aws.String("443")}, "https://example.org/a/b?c=d"},
		{types.RedirectActionConfig{Host: aws.String("www.#{host}"), Path: aws.String("/new/#{path}"), Query: aws.String("")}, "http://www.example.org/new/a/b"},
		{types.RedirectActionConfig{Port: aws.String("8080")}, "http://example.org:8080/a/b?c=d"},
	} {
		test.config.StatusCode = types.RedirectActionStatusCodeEnumHttp301
		w := httptest.NewRecorder()
		r := httptest.NewRequest(http.MethodGet, "http://example.org/a/b?c=d", nil)
		redirect(w, r, &listener{port: 80}, &test.config)
		if got := w.Header().Get("Location"); w.Code != http.StatusMovedPermanently || got != test.want {
			t.Errorf("%d to %s, want 301 to %s", w.Code, got, test.want)
		}
	}
}

func TestAlarms(t *testing.T) {
	five := func(n float64) minute { return minute{target5xx: {1, n, n, n}} }
	for _, test := range []struct {
		name    string
		past    []minute
		missing string
		want    cloudwatch.StateValue
	}{
		{"quiet", []minute{{}, {}}, "notBreaching", cloudwatch.StateValueOk},
		{"one of two periods", []minute{five(99), {}, five(99)}, "notBreaching", cloudwatch.StateValueOk},
		{"two of two", []minute{{}, five(99), five(11)}, "notBreaching", cloudwatch.StateValueAlarm},
		{"at the threshold", []minute{five(99), five(10)}, "notBreaching", cloudwatch.StateValueOk},
		{"no data", nil, "missing", cloudwatch.StateValueInsufficientData},
		{"missing is breaching", []minute{five(99), {}}, "breaching", cloudwatch.StateValueAlarm},
	} {
		g := &targetGroup{past: test.past}
		alarm := cloudwatch.MetricAlarm{
			MetricName: aws.String(target5xx), Statistic: cloudwatch.StatisticSum, Period: aws.Int32(60), EvaluationPeriods: aws.Int32(2),
			Threshold: aws.Float64(10), ComparisonOperator: cloudwatch.ComparisonOperatorGreaterThanThreshold, TreatMissingData: aws.String(test.missing),
		}
		if got := g.evaluate(alarm); got != test.want {
			t.Errorf("%s: %s, want %s", test.name, got, test.want)
		}
	}
}

// TestListensWithoutRoot has a load balancer's address found where port 80 is
// not allowed.
func TestListensWithoutRoot(t *testing.T) {
	if os.Geteuid() == 0 {
		cmd := exec.Command("/proc/self/exe", "-test.run=^TestListensWithoutRoot$", "-test.v")
		cmd.Dir = "/"
		const nobody = 65534
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
		if output, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%v\n%s", err, output)
		}
		return
	}
	all := &Balancers{config: Config{Clock: clock.New(1), Log: t.Logf}, used: map[string]bool{}}
	lb, err := newBalancer(all, "arn", "name")
	if err != nil {
		t.Fatal(err)
	}
	fixed := []types.Action{{
		Type:                types.ActionTypeEnumFixedResponse,
		FixedResponseConfig: &types.FixedResponseActionConfig{StatusCode: aws.String("418"), ContentType: aws.String("text/plain")},
	}}
	client := http.Client{Timeout: 10 * time.Second}
	get := func() (int, error) {
		resp, err := client.Get("http://" + lb.dnsName)
		if err != nil {
			return 0, err
		}
		resp.Body.Close()
		return resp.StatusCode, nil
	}
	for range 2 { // the address outlives its listener
		lb.update([]types.Listener{{Port: aws.Int32(80), Protocol: types.ProtocolEnumHttp, DefaultActions: fixed}}, nil)
		if status, err := get(); status != http.StatusTeapot {
			t.Errorf("status %d, %v; want 418", status, err)
		}
		lb.update(nil, nil)
		if _, err := get(); err == nil || errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("without a listener: %v, want it refused", err)
		}
	}
	lb.close()
	if _, err := get(); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("after its end: %v, want it refused", err)
	}
	another, err := newBalancer(all, "another", "name")
	if err != nil {
		t.Fatal(err)
	}
	defer another.close()
	if another.ip == lb.ip {
		t.Errorf("the next load balancer has its address, %s", lb.ip)
	}
}
