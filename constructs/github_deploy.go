package constructs

import (
	"strings"

	"example.com/webserver-cluster/internal/project"
)

// deployer is what the policies of an environment's deploy are made from.
type deployer struct {
	gitHub
	environment GitHubEnvironment
	name        string // how the names of its resources begin
}

func (g gitHub) deploy(e GitHubEnvironment) deployer { return deployer{g, e, g.Name + "-" + e.Name} }

// asked are the conditions that what is made gets the environment's tags, and its that what
// is there has them.
func (d deployer) asked() []condition { return d.tagged("aws:RequestTag/") }
func (d deployer) its() []condition   { return d.tagged("aws:ResourceTag/") }

func (d deployer) tagged(key string) []condition {
	return []condition{
		{"StringEquals", key + project.ProjectTag, []string{d.Name}},
		{"StringEquals", key + project.EnvironmentTag, []string{d.environment.Name}},
	}
}

// untagged are the conditions that what is there has neither of the environment's tags: for
// what a service tags only after it has made it, and asks for before.
func untagged() []condition {
	return []condition{
		{"Null", "aws:ResourceTag/" + project.ProjectTag, []string{"true"}},
		{"Null", "aws:ResourceTag/" + project.EnvironmentTag, []string{"true"}},
	}
}

// ec2 are the ARNs of EC2's resources of some kinds.
func (d deployer) ec2(kinds string) []string {
	var list []string
	for _, kind := range strings.Fields(kinds) {
		list = append(list, d.arn("ec2", kind+"/*"))
	}
	return list
}

// state lets it read and write its state, its lock and its digest, and no others', and see
// what "state check" looks at.
// https://developer.hashicorp.com/terraform/language/backend/s3#permissions-required
func (d deployer) state() []allow {
	object := d.bucket(d.StateBucket + "/" + d.environment.StateKey)
	probe := d.bucket(d.StateBucket + "/" + project.ProbeKey)
	table := []string{d.arn("dynamodb", "table/"+d.LockTable)}
	return []allow{
		{sid: "State", actions: actions("s3", "GetObject GetObjectVersion PutObject"), resources: []string{object, object + project.LockSuffix}},
		{sid: "Unlock", actions: actions("s3", "DeleteObject"), resources: []string{object + project.LockSuffix}},
		{sid: "Probe", actions: actions("s3", "PutObject DeleteObject"), resources: []string{probe}},
		{
			// The names of states are no secret: S3 says that there is none only to who may list
			// the bucket, and "state unlock" then looks which there are. So no prefix is asked for.
			// https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
			sid: "Bucket", resources: []string{d.bucket(d.StateBucket)},
			actions: actions("s3", "GetBucketPolicy GetBucketPublicAccessBlock GetBucketVersioning ListBucket ListBucketVersions"),
		},
		{sid: "Table", actions: actions("dynamodb", "DescribeTable"), resources: table},
		{
			// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html
			sid: "Lock", actions: actions("dynamodb", "GetItem PutItem DeleteItem"), resources: table,
			when: []condition{{"ForAllValues:StringEquals", "dynamodb:LeadingKeys", []string{
				project.LockID(d.StateBucket, d.environment.StateKey), project.DigestID(d.StateBucket, d.environment.StateKey), project.ProbeKey,
			}}},
		},
	}
}

// findMade lets "state unlock" look for what a killed deploy made and did not record.
func (d deployer) findMade() allow {
	return allow{
		sid: "FindMade", resources: []string{"*"},
		actions: append(actions("iam", "ListInstanceProfiles ListRoleTags ListRoles"), "ec2:DescribeTags", "tag:GetResources"),
	}
}

// network lets it make and change what EC2 has, which has ids and tags.
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/supported-iam-actions-tagging.html
func (d deployer) network() []allow {
	return []allow{
		{
			sid: "Make", actions: actions("ec2", "AllocateAddress CreateFlowLogs CreateInternetGateway CreateLaunchTemplate CreateNatGateway CreateRouteTable "+
				"CreateSecurityGroup CreateSubnet CreateVpc AuthorizeSecurityGroupEgress AuthorizeSecurityGroupIngress RunInstances"),
			resources: d.ec2("elastic-ip instance internet-gateway launch-template natgateway network-interface route-table security-group security-group-rule subnet volume vpc vpc-flow-log"),
			when:      d.asked(),
		},
		{
			sid: "TagMade", actions: actions("ec2", "CreateTags"), resources: d.ec2("*"),
			when: []condition{{"StringEquals", "ec2:CreateAction", strings.Fields("AllocateAddress AuthorizeSecurityGroupEgress AuthorizeSecurityGroupIngress CreateFlowLogs " +
				"CreateInternetGateway CreateLaunchTemplate CreateNatGateway CreateRouteTable CreateSecurityGroup CreateSubnet CreateVpc RunInstances")}},
		},
		{
			sid: "Change", actions: actions("ec2", "AssociateRouteTable AttachInternetGateway AuthorizeSecurityGroupEgress AuthorizeSecurityGroupIngress "+
				"CreateFlowLogs CreateLaunchTemplateVersion CreateNatGateway CreateRoute CreateRouteTable CreateSecurityGroup CreateSubnet CreateTags "+
				"DeleteFlowLogs DeleteInternetGateway DeleteLaunchTemplate DeleteNatGateway DeleteRoute DeleteRouteTable DeleteSecurityGroup DeleteSubnet "+
				"DeleteTags DeleteVpc DetachInternetGateway DisassociateAddress DisassociateRouteTable ModifyLaunchTemplate ModifySecurityGroupRules "+
				"ModifySubnetAttribute ModifyVpcAttribute ReleaseAddress ReplaceRoute ReplaceRouteTableAssociation "+
				"RevokeSecurityGroupEgress RevokeSecurityGroupIngress RunInstances"),
			resources: d.ec2("*"), when: d.its(),
		},
		// AWS asks whoever gives a group a launch template for what launching takes.
		// https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-launch-template-permissions.html
		{sid: "Launch", actions: actions("ec2", "RunInstances"), resources: []string{"arn:" + d.partition + ":ec2:" + d.Region + "::image/*"}},
		{
			// A VPC comes with a security group that has no tags; the deploy takes its rules
			// away, and gives it tags first.
			sid: "TagDefaultSecurityGroup", actions: actions("ec2", "CreateTags"), resources: d.ec2("security-group"),
			when: append(d.asked(), untagged()...),
		},
	}
}

