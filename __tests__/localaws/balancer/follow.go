package balancer

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
)

// AWS's defaults of the attributes that are read.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_LoadBalancerAttribute.html
// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_TargetGroupAttribute.html
const (
	defaultIdleTimeout         = 60 * time.Second
	defaultDeregistrationDelay = 300 * time.Second
)

// Sync reads everything anew from the fake AWS. The balancers do so by
// themselves after each change that comes through the front.
func (b *Balancers) Sync(ctx context.Context) error {
	b.syncing.Lock()
	defer b.syncing.Unlock()
	var all error
	balancers, groups := map[string]bool{}, map[string]bool{}
	for _, client := range b.clients() {
		inUse, err := b.syncBalancers(ctx, client, balancers)
		if err == nil {
			err = b.syncGroups(ctx, client, groups, inUse)
		}
		all = errors.Join(all, err)
	}
	if all != nil {
		return all // what was not read is not gone
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for arn, lb := range b.list {
		if !balancers[arn] {
			lb.close()
			delete(b.list, arn)
		}
	}
	for arn, g := range b.groups {
		if !groups[arn] {
			g.close()
			delete(b.groups, arn)
		}
	}
	return nil
}

func (b *Balancers) clients() []*elb.Client {
	b.mu.Lock()
	defer b.mu.Unlock()
	var clients []*elb.Client
	for _, c := range b.regions {
		clients = append(clients, c)
	}
	return clients
}

// syncBalancers reads the load balancers of a region, adds their ARNs to found
// and returns the ARNs of the target groups that they forward to.
func (b *Balancers) syncBalancers(ctx context.Context, client *elb.Client, found map[string]bool) (inUse map[string]*Source, err error) {
	inUse = map[string]*Source{}
	out, err := client.DescribeLoadBalancers(ctx, &elb.DescribeLoadBalancersInput{})
	if err != nil {
		return nil, err
	}
	for _, described := range out.LoadBalancers {
		if described.Type != types.LoadBalancerTypeEnumApplication {
			continue
		}
		arn := aws.ToString(described.LoadBalancerArn)
		found[arn] = true
		attributes, err := client.DescribeLoadBalancerAttributes(ctx, &elb.DescribeLoadBalancerAttributesInput{LoadBalancerArn: &arn})
		if err != nil {
			return nil, err
		}
		listeners, err := client.DescribeListeners(ctx, &elb.DescribeListenersInput{LoadBalancerArn: &arn})
		if err != nil {
			return nil, err
		}
		if b.ctx.Err() != nil {
			return nil, context.Cause(b.ctx)
		}
		b.mu.Lock()
		lb := b.list[arn]
		if lb == nil {
			if lb, err = newBalancer(b, arn, aws.ToString(described.LoadBalancerName)); err != nil {
				b.mu.Unlock()
				return nil, err
			}
			b.list[arn] = lb
		}
		b.mu.Unlock()
		values := map[string]string{}
		for _, a := range attributes.Attributes {
			values[aws.ToString(a.Key)] = aws.ToString(a.Value)
		}
		lb.update(listeners.Listeners, values)
		// A target group has one load balancer at most:
		// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-target-groups.html
		source := &Source{Region: client.Options().Region, SecurityGroups: described.SecurityGroups}
		for _, zone := range described.AvailabilityZones {
			source.Subnets = append(source.Subnets, aws.ToString(zone.SubnetId))
			source.Zones = append(source.Zones, aws.ToString(zone.ZoneName))
		}
		b.mu.Lock()
		lb.source, lb.public = *source, described.Scheme != types.LoadBalancerSchemeEnumInternal // the default is internet-facing
		b.mu.Unlock()
		for _, l := range listeners.Listeners {
			for _, action := range l.DefaultActions {
				inUse[aws.ToString(action.TargetGroupArn)] = source
				if action.ForwardConfig != nil {
					for _, g := range action.ForwardConfig.TargetGroups {
						inUse[aws.ToString(g.TargetGroupArn)] = source
					}
				}
			}
		}
	}
	return inUse, nil
}

// syncGroups reads the target groups of a region and their targets, and adds
// their ARNs to found.
func (b *Balancers) syncGroups(ctx context.Context, client *elb.Client, found map[string]bool, inUse map[string]*Source) error {
	out, err := client.DescribeTargetGroups(ctx, &elb.DescribeTargetGroupsInput{})
	if err != nil {
		return err
	}
	for _, described := range out.TargetGroups {
		arn := aws.ToString(described.TargetGroupArn)
		found[arn] = true
		attributes, err := client.DescribeTargetGroupAttributes(ctx, &elb.DescribeTargetGroupAttributesInput{TargetGroupArn: &arn})
		if err != nil {
			return err
		}
		s := readSettings(described, attributes.Attributes)
		s.source = inUse[arn]
		b.mu.Lock()
		g := b.groups[arn]
		if g == nil {
			g = &targetGroup{arn: arn, name: aws.ToString(described.TargetGroupName), all: b, client: client, now: minute{}}
			b.groups[arn] = g
		}
		b.mu.Unlock()
		g.mu.Lock()
		g.settings = s
		g.mu.Unlock()
		if err := g.syncTargets(ctx); err != nil {
			return err
		}
	}
	return nil
}

// syncTargets reads the targets of all groups.
func (b *Balancers) syncTargets(ctx context.Context) error {
	b.syncing.Lock()
	defer b.syncing.Unlock()
	b.mu.Lock()
	var groups []*targetGroup
	for _, g := range b.groups {
		groups = append(groups, g)
	}
	b.mu.Unlock()
	var all error
	for _, g := range groups {
		all = errors.Join(all, g.syncTargets(ctx))
	}
	return all
}

// syncTargets reads the group's targets. The fake AWS's own opinion of their
// health does not matter.
func (g *targetGroup) syncTargets(ctx context.Context) error {
	out, err := g.client.DescribeTargetHealth(ctx, &elb.DescribeTargetHealthInput{TargetGroupArn: &g.arn})
	if err != nil {
		return err
	}
	if g.all.ctx.Err() != nil {
		return context.Cause(g.all.ctx)
	}
	var registered []targetKey
	for _, d := range out.TargetHealthDescriptions {
		registered = append(registered, targetKey{aws.ToString(d.Target.Id), int(aws.ToInt32(d.Target.Port))})
	}
	g.update(registered)
	return nil
}

func readSettings(g types.TargetGroup, attributes []types.TargetGroupAttribute) settings {
	values := map[string]string{}
	for _, a := range attributes {
		values[aws.ToString(a.Key)] = aws.ToString(a.Value)
	}
	s := settings{
		path:      aws.ToString(g.HealthCheckPath),
		interval:  time.Duration(aws.ToInt32(g.HealthCheckIntervalSeconds)) * time.Second,
		timeout:   time.Duration(aws.ToInt32(g.HealthCheckTimeoutSeconds)) * time.Second,
		healthy:   int(aws.ToInt32(g.HealthyThresholdCount)),
		unhealthy: int(aws.ToInt32(g.UnhealthyThresholdCount)),
		matcher:   "200",
		delay:     seconds(values["deregistration_delay.timeout_seconds"], defaultDeregistrationDelay),
		slowStart: seconds(values["slow_start.duration_seconds"], 0),
		algorithm: values["load_balancing.algorithm.type"],
	}
	s.port, _ = strconv.Atoi(aws.ToString(g.HealthCheckPort)) // "traffic-port" is 0
	if g.Matcher != nil && g.Matcher.HttpCode != nil {
		s.matcher = matcher(*g.Matcher.HttpCode)
	}
	return s
}

// seconds reads a number of seconds.
func seconds(text string, otherwise time.Duration) time.Duration {
	n, err := strconv.Atoi(text)
	if err != nil {
		return otherwise
	}
	return time.Duration(n) * time.Second
}
