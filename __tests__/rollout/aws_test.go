package rollout_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"

	"example.com/webserver-cluster/tests/localaws"
)

// TestOnLocalAWS runs the command on a group that lives through one deploy after
// another: each part goes on where the one before ended.
func TestOnLocalAWS(t *testing.T) {
	cloud, err := localaws.Start(context.Background(), localaws.Options{TimeFactor: 60, Log: t.Logf})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cloud.Stop)
	g := newLocalGroup(t, cloud)

	t.Run("first deploy", func(t *testing.T) {
		g.expect(t, g.rollout(t), 0, "done: 2 of 2 instances run version 1 and are healthy")
	})
	t.Run("a good version, its refresh started by Terraform", func(t *testing.T) {
		g.deploy(t, true)
		g.expect(t, g.rollout(t, "--template-version", "2"), 0, "following instance refresh", "done: 2 of 2 instances run version 2")
		g.runs(t, 2)
	})
	t.Run("a version without a refresh", func(t *testing.T) {
		g.deploy(t, false)
		g.expect(t, g.rollout(t), 0, "started instance refresh", "done: 2 of 2 instances run version 3")
		g.runs(t, 3)
	})
	t.Run("nothing to do", func(t *testing.T) {
		g.expect(t, g.rollout(t), 0, "done: 2 of 2 instances run version 3 and are healthy after 0s")
	})
	t.Run("a bad version", func(t *testing.T) {
		g.bad.Store(g.deploy(t, true))
		g.expect(t, g.rollout(t), 3, "new instances in a row did not get healthy", "taken out of service in response to an ELB system health check failure",
			"cancelling instance refresh", "good 2 (2 healthy), wanted 2", "Rolled back: 2 of 2 instances run version 3 and are healthy")
		g.runs(t, 3)
	})
	t.Run("a bad version, stopped by hand", func(t *testing.T) {
		g.bad.Store(g.deploy(t, true))
		time.AfterFunc(2*time.Second, func() {
			g.groups.CancelInstanceRefresh(context.Background(), &autoscaling.CancelInstanceRefreshInput{AutoScalingGroupName: aws.String("web")})
		})
		g.expect(t, g.rollout(t, "--give-up-after", "0"), 3, "Cancelled at", "Rolled back: 2 of 2 instances run version 3")
		g.runs(t, 3)
	})
	t.Run("killed, then two at once", func(t *testing.T) {
		// The version's instances start, but do not get healthy before both have
		// seen the refresh.
		g.held.Store(g.deploy(t, true))
		first := g.start(t)
		time.Sleep(200 * time.Millisecond)
		first.Process.Kill()
		first.Wait()

		const following = "following instance refresh"
		var both, seen sync.WaitGroup
		seen.Add(2)
		for range 2 {
			both.Go(func() {
				once := sync.OnceFunc(seen.Done)
				defer once() // a run that never says it must not hold the other
				g.expect(t, g.watch(t, following, once, rolloutArgs...), 0, following, "done: 2 of 2 instances run version 6")
			})
		}
		seen.Wait()
		g.held.Store(0)
		both.Wait()
		g.runs(t, 6)
	})
	t.Run("two at once that both have to roll back", func(t *testing.T) {
		g.bad.Store(g.deploy(t, true))
		var both sync.WaitGroup
		for range 2 {
			both.Go(func() { g.expect(t, g.rollout(t), 3, "Rolled back: 2 of 2 instances run version 6") })
		}
		both.Wait()
		g.runs(t, 6)
	})
	t.Run("an alarm goes off", func(t *testing.T) {
		_, err := g.alarms.PutMetricAlarm(t.Context(), &cloudwatch.PutMetricAlarmInput{
			AlarmName: aws.String("web-5xx"), Namespace: aws.String("AWS/ApplicationELB"), MetricName: aws.String("HTTPCode_Target_5XX_Count"),
			Statistic: "Sum", Period: aws.Int32(60), EvaluationPeriods: aws.Int32(1), Threshold: aws.Float64(1), ComparisonOperator: "GreaterThanThreshold",
		})
		must(t, err)
		g.deploy(t, false)
		time.AfterFunc(time.Second, func() {
			g.alarms.SetAlarmState(context.Background(), &cloudwatch.SetAlarmStateInput{AlarmName: aws.String("web-5xx"), StateValue: "ALARM", StateReason: aws.String("Errors.")})
		})
		g.expect(t, g.rollout(t, "--preferences", `{"AlarmSpecification": {"Alarms": ["web-5xx"]}}`), 3, "started instance refresh", "Failed at", "web-5xx", "Rolled back: 2 of 2 instances run version 6")
		g.runs(t, 6)
	})
	t.Run("status", func(t *testing.T) {
		g.expect(t, g.run(t, "status", "--group", "web"), 0, "launches version 6", "2 of 2 instances run version 6 and are healthy", "Cancelled", "Successful", "web-5xx", "ALARM", "Errors.")
	})
}

var rolloutArgs = []string{"--group", "web", "--poll", "200ms", "--timeout", "2m"}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
