package scaling

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cloudwatchtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
)

// view is what a tick found out about a group.
type view struct {
	*scene
	settings types.AutoScalingGroup
	template template // what the group's settings say to launch, as a number
	subnets  []subnet // in the order of the settings
}

// scene is what a tick found out about all groups of a region. moto answers a
// request after the other, so it is asked once for all of them.
type scene struct {
	settings map[string]types.AutoScalingGroup                    // by name
	states   map[string]ec2types.InstanceStateName                // by instance; none: EC2 no longer knows it
	targets  map[string]map[string]elbtypes.TargetHealthStateEnum // by instance, then target group
	alarms   map[string]cloudwatchtypes.StateValue                // by name
}

type subnet struct{ id, zone string }

// template is a version of a launch template. The zero value is none.
type template struct{ id, name, version string }

// look asks the other services about groups of one region.
func (e *Engine) look(ctx context.Context, a *Services, groups []*group) (*scene, error) {
	names, ids, watched := e.questions(groups)
	s := &scene{settings: map[string]types.AutoScalingGroup{}}
	var err error
	if s.settings, err = settings(ctx, a, names...); err != nil {
		return nil, err
	}
	var arns []string
	for _, found := range s.settings {
		arns = append(arns, found.TargetGroupARNs...)
	}
	slices.Sort(arns)
	if s.states, err = a.States(ctx, ids); err != nil {
		return nil, err
	}
	if s.targets, err = targets(ctx, a, slices.Compact(arns)); err != nil {
		return nil, err
	}
	s.alarms, err = alarms(ctx, a, watched)
	return s, err
}

// questions returns what to ask the other services about.
func (e *Engine) questions(groups []*group) (names, ids, alarms []string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, g := range groups {
		names = append(names, g.name)
		for _, m := range g.started() {
			ids = append(ids, m.id)
		}
		if r := g.active(); r != nil {
			alarms = append(alarms, r.alarms()...)
		}
	}
	return names, ids, alarms
}

// view returns what the scene says of one group.
func (e *Engine) view(ctx context.Context, a *Services, s *scene, g *group) (*view, error) {
	v := &view{scene: s, settings: s.settings[g.name]}
	var err error
	if v.template, err = resolve(ctx, a, specOf(v.settings.LaunchTemplate, v.settings.MixedInstancesPolicy)); err != nil {
		return nil, err
	}
	v.subnets, err = e.subnets(ctx, a, v.settings)
	return v, err
}

// settings returns those of the groups that moto knows.
func settings(ctx context.Context, a *Services, names ...string) (map[string]types.AutoScalingGroup, error) {
	found := map[string]types.AutoScalingGroup{}
	pages := autoscaling.NewDescribeAutoScalingGroupsPaginator(a.Settings, &autoscaling.DescribeAutoScalingGroupsInput{AutoScalingGroupNames: names})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, g := range page.AutoScalingGroups {
			found[aws.ToString(g.AutoScalingGroupName)] = g
		}
	}
	return found, nil
}

// resolve turns a version such as $Latest into the number it stands for.
func resolve(ctx context.Context, a *Services, spec *types.LaunchTemplateSpecification) (template, error) {
	if spec == nil {
		return template{}, nil
	}
	in := &ec2.DescribeLaunchTemplatesInput{}
	if spec.LaunchTemplateId != nil {
		in.LaunchTemplateIds = []string{*spec.LaunchTemplateId}
	} else {
		in.LaunchTemplateNames = []string{aws.ToString(spec.LaunchTemplateName)}
	}
	t := template{aws.ToString(spec.LaunchTemplateId), aws.ToString(spec.LaunchTemplateName), aws.ToString(spec.Version)}
	if t.id != "" && t.name != "" && numbered(t.version) {
		return t, nil
	}
	out, err := a.EC2.DescribeLaunchTemplates(ctx, in)
	if err != nil {
		return template{}, err
	}
	if len(out.LaunchTemplates) == 0 {
		return template{}, fmt.Errorf("launch template %s%s does not exist", t.id, t.name)
	}
	found := out.LaunchTemplates[0]
	t.id, t.name = aws.ToString(found.LaunchTemplateId), aws.ToString(found.LaunchTemplateName)
	switch t.version {
	case "$Latest":
		t.version = strconv.FormatInt(aws.ToInt64(found.LatestVersionNumber), 10)
	case "$Default", "":
		t.version = strconv.FormatInt(aws.ToInt64(found.DefaultVersionNumber), 10)
	}
	return t, nil
}

// numbered tells a version that always means the same from $Latest and $Default.
func numbered(version string) bool {
	_, err := strconv.Atoi(version)
	return err == nil
}

// subnets returns the group's subnets with their zones, which never change.
func (e *Engine) subnets(ctx context.Context, a *Services, s types.AutoScalingGroup) ([]subnet, error) {
	var subnets []subnet
	for id := range strings.SplitSeq(aws.ToString(s.VPCZoneIdentifier), ",") {
		if id == "" { // no VPC: the zones alone
			for _, zone := range s.AvailabilityZones {
				subnets = append(subnets, subnet{zone: zone})
			}
			break
		}
		e.mu.Lock()
		zone := e.zones[id]
		e.mu.Unlock()
		if zone == "" {
			out, err := a.EC2.DescribeSubnets(ctx, &ec2.DescribeSubnetsInput{SubnetIds: []string{id}})
			if err != nil {
				return nil, err
			}
			zone = aws.ToString(out.Subnets[0].AvailabilityZone)
			e.mu.Lock()
			e.zones[id] = zone
			e.mu.Unlock()
		}
		subnets = append(subnets, subnet{id, zone})
	}
	return subnets, nil
}

func targets(ctx context.Context, a *Services, arns []string) (map[string]map[string]elbtypes.TargetHealthStateEnum, error) {
	found := map[string]map[string]elbtypes.TargetHealthStateEnum{}
	for _, arn := range arns {
		out, err := a.Balancer.DescribeTargetHealth(ctx, &elb.DescribeTargetHealthInput{TargetGroupArn: &arn})
		var gone *elbtypes.TargetGroupNotFoundException
		if errors.As(err, &gone) {
			continue
		}
		if err != nil {
			return nil, err
		}
		for _, t := range out.TargetHealthDescriptions {
			id := aws.ToString(t.Target.Id)
			if found[id] == nil {
				found[id] = map[string]elbtypes.TargetHealthStateEnum{}
			}
			found[id][arn] = t.TargetHealth.State
		}
	}
	return found, nil
}

// alarms returns the states of those of the alarms that exist.
func alarms(ctx context.Context, a *Services, names []string) (map[string]cloudwatchtypes.StateValue, error) {
	found := map[string]cloudwatchtypes.StateValue{}
	if len(names) == 0 {
		return found, nil // no names would mean all alarms
	}
	out, err := a.Alarms.DescribeAlarms(ctx, &cloudwatch.DescribeAlarmsInput{AlarmNames: names})
	if err != nil {
		return nil, err
	}
	for _, alarm := range out.MetricAlarms {
		found[aws.ToString(alarm.AlarmName)] = alarm.StateValue
	}
	return found, nil
}
