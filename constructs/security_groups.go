package constructs

import (
	"fmt"
	"strings"

	"github.com/aws/jsii-runtime-go"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/securitygroup"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/vpcsecuritygroupegressrule"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/vpcsecuritygroupingressrule"
	"github.com/hashicorp/terraform-cdk-go/cdktf"
)

// securityGroups are a cluster's two security groups, and the rules without
// which no request reaches an instance.
type securityGroups struct {
	balancer, instances securitygroup.SecurityGroup
	rules               []cdktf.ITerraformDependable
	secure              []cdktf.ITerraformDependable // the rules that let HTTPS in
}

// securityGroups lets AllowedCIDRs reach the load balancer, the load balancer
// reach the instances' ServerPort, and the instances reach HTTPS servers: AWS's
// own services for Session Manager, package repositories. Everything else stays
// shut. (DNS, the time service and instance metadata do not pass through
// security groups.)
func (c *cluster) securityGroups() securityGroups {
	balancer := c.securityGroup("lb", "Load balancer of "+c.props.Name)
	instances := c.securityGroup("instances", "Instances of "+c.props.Name)

	var secure []cdktf.ITerraformDependable
	for _, port := range c.props.listenerPorts() {
		for i, cidr := range c.props.AllowedCIDRs {
			// Named by the block: by its place, one that comes before it would take its rule
			// away for a moment. A reference may be any block.
			place := fmt.Sprintf("lb_%d_from_%d", port, i+1)
			role := place
			if !isToken(cidr) {
				role = fmt.Sprintf("lb_%d_from_%s", port, strings.NewReplacer(".", "_", "/", "_").Replace(cidr))
			}
			rule := add(c.scope, role, vpcsecuritygroupingressrule.NewVpcSecurityGroupIngressRule, &vpcsecuritygroupingressrule.VpcSecurityGroupIngressRuleConfig{
				SecurityGroupId: balancer.Id(),
				Description:     jsii.String("HTTP(S) from " + cidr),
				CidrIpv4:        jsii.String(cidr),
				IpProtocol:      jsii.String("tcp"),
				FromPort:        jsii.Number(port),
				ToPort:          jsii.Number(port),
			})
			if role != place {
				// Earlier versions of this project named it so. EC2 refuses a second rule like it.
				rule.MoveFromId(jsii.String(*rule.TerraformResourceType() + "." + c.prefix + place))
			}
			if port == 443 {
				secure = append(secure, rule)
			}
		}
	}
	rules := connect(c.scope, connection{
		egress: "lb_to_instances", egressDescription: "Requests and health checks to the instances", client: *balancer.Id(),
		ingress: "instances_from_lb", ingressDescription: "Requests and health checks from the load balancer", server: *instances.Id(),
		port: c.props.ServerPort,
	})
	add(c.scope, "instances_to_https", vpcsecuritygroupegressrule.NewVpcSecurityGroupEgressRule, &vpcsecuritygroupegressrule.VpcSecurityGroupEgressRuleConfig{
		SecurityGroupId: instances.Id(),
		Description:     jsii.String("HTTPS to Session Manager, other AWS services, package repositories"),
		CidrIpv4:        jsii.String("0.0.0.0/0"),
		IpProtocol:      jsii.String("tcp"),
		FromPort:        jsii.Number(443),
		ToPort:          jsii.Number(443),
	})
	return securityGroups{balancer, instances, rules, secure}
}

func (c *cluster) securityGroup(role, description string) securitygroup.SecurityGroup {
	name := c.props.Name + "-" + role
	return add(c.scope, role+"_security_group", securitygroup.NewSecurityGroup, &securitygroup.SecurityGroupConfig{
		NamePrefix:  jsii.String(name + "-"),
		Description: jsii.String(description),
		VpcId:       jsii.String(c.props.Network.VPCID),
		Tags:        nameTag(name),
		Lifecycle:   &cdktf.TerraformResourceLifecycle{CreateBeforeDestroy: jsii.Bool(true)},
	})
}

// connection is what lets the members of one security group call those of
// another on a TCP port: a rule in each, by name.
type connection struct {
	client, egress, egressDescription   string
	server, ingress, ingressDescription string
	port                                int
}

// connect makes a connection's rules in s.
func connect(s scope, c connection) []cdktf.ITerraformDependable {
	port := jsii.Number(c.port)
	egress := add(s, c.egress, vpcsecuritygroupegressrule.NewVpcSecurityGroupEgressRule, &vpcsecuritygroupegressrule.VpcSecurityGroupEgressRuleConfig{
		SecurityGroupId:           jsii.String(c.client),
		ReferencedSecurityGroupId: jsii.String(c.server),
		Description:               jsii.String(c.egressDescription),
		IpProtocol:                jsii.String("tcp"),
		FromPort:                  port,
		ToPort:                    port,
	})
	ingress := add(s, c.ingress, vpcsecuritygroupingressrule.NewVpcSecurityGroupIngressRule, &vpcsecuritygroupingressrule.VpcSecurityGroupIngressRuleConfig{
		SecurityGroupId:           jsii.String(c.server),
		ReferencedSecurityGroupId: jsii.String(c.client),
		Description:               jsii.String(c.ingressDescription),
		IpProtocol:                jsii.String("tcp"),
		FromPort:                  port,
		ToPort:                    port,
	})
	return []cdktf.ITerraformDependable{egress, ingress}
}
