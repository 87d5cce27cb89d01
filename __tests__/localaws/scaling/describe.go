package scaling

import (
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/beevik/etree"

	"example.com/webserver-cluster/tests/localaws/front"
)

// describeGroups puts into moto's answer what the engine keeps.
func (e *Engine) describeGroups(r *front.Request, next front.Next) (*front.Response, error) {
	resp, err := next(r)
	if err != nil {
		return nil, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	return resp, resp.UpdateXML(func(root *etree.Element) {
		for _, shown := range root.FindElements("//AutoScalingGroups/member") {
			name := shown.FindElement("AutoScalingGroupName")
			if name == nil {
				continue
			}
			g := e.groups[key{r.Region, name.Text()}]
			if g == nil {
				continue
			}
			if p, visible := g.shown(); visible {
				p.show(shown)
				g.showPolicies(shown)
			} else {
				shown.Parent().RemoveChild(shown)
			}
		}
	})
}

// showPolicies writes the termination policies of an update.
func (g *group) showPolicies(shown *etree.Element) {
	if len(g.policies) == 0 {
		return
	}
	policies := replaceChild(shown, "TerminationPolicies")
	for _, policy := range g.policies {
		policies.CreateElement("member").SetText(policy)
	}
}

// describe answers DescribeAutoScalingGroups from the settings and what the
// engine keeps.
func (e *Engine) describe(ctx context.Context, region string, in *autoscaling.DescribeAutoScalingGroupsInput) (*autoscaling.DescribeAutoScalingGroupsOutput, error) {
	out, err := e.api(region).Settings.DescribeAutoScalingGroups(ctx, in)
	if err != nil {
		return nil, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	var visible []types.AutoScalingGroup
	for _, settings := range out.AutoScalingGroups {
		if g := e.groups[key{region, aws.ToString(settings.AutoScalingGroupName)}]; g != nil {
			if p, ok := g.shown(); ok {
				visible = append(visible, p.apply(settings))
			}
		}
	}
	out.AutoScalingGroups = visible
	return out, nil
}

// picture is what descriptions show of a group.
type picture struct {
	taken             time.Time
	template          *types.LaunchTemplateSpecification
	mixed             *types.MixedInstancesPolicy
	min, max, desired int
	warmup            *int32
	maintenance       *types.InstanceMaintenancePolicy
	rebalance         *bool
	instances         []types.AutoScalingInstanceDetails
	refreshes         []types.InstanceRefresh // the newest first
	activities        []types.Activity
}

func (g *group) picture() picture {
	p := picture{template: g.settings.LaunchTemplate, mixed: g.settings.MixedInstancesPolicy, min: g.min, max: g.max, desired: g.desired, warmup: g.warmup, maintenance: g.maintenance, rebalance: g.capacityRebalance}
	for _, m := range g.started() {
		p.instances = append(p.instances, g.details(m))
	}
	for _, r := range slices.Backward(g.refreshes) {
		p.refreshes = append(p.refreshes, g.describeRefresh(r))
	}
	p.activities = g.history()
	return p
}

func (g *group) details(m *member) types.AutoScalingInstanceDetails {
	return types.AutoScalingInstanceDetails{
		AutoScalingGroupName: aws.String(g.name),
		AvailabilityZone:     aws.String(m.subnet.zone),
		HealthStatus:         aws.String(m.health()),
		InstanceId:           aws.String(m.id),
		InstanceType:         aws.String(m.instanceType),
		LaunchTemplate: &types.LaunchTemplateSpecification{
			LaunchTemplateId: aws.String(m.template.id), LaunchTemplateName: aws.String(m.template.name), Version: aws.String(m.template.version),
		},
		LifecycleState:       aws.String(string(m.state)),
		ProtectedFromScaleIn: aws.Bool(m.protected),
	}
}

// apply puts the picture into a group's settings.
func (p picture) apply(s types.AutoScalingGroup) types.AutoScalingGroup {
	s.MinSize, s.MaxSize, s.DesiredCapacity = aws.Int32(int32(p.min)), aws.Int32(int32(p.max)), aws.Int32(int32(p.desired))
	s.LaunchTemplate, s.MixedInstancesPolicy = p.template, p.mixed
	s.DefaultInstanceWarmup, s.InstanceMaintenancePolicy, s.CapacityRebalance = p.warmup, p.maintenance, p.rebalance
	s.Instances = nil
	for _, i := range p.instances {
		if !warmed(types.LifecycleState(*i.LifecycleState)) {
			s.Instances = append(s.Instances, instance(i))
		}
	}
	return s
}

func instance(i types.AutoScalingInstanceDetails) types.Instance {
	return types.Instance{
		InstanceId: i.InstanceId, InstanceType: i.InstanceType, AvailabilityZone: i.AvailabilityZone, HealthStatus: i.HealthStatus,
		LifecycleState: types.LifecycleState(*i.LifecycleState), LaunchTemplate: i.LaunchTemplate, ProtectedFromScaleIn: i.ProtectedFromScaleIn,
	}
}

// show writes the picture into the element of an answer.
func (p picture) show(shown *etree.Element) {
	set := func(parent *etree.Element, name, value string) {
		replaceChild(parent, name).SetText(value)
	}
	set(shown, "MinSize", strconv.Itoa(p.min))
	set(shown, "MaxSize", strconv.Itoa(p.max))
	set(shown, "DesiredCapacity", strconv.Itoa(p.desired))
	if p.rebalance != nil {
		set(shown, "CapacityRebalance", strconv.FormatBool(*p.rebalance))
	}
	if version := shown.FindElement("LaunchTemplate/Version"); version != nil && p.template != nil {
		version.SetText(*p.template.Version)
	}
	if template := shown.SelectElement("LaunchTemplate"); template != nil && p.mixed != nil {
		shown.RemoveChild(template) // it stands in the policy alone
	}
	instances := replaceChild(shown, "Instances")
	for _, details := range p.instances {
		if warmed(types.LifecycleState(*details.LifecycleState)) {
			continue
		}
		i := instances.CreateElement("member")
		set(i, "InstanceId", *details.InstanceId)
		set(i, "InstanceType", *details.InstanceType)
		set(i, "AvailabilityZone", *details.AvailabilityZone)
		set(i, "LifecycleState", *details.LifecycleState)
		set(i, "HealthStatus", *details.HealthStatus)
		set(i, "ProtectedFromScaleIn", strconv.FormatBool(*details.ProtectedFromScaleIn))
		template := i.CreateElement("LaunchTemplate")
		set(template, "LaunchTemplateId", *details.LaunchTemplate.LaunchTemplateId)
		set(template, "LaunchTemplateName", *details.LaunchTemplate.LaunchTemplateName)
		set(template, "Version", *details.LaunchTemplate.Version)
	}
}

// started are the members that EC2 knows.
func (g *group) started() []*member { return g.where(func(m *member) bool { return m.id != "" }) }

// replaceChild returns a new, empty child of that name in the place of any before.
func replaceChild(parent *etree.Element, name string) *etree.Element {
	for _, before := range parent.SelectElements(name) {
		parent.RemoveChild(before)
	}
	return parent.CreateElement(name)
}
