package rollout_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	scaling "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"

	"example.com/webserver-cluster/internal/rollout"
	engine "example.com/webserver-cluster/tests/localaws/scaling"
	"example.com/webserver-cluster/tests/localaws/scaling/world"
)

// TestSurplus is a bad version where AWS takes what is too many by the group's policy
// alone: with the cluster's, the proven instances stay; the counter-proof has AWS's
// default, which takes them.
func TestSurplus(t *testing.T) {
	for policy, want := range map[string]int{"NewestInstance": 2, "Default": 0} {
		t.Run(policy, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := world.New()
				defer w.Stop()
				w.Engine.SetClimate(engine.Climate{UnkindSurplus: true})
				pair(t, w, policy)
				bad := w.AddVersion()
				w.Behave(bad, world.Behaviour{Never: true})

				lowest, stop := lowestServing(t, w)
				opts := defaults()
				opts.Version = int64(bad)
				cloud := rollout.NewAWSWith(rollout.Services{Scaling: w.Groups, Balancer: w, CloudWatch: w}, "web")
				err := rollout.New(cloud, &notes{}, opts).Run(t.Context())
				if end := outcomeOf(err); end != rolledBack {
					t.Errorf("%s: %v", end, err)
				}
				time.Sleep(15 * time.Minute)
				stop()
				if *lowest != want {
					t.Errorf("the lowest capacity was %d, want %d", *lowest, want)
				}
			})
		})
	}
}

// TestFirstSpotWithBadVersion: a deploy that sets Spot gives the group a bad version
// before the rollout, as Terraform does, and the group itself replaces what runs.
func TestFirstSpotWithBadVersion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := world.New()
		defer w.Stop()
		pair(t, w, "NewestInstance")
		bad := w.AddVersion()
		w.Behave(bad, world.Behaviour{Never: true})
		lowest, stop := lowestServing(t, w)
		_, err := w.Groups.UpdateAutoScalingGroup(t.Context(), &autoscaling.UpdateAutoScalingGroupInput{AutoScalingGroupName: aws.String("web"),
			MixedInstancesPolicy: spotPolicy(&scaling.LaunchTemplateSpecification{LaunchTemplateId: aws.String(world.Template), Version: aws.String("2")}, 0, 0)})
		must(t, err)
		time.Sleep(time.Minute)
		opts := defaults()
		opts.Version = int64(bad)
		cloud := rollout.NewAWSWith(rollout.Services{Scaling: w.Groups, Balancer: w, CloudWatch: w}, "web")
		said := &notes{}
		err = rollout.New(cloud, said, opts).Run(t.Context())
		if end := outcomeOf(err); end != rolledBack {
			t.Errorf("%s: %v", end, err)
		}
		time.Sleep(time.Hour)
		stop()
		fleet, err := cloud.Describe(t.Context())
		must(t, err)
		if *lowest != 2 || !fleet.Complete() || len(fleet.Instances) != 2 || fleet.Target.Number != 1 || len(fleet.Stale(fleet.Target)) > 0 {
			t.Errorf("%d served; %+v", *lowest, fleet)
		}
		for _, i := range fleet.Instances {
			if !w.Spot(i.ID) {
				t.Errorf("%s is On-Demand", i.ID)
			}
		}
	})
}

// pair makes a group of two instances of version 1.
func pair(t *testing.T, w *world.World, policy string) {
	t.Helper()
	_, err := w.Groups.CreateAutoScalingGroup(t.Context(), &autoscaling.CreateAutoScalingGroupInput{
		AutoScalingGroupName: aws.String("web"), MinSize: aws.Int32(2), MaxSize: aws.Int32(4),
		LaunchTemplate:    &scaling.LaunchTemplateSpecification{LaunchTemplateId: aws.String(world.Template), Version: aws.String("1")},
		VPCZoneIdentifier: aws.String(world.Subnets), TargetGroupARNs: []string{world.TargetGroup}, HealthCheckType: aws.String("ELB"),
		HealthCheckGracePeriod: aws.Int32(60), DefaultInstanceWarmup: aws.Int32(60), TerminationPolicies: []string{policy},
		InstanceMaintenancePolicy: &scaling.InstanceMaintenancePolicy{MinHealthyPercentage: aws.Int32(100), MaxHealthyPercentage: aws.Int32(200)},
	})
	must(t, err)
	time.Sleep(5 * time.Minute)
}

// lowestServing watches a pair until stop: the least number of instances that served.
func lowestServing(t *testing.T, w *world.World) (lowest *int, stop func()) {
	lowest = aws.Int(2)
	done := make(chan bool)
	go func() {
		for {
			select {
			case <-done:
				return
			case <-time.After(time.Second):
			}
			healthy := 0
			out, _ := w.DescribeTargetHealth(t.Context(), &elb.DescribeTargetHealthInput{TargetGroupArn: aws.String(world.TargetGroup)})
			for _, target := range out.TargetHealthDescriptions {
				if target.TargetHealth.State == "healthy" {
					healthy++
				}
			}
			*lowest = min(*lowest, healthy)
		}
	}()
	return lowest, func() { done <- true }
}
