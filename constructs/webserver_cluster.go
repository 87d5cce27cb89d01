package constructs

import (
	"fmt"
	"strings"

	"github.com/aws/constructs-go/constructs/v10"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/autoscalinggroup"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/dataawsregion"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/iamrole"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/launchtemplate"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/lb"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/lblistener"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/lbtargetgroup"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/securitygroup"
	"github.com/hashicorp/terraform-cdk-go/cdktf"
)

// WebserverCluster is an Auto Scaling group of web servers behind an
// application load balancer:
//
//	Listener -> TargetGroup <- AutoScalingGroup <- LaunchTemplate
//
// Instances stand in private subnets without public addresses or SSH, take
// traffic from the load balancer only, and are reached by Session Manager. A
// change of the image or of the boot script makes a new version of the launch
// template. A deploy ends with the command rollout, which brings it to the fleet by
// an instance refresh: new instances serve before old ones go. The group launches
// the new version once all instances run it; if the rollout fails, so does the
// deploy, and the version before stays.
type WebserverCluster struct {
	// URL is where the web servers answer: by the Domain, if there is one.
	URL string
	// LoadBalancerDNSName is the load balancer's own name, and
	// LoadBalancerHostedZoneID the Route 53 hosted zone of that name, for an
	// alias record.
	LoadBalancerDNSName, LoadBalancerHostedZoneID string
	// LoadBalancerARN and LoadBalancerSecurityGroupID are the load balancer's.
	LoadBalancerARN, LoadBalancerSecurityGroupID string
	// TargetGroupARN is the target group of the instances.
	TargetGroupARN string
	// AutoScalingGroupName and AutoScalingGroupARN are the Auto Scaling group's.
	AutoScalingGroupName, AutoScalingGroupARN string
	// LaunchTemplateID and LaunchTemplateVersion (a number) are what the group's
	// instances run after a rollout that succeeded.
	LaunchTemplateID, LaunchTemplateVersion string
	// InstanceSecurityGroupID is the instances' security group.
	InstanceSecurityGroupID string
	// InstanceRoleName is the instances' IAM role. See Grant.
	InstanceRoleName string
	// ImageParameter is the name of the SSM parameter that holds the image's id;
	// empty without PinAMI.
	ImageParameter string
	// ApplicationDigest is the SHA-256 digest of the application's files, in hexadecimal
	// digits; empty without an Application.
	ApplicationDigest string
	// ApplicationParameter is the name of the SSM parameter that says which application
	// the cluster runs; empty without Application.Pin.
	ApplicationParameter string
	// LogBucket is the S3 bucket of the load balancer's logs: access logs below access/,
	// connection logs below connection/; empty without LogRetentionDays.
	LogBucket string
	// AlarmNames and AlarmARNs are the cluster's CloudWatch alarms.
	AlarmNames, AlarmARNs []string
	// RolloutCommand is what a deploy ends with, for use by hand.
	RolloutCommand string

	// The main resources, for overrides that no prop offers, such as
	// LoadBalancer.SetEnableHttp2(jsii.Bool(false)).
	LoadBalancer              lb.Lb
	Listener                  lblistener.LbListener // the one that forwards to TargetGroup
	TargetGroup               lbtargetgroup.LbTargetGroup
	AutoScalingGroup          autoscalinggroup.AutoscalingGroup
	LaunchTemplate            launchtemplate.LaunchTemplate
	InstanceRole              iamrole.IamRole
	LoadBalancerSecurityGroup securitygroup.SecurityGroup
	InstanceSecurityGroup     securitygroup.SecurityGroup

	scope  scope
	props  WebserverClusterProps
	region string
}

// cluster is what the steps of NewWebserverCluster share.
type cluster struct {
	scope
	props  WebserverClusterProps
	region string
}

