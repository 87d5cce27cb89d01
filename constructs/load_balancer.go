package constructs

import (
	"fmt"

	"github.com/aws/jsii-runtime-go"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/lb"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/lblistener"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/lbtargetgroup"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/securitygroup"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/vpcsecuritygroupegressrule"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/vpcsecuritygroupingressrule"
	"github.com/hashicorp/terraform-cdk-go/cdktf"
)

// tlsPolicy offers TLS 1.3 and 1.2 with forward secrecy only.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/describe-ssl-policies.html
const tlsPolicy = "ELBSecurityPolicy-TLS13-1-2-2021-06"

// securityGroups are the ids of a cluster's two security groups, and the rules
// without which no request reaches an instance.
type securityGroups struct {
	balancer, instances string
	rules               []cdktf.ITerraformDependable
}

// securityGroups lets the world (or AllowedCIDRs) reach the load balancer, the
// load balancer reach the instances' ServerPort, and the instances reach HTTPS
// servers: AWS's own services for Session Manager, package repositories.
// Everything else stays shut. (DNS, the time service and instance metadata do
// not pass through security groups.)
func (c *cluster) securityGroups() securityGroups {
	balancer := c.securityGroup("lb", "Load balancer of "+c.props.Name)
	instances := c.securityGroup("instances", "Instances of "+c.props.Name)

	ports := []int{80}
	if c.props.CertificateARN != "" {
		ports = append(ports, 443)
	}
	for _, port := range ports {
		for i, cidr := range c.props.AllowedCIDRs {
			add(c.scope, fmt.Sprintf("lb_%d_from_%d", port, i+1), vpcsecuritygroupingressrule.NewVpcSecurityGroupIngressRule, &vpcsecuritygroupingressrule.VpcSecurityGroupIngressRuleConfig{
				SecurityGroupId: jsii.String(balancer),
				Description:     jsii.String("HTTP(S) from " + cidr),
				CidrIpv4:        jsii.String(cidr),
				IpProtocol:      jsii.String("tcp"),
				FromPort:        jsii.Number(port),
				ToPort:          jsii.Number(port),
			})
		}
	}
	serverPort := jsii.Number(c.props.ServerPort)
	toInstances := add(c.scope, "lb_to_instances", vpcsecuritygroupegressrule.NewVpcSecurityGroupEgressRule, &vpcsecuritygroupegressrule.VpcSecurityGroupEgressRuleConfig{
		SecurityGroupId:           jsii.String(balancer),
		Description:               jsii.String("Requests and health checks to the instances"),
		ReferencedSecurityGroupId: jsii.String(instances),
		IpProtocol:                jsii.String("tcp"),
		FromPort:                  serverPort,
		ToPort:                    serverPort,
	})
	fromBalancer := add(c.scope, "instances_from_lb", vpcsecuritygroupingressrule.NewVpcSecurityGroupIngressRule, &vpcsecuritygroupingressrule.VpcSecurityGroupIngressRuleConfig{
		SecurityGroupId:           jsii.String(instances),
		Description:               jsii.String("Requests and health checks from the load balancer"),
		ReferencedSecurityGroupId: jsii.String(balancer),
		IpProtocol:                jsii.String("tcp"),
		FromPort:                  serverPort,
		ToPort:                    serverPort,
	})
	add(c.scope, "instances_to_https", vpcsecuritygroupegressrule.NewVpcSecurityGroupEgressRule, &vpcsecuritygroupegressrule.VpcSecurityGroupEgressRuleConfig{
		SecurityGroupId: jsii.String(instances),
		Description:     jsii.String("HTTPS to Session Manager, other AWS services, package repositories"),
		CidrIpv4:        jsii.String("0.0.0.0/0"),
		IpProtocol:      jsii.String("tcp"),
		FromPort:        jsii.Number(443),
		ToPort:          jsii.Number(443),
	})
	return securityGroups{balancer, instances, []cdktf.ITerraformDependable{toInstances, fromBalancer}}
}

