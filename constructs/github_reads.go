package constructs

import (
	"regexp"
	"strings"

	"example.com/webserver-cluster/internal/project"
)

// readActions are what the provider asks to refresh a state, by the prefix of the service.
// AWS lets most of them be asked of everything or of nothing; none tells a secret, nor what
// is in an object.
// https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
var readActions = []struct{ prefix, actions string }{
	{"acm", "DescribeCertificate ListTagsForCertificate"},
	{"autoscaling", "DescribeAutoScalingGroups DescribeInstanceRefreshes DescribeLoadBalancerTargetGroups DescribePolicies DescribeScalingActivities DescribeScheduledActions DescribeWarmPool"},
	{"cloudwatch", "DescribeAlarms GetDashboard ListTagsForResource"},
	{"ec2", "DescribeAddresses DescribeAddressesAttribute DescribeAvailabilityZones DescribeFlowLogs DescribeInstanceTypes DescribeInstances " +
		"DescribeInternetGateways DescribeLaunchTemplateVersions DescribeLaunchTemplates DescribeNatGateways DescribeNetworkAcls DescribeNetworkInterfaces " +
		"DescribeRouteTables DescribeSecurityGroupRules DescribeSecurityGroups DescribeSubnets DescribeVpcAttribute DescribeVpcs"},
	{"elasticloadbalancing", "DescribeCapacityReservation DescribeListenerAttributes DescribeListeners DescribeLoadBalancerAttributes DescribeLoadBalancers " +
		"DescribeTags DescribeTargetGroupAttributes DescribeTargetGroups DescribeTargetHealth"},
	{"iam", "GetInstanceProfile GetOpenIDConnectProvider GetPolicy GetPolicyVersion GetRole GetRolePolicy ListAttachedRolePolicies " +
		"ListInstanceProfilesForRole ListRolePolicies"},
	{"kms", "DescribeKey GetKeyPolicy GetKeyRotationStatus ListResourceTags"},
	{"logs", "DescribeLogGroups ListTagsForResource"},
	{"rds", "DescribeDBInstances DescribeDBParameterGroups DescribeDBParameters DescribeDBSnapshots DescribeDBSubnetGroups ListTagsForResource"},
	{"route53", "GetChange GetHostedZone ListHostedZones ListResourceRecordSets ListTagsForResource"},
	{"sns", "GetSubscriptionAttributes GetTopicAttributes ListTagsForResource"},
	{"ssm", "DescribeParameters ListTagsForResource"},
}

// bucketReads are what the provider asks of a bucket, of which it reads the objects' names, too.
const bucketReads = "GetAccelerateConfiguration GetBucketAcl GetBucketCORS GetBucketLogging GetBucketObjectLockConfiguration " +
	"GetBucketOwnershipControls GetBucketPolicy GetBucketPublicAccessBlock GetBucketRequestPayment GetBucketTagging GetBucketVersioning " +
	"GetBucketWebsite GetEncryptionConfiguration GetLifecycleConfiguration GetReplicationConfiguration ListBucket"

// reads are what reviews and deploys read besides states and what is an environment's own.
func (g gitHub) reads() []allow {
	var all []string
	for _, service := range readActions {
		all = append(all, actions(service.prefix, service.actions)...)
	}
	return []allow{
		{sid: "Read", actions: all, resources: []string{"*"}},
		{
			// Amazon's own parameters have no account.
			// https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-public-parameters.html
			sid: "ReadAmazonsImages", actions: actions("ssm", "GetParameter"), resources: []string{"arn:" + g.partition + ":ssm:" + g.Region + "::parameter/aws/service/*"},
		},
	}
}

// reviewReads are what a review reads besides, a deploy for its own environment alone: what is
// in parameters and objects, and how buckets and the lock table are set.
func (g gitHub) reviewReads() []allow {
	buckets := []string{g.bucket(g.StateBucket)}
	var parameters, objects []string
	for _, e := range g.Environments {
		if !e.here() {
			continue
		}
		name := g.Name + "-" + e.Name
		parameters = append(parameters, g.parameters(name)...)
		if e.ImageParameter != "" {
			parameters = append(parameters, g.parameter(e.ImageParameter))
		}
		buckets = append(buckets, g.bucket(name+"-*"))
		objects = append(objects, g.bucket(name+"-app-*/"+applicationKey))
	}
	reads := []allow{
		{sid: "ReadBuckets", actions: actions("s3", bucketReads), resources: buckets},
		{
			sid: "ReadTable", actions: actions("dynamodb", "DescribeContinuousBackups DescribeTable DescribeTimeToLive ListTagsOfResource"),
			resources: []string{g.arn("dynamodb", "table/"+g.LockTable)},
		},
	}
	if len(objects) > 0 {
		reads = append(reads,
			allow{sid: "ReadParameters", actions: actions("ssm", "GetParameter"), resources: parameters},
			// To ask for an object's version and tags is to read it.
			// https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html
			allow{sid: "ReadApplications", actions: actions("s3", "GetObject GetObjectTagging"), resources: objects},
		)
	}
	return reads
}

// reviewState are what a review reads of states, which "terraform plan -lock=false" neither
// locks nor writes, and of the digests beside them.
func (g gitHub) reviewState() []allow {
	keys := []string{g.StateKey}
	for _, e := range g.Environments {
		keys = append(keys, e.StateKey)
	}
	var objects, digests []string
	for _, key := range keys {
		objects = append(objects, g.bucket(g.StateBucket+"/"+key))
		digests = append(digests, project.DigestID(g.StateBucket, key))
	}
	return []allow{
		{sid: "ReadStates", actions: actions("s3", "GetObject"), resources: objects},
		{
			sid: "ReadDigests", actions: actions("dynamodb", "GetItem"), resources: []string{g.arn("dynamodb", "table/"+g.LockTable)},
			when: []condition{{"ForAllValues:StringEquals", "dynamodb:LeadingKeys", digests}},
		},
	}
}

// actions are the actions of a service in words.
func actions(prefix, words string) []string {
	list := strings.Fields(words)
	for i := range list {
		list[i] = prefix + ":" + list[i]
	}
	return list
}

// arn is that of a resource in the region and the account.
func (g gitHub) arn(service, resource string) string {
	return g.arnIn(service, g.Region, resource)
}

func (g gitHub) arnIn(service, region, resource string) string {
	return "arn:" + g.partition + ":" + service + ":" + region + ":" + g.account + ":" + resource
}

// parameter is the ARN of the SSM parameter with this name or ARN, of whatever version.
// https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-access.html
func (g gitHub) parameter(name string) string {
	name = parameterVersion.ReplaceAllString(name, "")
	if strings.HasPrefix(name, "arn:") {
		return name
	}
	return g.arn("ssm", "parameter/"+strings.TrimPrefix(name, "/"))
}

var parameterVersion = regexp.MustCompile(`:\d+$`)

func (g gitHub) bucket(name string) string { return "arn:" + g.partition + ":s3:::" + name }
