package constructs

import (
	"fmt"
	"strings"

	"github.com/aws/jsii-runtime-go"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/lb"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/lblistener"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/lbtargetgroup"
)

// tlsPolicy offers TLS 1.3 and 1.2 with forward secrecy only.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/describe-ssl-policies.html
const tlsPolicy = "ELBSecurityPolicy-TLS13-1-2-2021-06"

// balancer is a cluster's load balancer, its target group, and the listener that
// forwards to the target group.
type balancer struct {
	lb       lb.Lb
	targets  lbtargetgroup.LbTargetGroup
	listener lblistener.LbListener
	url      string
	// logs is the bucket of the load balancer's logs, if it is the cluster's own.
	logs string
}

// dimensions and targetDimensions are what CloudWatch tells the load balancer's metrics
// by, and those of the targets behind it.
func (b balancer) dimensions() map[string]string {
	return map[string]string{"LoadBalancer": *b.lb.ArnSuffix()}
}

func (b balancer) targetDimensions() map[string]string {
	return map[string]string{"LoadBalancer": *b.lb.ArnSuffix(), "TargetGroup": *b.targets.ArnSuffix()}
}

// listenerPorts are the load balancer's TCP ports.
func (p WebserverClusterProps) listenerPorts() []int {
	if p.isHTTPS() {
		return []int{80, 443}
	}
	return []int{80}
}

// loadBalancer makes the load balancer, its target group and its listeners.
func (c *cluster) loadBalancer(groups securityGroups) balancer {
	p := c.props
	subnets := p.Network.PublicSubnetIDs
	if p.Internal {
		subnets = p.Network.PrivateSubnetIDs
	}
	config := &lb.LbConfig{
		Name:                     jsii.String(p.Name),
		LoadBalancerType:         jsii.String("application"),
		Internal:                 jsii.Bool(p.Internal),
		Subnets:                  jsii.Strings(subnets...),
		SecurityGroups:           &[]*string{groups.balancer.Id()},
		IdleTimeout:              seconds(p.IdleTimeout),
		DropInvalidHeaderFields:  jsii.Bool(true),
		EnableDeletionProtection: jsii.Bool(p.DeletionProtection),
		// Another scheme is another load balancer, which could not have the name
		// while this one stands.
		Lifecycle: fixed("internal", p.Internal, "Whether a load balancer is internal"),
	}
	// AWS refuses to delete a protected load balancer when the instances are gone
	// already; Terraform refuses the plan.
	config.Lifecycle.PreventDestroy = jsii.Bool(p.DeletionProtection)
	logs := c.logs(config)
	alb := add(c.scope, "lb", lb.NewLb, config)

	// Every server that runs would fail another check at once, and nothing proven
	// would be left to go back to.
	lifecycle := fixed("port", p.ServerPort, "The port of running servers")
	lifecycle.CreateBeforeDestroy = jsii.Bool(true)
	keep(lifecycle, "health_check[0].path", p.HealthCheckPath, "The health-check path of running servers cannot change in one step",
		"deploy servers that answer on both paths, and then change the path in AWS and in the code: "+
			"aws elbv2 modify-target-group --target-group-arn ${self.arn} --health-check-path '"+p.HealthCheckPath+"'")

	targets := add(c.scope, "targets", lbtargetgroup.NewLbTargetGroup, &lbtargetgroup.LbTargetGroupConfig{
		// The last word of the name: all the room there is.
		NamePrefix:          jsii.String(namePrefix(p.Name[strings.LastIndex(p.Name, "-")+1:], maxTargetGroupNamePrefix)),
		Port:                jsii.Number(p.ServerPort),
		Protocol:            jsii.String("HTTP"),
		TargetType:          jsii.String("instance"),
		VpcId:               jsii.String(p.Network.VPCID),
		DeregistrationDelay: jsii.String(fmt.Sprintf("%.0f", *seconds(p.DeregistrationDelay))),
		HealthCheck: &lbtargetgroup.LbTargetGroupHealthCheck{
			Path:               jsii.String(p.HealthCheckPath),
			Protocol:           jsii.String("HTTP"),
			Matcher:            jsii.String("200"),
			Interval:           seconds(p.HealthCheckInterval),
			Timeout:            seconds(healthCheckTimeout),
			HealthyThreshold:   jsii.Number(healthCheckThreshold),
			UnhealthyThreshold: jsii.Number(healthCheckThreshold),
		},
		Tags:      nameTag(p.Name),
		Lifecycle: lifecycle,
	})
	forward := []*lblistener.LbListenerDefaultAction{{
		Type: jsii.String("forward"), TargetGroupArn: targets.Arn(),
	}}

	http, url := forward, "http://"+*alb.DnsName()
	var https lblistener.LbListener
	if p.isHTTPS() {
		url = "https://" + p.Domain.Name
		certificate := c.domain(alb)
		https = add(c.scope, "https", lblistener.NewLbListener, &lblistener.LbListenerConfig{
			LoadBalancerArn: alb.Arn(),
			Port:            jsii.Number(443),
			Protocol:        jsii.String("HTTPS"),
			CertificateArn:  certificate,
			SslPolicy:       jsii.String(tlsPolicy),
			DefaultAction:   forward,
		})
		http = []*lblistener.LbListenerDefaultAction{{
			Type: jsii.String("redirect"),
			Redirect: &lblistener.LbListenerDefaultActionRedirect{
				StatusCode: jsii.String("HTTP_301"), Protocol: jsii.String("HTTPS"), Port: jsii.String("443"),
			},
		}}
	}
	plain := &lblistener.LbListenerConfig{
		LoadBalancerArn: alb.Arn(),
		Port:            jsii.Number(80),
		Protocol:        jsii.String("HTTP"),
		DefaultAction:   http,
	}
	if https != nil {
		// Nobody is sent to HTTPS before it answers: a certificate may take minutes.
		ready := append(groups.secure, https)
		plain.DependsOn = &ready
	}
	listener := add(c.scope, "http", lblistener.NewLbListener, plain)
	if https != nil {
		listener = https
	}
	return balancer{alb, targets, listener, url, logs}
}
