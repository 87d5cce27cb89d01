package rollout_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cloudwatchtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"example.com/webserver-cluster/tests/localaws"
)

// TestOnLocalAWS runs the command on a group that lives through one deploy after
// another: each part goes on where the one before ended.
func TestOnLocalAWS(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: no local AWS")
	}
	cloud, err := localaws.Start(context.Background(), localaws.Options{TimeFactor: 60, Log: t.Logf})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cloud.Stop)
	g := newLocalGroup(t, cloud)

	t.Run("first deploy", func(t *testing.T) {
		g.expect(t, g.rollout(t), 0, "done: 2 of 2 instances run version 1 and are healthy")
	})
	t.Run("a good version", func(t *testing.T) {
		g.expect(t, g.rollout(t, to(g.deploy(t))...), 0, "started instance refresh", "done: 2 of 2 instances run version 2")
		g.runs(t, 2)
	})
	t.Run("a group that has its version already", func(t *testing.T) {
		g.deployElsewhere(t, false)
		g.expect(t, g.rollout(t), 0, "started instance refresh", "done: 2 of 2 instances run version 3")
		g.runs(t, 3)
	})
	t.Run("a refresh that somebody else started", func(t *testing.T) {
		g.deployElsewhere(t, true)
		g.expect(t, g.rollout(t), 0, "following instance refresh", "done: 2 of 2 instances run version 4")
		g.runs(t, 4)
	})
	t.Run("nothing to do", func(t *testing.T) {
		g.expect(t, g.rollout(t, to(4)...), 0, "done: 2 of 2 instances run version 4 and are healthy after 0s")
	})
	t.Run("a bad version", func(t *testing.T) {
		bad := g.deploy(t)
		g.bad.Store(bad)
		g.expect(t, g.rollout(t, to(bad)...), 3, "new instances in a row did not get healthy", "taken out of service in response to an ELB system health check failure",
			"rolling back instance refresh", "Rolled back: 2 of 2 instances run version 4 and are healthy")
		g.runs(t, 4)
	})
	t.Run("a bad version in a group that has it already", func(t *testing.T) {
		g.bad.Store(g.deployElsewhere(t, true))
		g.expect(t, g.rollout(t), 3, "cancelling instance refresh", "good 2 (2 healthy), wanted 2", "Rolled back: 2 of 2 instances run version 4")
		g.runs(t, 4)
	})
	t.Run("a bad version, stopped by hand", func(t *testing.T) {
		bad := g.deploy(t)
		g.bad.Store(bad)
		time.AfterFunc(2*time.Second, func() {
			g.groups.CancelInstanceRefresh(context.Background(), &autoscaling.CancelInstanceRefreshInput{AutoScalingGroupName: aws.String("web")})
		})
		g.expect(t, g.rollout(t, append(to(bad), "--give-up-after", "0")...), 3, "Cancelled at", "Rolled back: 2 of 2 instances run version 4")
		g.runs(t, 4)
	})
	t.Run("killed, then two at once", func(t *testing.T) {
		// The version's instances start, but do not get healthy before both have
		// seen the refresh.
		good := g.deploy(t)
		g.held.Store(good)
		first := g.start(t, good)
		time.Sleep(500 * time.Millisecond)
		first.Process.Kill()
		first.Wait()

		const following = "instance refresh"
		var both, seen sync.WaitGroup
		seen.Add(2)
		for range 2 {
			both.Go(func() {
				once := sync.OnceFunc(seen.Done)
				defer once() // a run that never says it must not hold the other
				g.expect(t, g.watch(t, following, once, append(to(good), rolloutArgs...)...), 0, following, "done: 2 of 2 instances run version 8")
			})
		}
		seen.Wait()
		g.held.Store(0)
		both.Wait()
		g.runs(t, 8)
	})
	t.Run("two at once that both have to roll back", func(t *testing.T) {
		bad := g.deploy(t)
		g.bad.Store(bad)
		var both sync.WaitGroup
		for range 2 {
			both.Go(func() {
				g.expect(t, g.rollout(t, to(bad)...), 3, "Rolled back: 2 of 2 instances run version 8")
			})
		}
		both.Wait()
		g.runs(t, 8)
	})
	alarm := func(state string) {
		g.alarms.SetAlarmState(context.Background(), &cloudwatch.SetAlarmStateInput{AlarmName: aws.String("web-5xx"), StateValue: cloudwatchtypes.StateValue(state), StateReason: aws.String("Errors.")})
	}
	const heeds = `{"AlarmSpecification": {"Alarms": ["web-5xx"]}}`
	t.Run("an alarm goes off", func(t *testing.T) {
		_, err := g.alarms.PutMetricAlarm(t.Context(), &cloudwatch.PutMetricAlarmInput{
			AlarmName: aws.String("web-5xx"), Namespace: aws.String("AWS/ApplicationELB"), MetricName: aws.String("HTTPCode_Target_5XX_Count"),
			Statistic: "Sum", Period: aws.Int32(60), EvaluationPeriods: aws.Int32(1), Threshold: aws.Float64(1), ComparisonOperator: "GreaterThanThreshold",
		})
		must(t, err)
		alarm("OK")
		goesOff := sync.OnceFunc(func() { alarm("ALARM") })
		g.expect(t, g.watch(t, "started instance refresh", goesOff, append(append(to(g.deploy(t)), "--preferences", heeds), rolloutArgs...)...), 3, "started instance refresh", "AWS rolled instance refresh", "CloudWatch alarm web-5xx is in the ALARM state", "Rolled back: 2 of 2 instances run version 8")
		g.runs(t, 8)
	})
	t.Run("an alarm that is on before the deploy that mends its cause", func(t *testing.T) {
		g.expect(t, g.rollout(t, append(to(g.deploy(t)), "--preferences", heeds)...), 0, "web-5xx is in ALARM before the rollout", "done: 2 of 2 instances run version 11")
		g.runs(t, 11)
	})
	t.Run("an alarm without data", func(t *testing.T) {
		alarm("INSUFFICIENT_DATA")
		g.expect(t, g.rollout(t, append(to(g.deploy(t)), "--preferences", heeds)...), 0, "web-5xx is in INSUFFICIENT_DATA before the rollout", "done: 2 of 2 instances run version 12")
		g.runs(t, 12)
		alarm("ALARM")
	})
	t.Run("a rollback that was interrupted, then the next deploy", func(t *testing.T) {
		bad := g.deploy(t)
		g.bad.Store(bad)
		g.watchAndKill(t, "rolling back instance refresh", append(to(bad), rolloutArgs...)...)
		g.bad.Store(0)
		g.expect(t, g.rollout(t, to(g.deploy(t))...), 0, "done: 2 of 2 instances run version 14")
		g.runs(t, 14)
	})
	t.Run("status", func(t *testing.T) {
		g.expect(t, g.run(t, "status", "--group", "web"), 0, "launches version 14", "2 of 2 instances run version 14 and are healthy", "Cancelled", "Successful", "web-5xx", "ALARM", "Errors.")
	})
}

var rolloutArgs = []string{"--group", "web", "--poll", "200ms", "--timeout", "2m"}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
