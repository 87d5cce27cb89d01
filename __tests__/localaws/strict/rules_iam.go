package strict

import (
	"cmp"
	"encoding/json"
	"regexp"
	"slices"
	"strings"

	"github.com/hashicorp/aws-sdk-go-base/v2/endpoints"
)

func addIAMRules(g *Gate) {
	g.Add("iam", g.trust, "CreateRole", "UpdateAssumeRolePolicy")
	g.Add("iam", resourcePartition, "PutRolePolicy", "CreatePolicy", "CreatePolicyVersion")
	g.Add("iam", managedPolicy, "AttachRolePolicy", "AttachUserPolicy", "AttachGroupPolicy")
}

// partition is the id of the one that a region is in, as the AWS SDK has it.
func partition(region string) string {
	p, _ := endpoints.PartitionForRegion(endpoints.DefaultPartitions(), region)
	return cmp.Or(p.ID(), endpoints.AwsPartitionID)
}

// managedPolicy: AWS's own policies exist in each partition under its own name,
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html. IAM's
// requests of the aws partition are signed for us-east-1.
func managedPolicy(call Call) []Fault {
	arn, here := call.Text("PolicyArn"), partition(call.Request.Region)
	if !strings.HasPrefix(arn, "arn:"+here+":iam::") {
		return []Fault{Faultf("InvalidInput", "ARN %s is not valid: this partition is %s.", shorten(arn), here)}
	}
	return nil
}

// resourcePartition: the ARNs in a policy are of the partition that it is in. No
// page says so; the error, as users have met it:
// https://github.com/aws/chalice/issues/777.
func resourcePartition(call Call) []Fault {
	var faults []Fault
	here := partition(call.Request.Region)
	for _, m := range arnInPolicy.FindAllStringSubmatch(call.Text("PolicyDocument"), -1) {
		if m[2] != here {
			faults = append(faults, Faultf("MalformedPolicyDocument", `Partition "%s" is not valid for resource "%s".`, m[2], shorten(m[1])))
		}
	}
	return faults
}

var arnInPolicy = regexp.MustCompile(`"(arn:([a-z-]+):[^"]*)"`)

// trust: who may assume a role. A service is called SERVICE.amazonaws.com in
// every partition,
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html#principal-services.
// In China EC2 is ec2.amazonaws.com.cn, too: for years by that name only
// (https://docs.amazonaws.cn/en_us/aws/latest/userguide/iam.html,
// https://github.com/awsdocs/aws-step-functions-developer-guide/issues/37); a role
// for ec2.amazonaws.com was made there in 2022
// (https://github.com/awslabs/cdk-eks-blueprints/issues/558).
func (g *Gate) trust(call Call) []Fault {
	const code = "MalformedPolicyDocument"
	document := call.Text("AssumeRolePolicyDocument") + call.Text("PolicyDocument")
	var policy struct{ Statement json.RawMessage }
	if err := json.Unmarshal([]byte(document), &policy); err != nil {
		return []Fault{Faultf(code, "This policy contains invalid Json")}
	}
	type statement struct{ Principal json.RawMessage }
	var statements []statement
	if err := json.Unmarshal(policy.Statement, &statements); err != nil {
		statements = make([]statement, 1)
		if err := json.Unmarshal(policy.Statement, &statements[0]); err != nil {
			return []Fault{Faultf(code, "Syntax errors in policy.")}
		}
	}
	var faults []Fault
	for _, s := range statements {
		var principal struct{ Service any }
		if json.Unmarshal(s.Principal, &principal) != nil {
			continue // "*"
		}
		services, _ := principal.Service.([]any)
		if principal.Service != nil && services == nil {
			services = []any{principal.Service}
		}
		for _, service := range services {
			name, _ := service.(string)
			if !g.servicePrincipal(name, partition(call.Request.Region)) {
				faults = append(faults, Faultf(code, `Invalid principal in policy: "SERVICE":"%s"`, shorten(name)))
			}
		}
	}
	return faults
}

var principalForm = regexp.MustCompile(`^[a-z0-9][a-z0-9-]*(\.[a-z0-9-]+)*\.amazonaws\.com(\.cn)?$`)

// sameInChina are services that have no name ending in .cn:
// https://github.com/terraform-aws-modules/terraform-aws-rds-aurora/issues/437,
// https://github.com/terraform-aws-modules/terraform-aws-ecs/issues/124,
// https://github.com/mapbox/cloudfriend/issues/56.
var sameInChina = []string{"apigateway", "autoscaling", "cloudformation", "ecs-tasks", "lambda", "monitoring.rds", "s3"}

// otherPrincipals are services, or parts of one, that act under another name
// than their endpoint's, from the pages on their roles; no page lists them all.
var otherPrincipals = []string{
	"cloudwatch-crossaccount", "config-multiaccountsetup", "cloudwatch", "ec2fleet", "ecs-tasks", "edgelambda", "eks-fargate-pods", "eks-nodegroup", "pods",
	"malware-protection-plan", "servicecatalog-appregistry", "spot", "spotfleet", "ssm-incidents", "ssm-quicksetup", "vmie", "vpc-flow-logs", "vpc-lattice",
}

// servicePrincipal tells whether a name in a partition may be a service's: it is
// well formed, and one of its parts is the name of a service.
func (g *Gate) servicePrincipal(name, partition string) bool {
	inChina := strings.TrimSuffix(name, ".amazonaws.com.cn")
	if !principalForm.MatchString(name) || inChina != name && (partition != "aws-cn" || slices.Contains(sameInChina, inChina)) {
		return false
	}
	index, err := g.models.index()
	if err != nil {
		return true
	}
	parts := strings.Split(strings.TrimSuffix(strings.TrimSuffix(name, ".cn"), ".amazonaws.com"), ".")
	return slices.ContainsFunc(parts, func(part string) bool {
		return index[part] != nil || slices.Contains(otherPrincipals, part)
	})
}
