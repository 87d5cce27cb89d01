package review

import (
	"maps"
	"slices"
)

// kinds are all types of resources that rules know: those that the constructs make.
var kinds = func() map[string]kind {
	all := map[string]kind{}
	for _, group := range []map[string]kind{clusterKinds, iamKinds, balancerKinds, networkKinds, databaseKinds, databaseGroupKinds, storeKinds, watchKinds} {
		maps.Copy(all, group)
	}
	return all
}()

// Pages that more than one rule goes back to.
const (
	asgAPI          = "https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_UpdateAutoScalingGroup.html"
	asgUpdate       = "https://docs.aws.amazon.com/autoscaling/ec2/userguide/update-auto-scaling-group.html"
	asgDelete       = "https://docs.aws.amazon.com/autoscaling/ec2/userguide/as-process-shutdown.html"
	asgHealth       = "https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-health-checks.html"
	ebsEncryption   = "https://docs.aws.amazon.com/ebs/latest/userguide/ebs-encryption.html"
	imds            = "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-instance-metadata-service.html"
	publicAddresses = "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/using-instance-addressing.html"
	ssmDelete       = "https://docs.aws.amazon.com/systems-manager/latest/userguide/deleting-parameters.html"
	asgZones        = "https://docs.aws.amazon.com/autoscaling/ec2/userguide/auto-scaling-benefits.html#AutoScalingBehavior.InstanceUsage"
	asgPolicies     = "https://docs.aws.amazon.com/autoscaling/ec2/userguide/as-scaling-target-tracking.html"
	asgSchedules    = "https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-scheduled-scaling.html"
	asgDrain        = "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/edit-target-group-attributes.html#deregistration-delay"
	templateVersion = "https://docs.aws.amazon.com/autoscaling/ec2/userguide/launch-templates.html"
)

// effects gives several arguments the same effect.
func effects(more map[string]effect, e effect, arguments ...string) map[string]effect {
	all := maps.Clone(more)
	if all == nil {
		all = map[string]effect{}
	}
	for _, a := range arguments {
		all[a] = e
	}
	return all
}

// numbers are the values of a difference, 0 where there is none.
func (d Difference) numbers() (before, after float64) {
	values := map[string]any{"before": d.Before, "after": d.After}
	before, _ = number(values, "before")
	after, _ = number(values, "after")
	return before, after
}

// on tells whether a difference is a switch that is put on.
func (d Difference) on() bool { return isTrue(map[string]any{"": d.After}, "") }

// onlyTags tells whether nothing changes but tags.
func (c *Change) onlyTags() bool {
	return c.Action == Update && !slices.ContainsFunc(c.Differences, func(d Difference) bool { return !within(d.Path, "tags") && !within(d.Path, "tags_all") })
}
