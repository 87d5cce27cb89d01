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
				_, err := w.Groups.CreateAutoScalingGroup(t.Context(), &autoscaling.CreateAutoScalingGroupInput{
					AutoScalingGroupName: aws.String("web"), MinSize: aws.Int32(2), MaxSize: aws.Int32(4),
					LaunchTemplate:    &scaling.LaunchTemplateSpecification{LaunchTemplateId: aws.String(world.Template), Version: aws.String("1")},
					VPCZoneIdentifier: aws.String(world.Subnets), TargetGroupARNs: []string{world.TargetGroup}, HealthCheckType: aws.String("ELB"),
					HealthCheckGracePeriod: aws.Int32(60), DefaultInstanceWarmup: aws.Int32(60), TerminationPolicies: []string{policy},
					InstanceMaintenancePolicy: &scaling.InstanceMaintenancePolicy{MinHealthyPercentage: aws.Int32(100), MaxHealthyPercentage: aws.Int32(200)},
				})
				must(t, err)
				time.Sleep(5 * time.Minute)
				bad := w.AddVersion()
				w.Behave(bad, world.Behaviour{Never: true})

				lowest := 2
				stop := make(chan bool)
				go func() {
					for {
						select {
						case <-stop:
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
						lowest = min(lowest, healthy)
					}
				}()
				opts := defaults()
				opts.Version = int64(bad)
				cloud := rollout.NewAWSWith(rollout.Services{Scaling: w.Groups, Balancer: w, CloudWatch: w}, "web")
				err = rollout.New(cloud, &notes{}, opts).Run(t.Context())
				if end := outcomeOf(err); end != rolledBack {
					t.Errorf("%s: %v", end, err)
				}
				time.Sleep(15 * time.Minute)
				stop <- true
				if lowest != want {
					t.Errorf("the lowest capacity was %d, want %d", lowest, want)
				}
			})
		})
	}
}
