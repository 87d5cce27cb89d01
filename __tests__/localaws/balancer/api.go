package balancer

import (
	"cmp"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/beevik/etree"

	"example.com/webserver-cluster/tests/localaws/front"
)

const service = "elasticloadbalancing"

// changes are the actions after which load balancers or target groups may be
// others than before.
var changes = []string{
	"CreateLoadBalancer", "DeleteLoadBalancer", "ModifyLoadBalancerAttributes", "SetSecurityGroups", "SetSubnets",
	"CreateListener", "DeleteListener", "ModifyListener",
	"CreateTargetGroup", "DeleteTargetGroup", "ModifyTargetGroup", "ModifyTargetGroupAttributes",
}

// Register has the balancers answer clients of f and notice at once what
// they change.
func (b *Balancers) Register(f *front.Front) {
	for _, action := range changes {
		f.Handle(service, action, func(r *front.Request, next front.Next) (*front.Response, error) {
			resp, err := next(r)
			if err == nil && resp.OK() {
				b.addRegion(r.Region)
				b.log(b.Sync(r.HTTP.Context()))
			}
			return resp, err
		})
	}
	for _, action := range []string{"RegisterTargets", "DeregisterTargets"} {
		f.Handle(service, action, b.changeTargets)
	}
	for _, action := range []string{"CreateLoadBalancer", "DescribeLoadBalancers"} {
		f.Handle(service, action, b.addressBalancers)
	}
	f.Handle(service, "DescribeTargetHealth", b.describeTargetHealth)
}

// changeTargets has a group's targets read as soon as they have changed.
func (b *Balancers) changeTargets(r *front.Request, next front.Next) (*front.Response, error) {
	resp, err := next(r)
	if err != nil {
		return nil, err
	}
	if g := b.group(r.Params.Get("TargetGroupArn")); g != nil {
		b.syncing.Lock()
		defer b.syncing.Unlock()
		b.log(g.syncTargets(r.HTTP.Context()))
	}
	return resp, nil
}

// addressBalancers puts the addresses that the load balancers listen on into
// the answer.
func (b *Balancers) addressBalancers(r *front.Request, next front.Next) (*front.Response, error) {
	resp, err := next(r)
	if err != nil {
		return nil, err
	}
	err = resp.UpdateXML(func(root *etree.Element) {
		b.mu.Lock()
		defer b.mu.Unlock()
		for _, member := range root.FindElements("//LoadBalancers/member") {
			arn, name := member.SelectElement("LoadBalancerArn"), member.SelectElement("DNSName")
			if arn == nil || name == nil {
				continue
			}
			if lb := b.list[arn.Text()]; lb != nil {
				name.SetText(lb.dnsName)
			}
		}
	})
	return resp, err
}

// describeTargetHealth answers with what the load balancer sees.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeTargetHealth.html
func (b *Balancers) describeTargetHealth(r *front.Request, next front.Next) (*front.Response, error) {
	var in elb.DescribeTargetHealthInput
	if err := r.DecodeQuery(&in); err != nil {
		return nil, err
	}
	g := b.group(aws.ToString(in.TargetGroupArn))
	if g == nil {
		return next(r) // which knows the error
	}
	g.mu.Lock()
	checkPort := g.settings.port
	g.mu.Unlock()
	targets := []types.TargetHealthDescription{}
	for _, t := range g.describe() {
		if asksFor(in.Targets, t) {
			targets = append(targets, healthOf(t, checkPort))
		}
	}
	for _, asked := range in.Targets {
		if !contains(targets, asked) {
			targets = append(targets, types.TargetHealthDescription{
				Target: &asked,
				TargetHealth: &types.TargetHealth{
					State: types.TargetHealthStateEnumUnused, Reason: types.TargetHealthReasonEnumNotRegistered,
					Description: aws.String(notRegistered),
				},
			})
		}
	}
	return r.Respond(&elb.DescribeTargetHealthOutput{TargetHealthDescriptions: targets})
}

func healthOf(t Target, checkPort int) types.TargetHealthDescription {
	d := types.TargetHealthDescription{
		Target:          &types.TargetDescription{Id: aws.String(t.ID), Port: aws.Int32(int32(t.Port))},
		HealthCheckPort: aws.String(strconv.Itoa(cmp.Or(checkPort, t.Port))),
		TargetHealth: &types.TargetHealth{
			State:  types.TargetHealthStateEnum(t.State),
			Reason: types.TargetHealthReasonEnum(t.Reason),
		},
	}
	if t.Description != "" {
		d.TargetHealth.Description = aws.String(t.Description)
	}
	return d
}

// asksFor tells whether t is among the asked targets; none stands for all.
func asksFor(asked []types.TargetDescription, t Target) bool {
	for _, a := range asked {
		if aws.ToString(a.Id) == t.ID && (a.Port == nil || int(*a.Port) == t.Port) {
			return true
		}
	}
	return len(asked) == 0
}

func contains(found []types.TargetHealthDescription, asked types.TargetDescription) bool {
	for _, d := range found {
		if *d.Target.Id == aws.ToString(asked.Id) && (asked.Port == nil || *d.Target.Port == *asked.Port) {
			return true
		}
	}
	return false
}