func (c *cluster) securityGroup(role, description string) string {
	name := c.props.Name + "-" + role
	return *add(c.scope, role+"_security_group", securitygroup.NewSecurityGroup, &securitygroup.SecurityGroupConfig{
		NamePrefix:  jsii.String(name + "-"),
		Description: jsii.String(description),
		VpcId:       jsii.String(c.props.VPCID),
		Tags:        nameTag(name),
		Lifecycle:   &cdktf.TerraformResourceLifecycle{CreateBeforeDestroy: jsii.Bool(true)},
	}).Id()
}

// balancer is what the rest of the cluster needs of the load balancer.
type balancer struct {
	dnsName, url, zoneID, arn, arnSuffix string
	targetGroupARN, targetGroupARNSuffix string
	// listener is the one that forwards to the target group.
	listener cdktf.ITerraformDependable
}

// loadBalancer makes the load balancer, its target group and its listeners.
func (c *cluster) loadBalancer(securityGroupID string) balancer {
	p := c.props
	config := &lb.LbConfig{
		Name:                     jsii.String(p.Name),
		LoadBalancerType:         jsii.String("application"),
		Internal:                 jsii.Bool(false),
		Subnets:                  jsii.Strings(p.PublicSubnetIDs...),
		SecurityGroups:           jsii.Strings(securityGroupID),
		IdleTimeout:              seconds(p.RequestTimeout),
		DropInvalidHeaderFields:  jsii.Bool(true),
		EnableDeletionProtection: jsii.Bool(p.DeletionProtection),
	}
	if p.DeletionProtection {
		// AWS refuses to delete it when the instances are gone already; Terraform
		// refuses the plan.
		config.Lifecycle = &cdktf.TerraformResourceLifecycle{PreventDestroy: jsii.Bool(true)}
	}
	if p.AccessLogsBucket != "" {
		config.AccessLogs = &lb.LbAccessLogs{
			Bucket: jsii.String(p.AccessLogsBucket), Prefix: jsii.String(p.Name), Enabled: jsii.Bool(true),
		}
	}
	alb := add(c.scope, "lb", lb.NewLb, config)

	targets := add(c.scope, "targets", lbtargetgroup.NewLbTargetGroup, &lbtargetgroup.LbTargetGroupConfig{
		NamePrefix:          jsii.String(namePrefix(c.props.Environment, maxTargetGroupNamePrefix)),
		Port:                jsii.Number(p.ServerPort),
		Protocol:            jsii.String("HTTP"),
		TargetType:          jsii.String("instance"),
		VpcId:               jsii.String(p.VPCID),
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
		Lifecycle: &cdktf.TerraformResourceLifecycle{CreateBeforeDestroy: jsii.Bool(true)},
	})
	forward := []*lblistener.LbListenerDefaultAction{{
		Type: jsii.String("forward"), TargetGroupArn: targets.Arn(),
	}}

	scheme, http := "http", forward
	var https lblistener.LbListener
	if p.CertificateARN != "" {
		scheme = "https"
		https = add(c.scope, "https", lblistener.NewLbListener, &lblistener.LbListenerConfig{
			LoadBalancerArn: alb.Arn(),
			Port:            jsii.Number(443),
			Protocol:        jsii.String("HTTPS"),
			CertificateArn:  jsii.String(p.CertificateARN),
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
	listener := add(c.scope, "http", lblistener.NewLbListener, &lblistener.LbListenerConfig{
		LoadBalancerArn: alb.Arn(),
		Port:            jsii.Number(80),
		Protocol:        jsii.String("HTTP"),
		DefaultAction:   http,
	})
	if https != nil {
		listener = https
	}
	return balancer{
		dnsName:              *alb.DnsName(),
		url:                  scheme + "://" + *alb.DnsName(),
		zoneID:               *alb.ZoneId(),
		arn:                  *alb.Arn(),
		arnSuffix:            *alb.ArnSuffix(),
		targetGroupARN:       *targets.Arn(),
		targetGroupARNSuffix: *targets.ArnSuffix(),
		listener:             listener,
	}
}
