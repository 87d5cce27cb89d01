package rollout

// Permissions are the IAM actions that a rollout needs. It calls the first ones
// itself; the last three AWS asks for where a refresh has a launch template to start
// instances from:
// https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-launch-template-permissions.html
var Permissions = []string{
	"autoscaling:DescribeAutoScalingGroups",
	"autoscaling:DescribeInstanceRefreshes",
	"autoscaling:DescribeScalingActivities",
	"autoscaling:StartInstanceRefresh",
	"autoscaling:RollbackInstanceRefresh",
	"autoscaling:CancelInstanceRefresh",
	"elasticloadbalancing:DescribeTargetHealth",
	"cloudwatch:DescribeAlarms",
	"ec2:RunInstances",
	"ec2:CreateTags",
	"iam:PassRole",
}