// servers lets it make and change the load balancer, by name, its target groups, whose names
// are too short to tell an environment by, and the Auto Scaling group.
func (d deployer) servers() []allow {
	balancer := []string{d.arn("elasticloadbalancing", "loadbalancer/app/"+d.name+"/*"), d.arn("elasticloadbalancing", "listener/app/"+d.name+"/*")}
	targets := []string{d.arn("elasticloadbalancing", "targetgroup/*")}
	groups := []string{d.arn("autoscaling", "autoScalingGroup:*:autoScalingGroupName/"+d.name+"-*")}
	return []allow{
		{
			sid: "Balancer", resources: balancer,
			actions: actions("elasticloadbalancing", "AddTags CreateListener CreateLoadBalancer DeleteListener DeleteLoadBalancer ModifyListener "+
				"ModifyListenerAttributes ModifyLoadBalancerAttributes RemoveTags SetIpAddressType SetSecurityGroups SetSubnets"),
		},
		{sid: "MakeTargets", actions: actions("elasticloadbalancing", "CreateTargetGroup"), resources: targets, when: d.asked()},
		{
			sid: "TagTargets", actions: actions("elasticloadbalancing", "AddTags"), resources: targets,
			when: []condition{{"StringEquals", "elasticloadbalancing:CreateAction", []string{"CreateTargetGroup"}}},
		},
		{sid: "Targets", actions: actions("elasticloadbalancing", "AddTags DeleteTargetGroup ModifyTargetGroup ModifyTargetGroupAttributes RemoveTags"), resources: targets, when: d.its()},
		{
			// Only with a version by its number: of $Latest and $Default, AWS asks for what a launch
			// takes now, and not when a version comes that takes more.
			// https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-launch-template-permissions.html
			sid: "LaunchGroup", actions: actions("autoscaling", "CreateAutoScalingGroup UpdateAutoScalingGroup"), resources: groups,
			when: []condition{{"BoolIfExists", "autoscaling:LaunchTemplateVersionSpecified", []string{"true"}}},
		},
		{
			sid: "Group", resources: groups,
			actions: actions("autoscaling", "CancelInstanceRefresh CreateOrUpdateTags DeleteAutoScalingGroup DeletePolicy DeleteScheduledAction "+
				"DeleteTags DisableMetricsCollection EnableMetricsCollection PutScalingPolicy PutScheduledUpdateGroupAction RollbackInstanceRefresh "+
				"StartInstanceRefresh "+
				// What brings the group back to the code after somebody has helped out by hand.
				"AttachLoadBalancerTargetGroups DetachLoadBalancerTargetGroups ResumeProcesses SuspendProcesses"),
		},
		{
			// Only with the boundary, which limits what a role's policies can give it: one without,
			// made before there was any, is not even to trust somebody else.
			// https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html#access_policies_boundaries-delegate
			sid: "MakeRoles", actions: actions("iam", "AttachRolePolicy CreateRole DeleteRole DeleteRolePolicy DetachRolePolicy PutRolePermissionsBoundary PutRolePolicy "+
				"UpdateAssumeRolePolicy UpdateRole"),
			resources: d.roles(), when: []condition{{"StringEquals", "iam:PermissionsBoundary", []string{d.arnIn("iam", "", "policy"+gitHubPath+boundaryName(d.name))}}},
		},
		{sid: "TagRoles", actions: actions("iam", "TagRole UntagRole"), resources: d.roles()},
		{
			sid: "Profiles", resources: []string{d.arnIn("iam", "", "instance-profile/"+d.name+"-*")},
			actions: actions("iam", "AddRoleToInstanceProfile CreateInstanceProfile DeleteInstanceProfile RemoveRoleFromInstanceProfile TagInstanceProfile UntagInstanceProfile"),
		},
		{
			sid: "PassRoles", actions: actions("iam", "PassRole"), resources: d.roles(),
			when: []condition{{"StringEquals", "iam:PassedToService", strings.Fields("ec2.amazonaws.com ec2.amazonaws.com.cn vpc-flow-logs.amazonaws.com")}},
		},
		{
			// Once an account, by the first deploy.
			// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create-service-linked-role.html
			sid: "ServiceRoles", actions: actions("iam", "CreateServiceLinkedRole"), resources: []string{d.arnIn("iam", "", "role/aws-service-role/*")},
			when: []condition{{"StringEquals", "iam:AWSServiceName", strings.Fields("autoscaling.amazonaws.com elasticloadbalancing.amazonaws.com rds.amazonaws.com")}},
		},
	}
}

func (d deployer) roles() []string { return []string{d.arnIn("iam", "", "role/"+d.name+"-*")} }
