package world_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"

	"example.com/webserver-cluster/tests/localaws/scaling"
)

func (f *fleet) resize(n int32) {
	f.Helper()
	_, err := f.Groups.SetDesiredCapacity(f.Context(), &autoscaling.SetDesiredCapacityInput{AutoScalingGroupName: aws.String("web"), DesiredCapacity: &n})
	f.check(err)
}

func TestLaunchFailures(t *testing.T) {
	for _, test := range []struct {
		code   string
		status types.ScalingActivityStatusCode
		start  string // of the message
		end    string
	}{
		{"InsufficientInstanceCapacity", types.ScalingActivityStatusCodeFailed, "We currently do not have sufficient", ". Launching EC2 instance failed."},
		{"VcpuLimitExceeded", types.ScalingActivityStatusCodeFailed, "You have requested more vCPU capacity than", "to this limit. Launching EC2 instance failed."},
		{"InvalidAMIID.NotFound", types.ScalingActivityStatusCodeFailed, "The image id '[ami-", "does not exist. Launching EC2 instance failed."},
		{"Client.InvalidKMSKey.InvalidState", types.ScalingActivityStatusCodeCancelled,
			"Instance became unhealthy while waiting for instance to be in InService state. Termination Reason: Client.InvalidKMSKey.InvalidState: ",
			"The KMS key provided is in an incorrect state"},
	} {
		t.Run(test.code, func(t *testing.T) {
			inBubble(t, 2, nil, func(f *fleet) {
				f.Engine.FailLaunches(&scaling.LaunchFailure{Code: test.code})
				f.resize(3)
				time.Sleep(5 * time.Minute)
				var failed []types.Activity
				for _, a := range f.activities() {
					if a.StatusCode == test.status {
						failed = append(failed, a)
					}
				}
				if len(failed) < 3 || len(failed) > 12 || len(f.ids()) > 3 {
					t.Fatalf("%d attempts\n%s", len(failed), f.report())
				}
				message := aws.ToString(failed[0].StatusMessage)
				if !strings.HasPrefix(message, test.start) || !strings.HasSuffix(message, test.end) ||
					!strings.HasPrefix(*failed[0].Description, "Launching a new EC2 instance") || !strings.HasSuffix(*failed[0].Description, ".  Status Reason: "+message) {
					t.Errorf("%s\n%s", *failed[0].Description, message)
				}
				f.Engine.FailLaunches(nil)
				time.Sleep(5 * time.Minute)
				if n := f.healthy(""); n != 3 {
					t.Errorf("%d instances are healthy when launches succeed again\n%s", n, f.report())
				}
			})
		})
	}
}

// TestLaunchFailuresOfOneKind fail a refresh, but not what the group launches
// meanwhile of its own version.
func TestLaunchFailuresOfOneKind(t *testing.T) {
	inBubble(t, 3, nil, func(f *fleet) {
		f.Engine.FailLaunches(&scaling.LaunchFailure{Code: "InvalidAMIID.NotFound", Version: "2"})
		f.check(f.start(2, nil))
		r, least := f.ended()
		if r.Status != types.InstanceRefreshStatusRollbackSuccessful || least < 3 || f.healthy("1") != 3 {
			t.Errorf("%s (%s)\n%s", r.Status, aws.ToString(r.StatusReason), f.report())
		}
		if n := strings.Count(f.report(), "does not exist"); n < 60 || n > 150 {
			t.Errorf("%d attempts in an hour", n)
		}
		f.resize(4)
		time.Sleep(5 * time.Minute)
		if n := f.healthy("1"); n != 4 {
			t.Errorf("%d instances are healthy", n)
		}
	})
	inBubble(t, 3, nil, func(f *fleet) {
		f.Engine.FailLaunches(&scaling.LaunchFailure{Code: "InsufficientInstanceCapacity", Zone: "us-east-1a"})
		f.Kill(f.ids()[0]) // of that zone
		time.Sleep(5 * time.Minute)
		if n := f.healthy(""); n != 3 {
			t.Errorf("%d instances are healthy: the other zones have capacity\n%s", n, f.report())
		}
	})
	inBubble(t, 2, nil, func(f *fleet) {
		f.Engine.FailLaunches(&scaling.LaunchFailure{Code: "VcpuLimitExceeded", Times: 2})
		f.resize(3)
		time.Sleep(5 * time.Minute)
		if history := f.report(); strings.Count(history, "Failed") != 2 || f.healthy("") != 3 {
			t.Error(history)
		}
	})
}