// NewWebserverCluster makes a WebserverCluster called id in parent. It panics
// if props are not valid. The stack's AWS provider is to be there before: the command
// rollout takes its profile and the role that it assumes.
func NewWebserverCluster(parent constructs.Construct, id string, props WebserverClusterProps) *WebserverCluster {
	mustBeValid(id, props.Validate())
	props = props.withDefaults()
	c := cluster{scope: newScope(parent, id, props.Tags), props: props}
	c.region = *add(c.scope, "region", dataawsregion.NewDataAwsRegion, &dataawsregion.DataAwsRegionConfig{}).Name()

	groups := c.securityGroups()
	balancer := c.loadBalancer(groups)
	role, sessionManager := c.role()
	image, imageParameter := c.image()
	var application packed
	if props.Application != nil {
		application = c.application()
	}
	template := c.launchTemplate(image, role, groups.instances.Id(), application)
	alarms := c.targetAlarms(balancer)

	// What an instance needs from its first second on.
	paths := append(groups.rules, balancer.listener, sessionManager)
	if props.Database != nil {
		client := strings.TrimSuffix(c.prefix, "_")
		paths = append(paths, props.Database.connect(c.scope, client, client, *groups.instances.Id())...)
		if props.getsFacts() {
			paths = append(paths, props.Database.grantLogin(c.scope, role)...)
		}
	}
	if props.Application != nil {
		paths = append(paths, grant(c.scope, role, "fetch_application", []string{"s3:GetObject", "s3:GetObjectVersion"}, application.objects))
	}
	preferences := props.refreshPreferences(alarms.names())
	group := c.group(template, balancer, paths)
	c.scaling(group, balancer)
	rollout, rolledOut := c.rollout(group, template, preferences)
	alarms = append(alarms, c.balancerAlarms(balancer, rolledOut)...)
	alarms = append(alarms, c.groupAlarms(*group.Name())...)

	return &WebserverCluster{
		URL:                         balancer.url,
		LoadBalancerDNSName:         *balancer.lb.DnsName(),
		LoadBalancerHostedZoneID:    *balancer.lb.ZoneId(),
		LoadBalancerARN:             *balancer.lb.Arn(),
		LoadBalancerSecurityGroupID: *groups.balancer.Id(),
		TargetGroupARN:              *balancer.targets.Arn(),
		AutoScalingGroupName:        *group.Name(),
		AutoScalingGroupARN:         *group.Arn(),
		LaunchTemplateID:            *template.Id(),
		LaunchTemplateVersion:       *cdktf.Token_AsString(template.LatestVersion(), nil),
		InstanceSecurityGroupID:     *groups.instances.Id(),
		InstanceRoleName:            *role.Name(),
		ImageParameter:              imageParameter,
		ApplicationDigest:           application.digest,
		ApplicationParameter:        application.parameter,
		LogBucket:                   balancer.logs,
		AlarmNames:                  alarms.names(),
		AlarmARNs:                   alarms.arns(),
		RolloutCommand:              rollout,

		LoadBalancer:              balancer.lb,
		Listener:                  balancer.listener,
		TargetGroup:               balancer.targets,
		AutoScalingGroup:          group,
		LaunchTemplate:            template,
		InstanceRole:              role,
		LoadBalancerSecurityGroup: groups.balancer,
		InstanceSecurityGroup:     groups.instances,

		scope:  c.scope,
		props:  props,
		region: c.region,
	}
}

// AllowFrom lets the members of a security group, such as another cluster's
// InstanceSecurityGroupID, call the load balancer: ingress rules here and egress
// rules there. The client's name stands in the rules' names, such as "web".
func (c *WebserverCluster) AllowFrom(client, securityGroupID string) {
	role := labelRole("AllowFrom", client)
	for _, port := range c.props.listenerPorts() {
		connect(c.scope, connection{
			ingress: fmt.Sprintf("lb_%d_from_%s", port, role), ingressDescription: "HTTP(S) from " + client, server: c.LoadBalancerSecurityGroupID,
			egress: fmt.Sprintf("to_lb_%d_from_%s", port, role), egressDescription: client + " to the load balancer", client: securityGroupID,
			port: port,
		})
	}
}

// waitFor has the group's instances wait for a resource.
func (c *WebserverCluster) waitFor(resource cdktf.TerraformResource) {
	address := *resource.TerraformResourceType() + "." + *resource.FriendlyUniqueId()
	paths := append(*c.AutoScalingGroup.DependsOn(), &address)
	c.AutoScalingGroup.SetDependsOn(&paths)
}
