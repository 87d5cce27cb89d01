package constructs

import (
	"fmt"

	"github.com/aws/jsii-runtime-go"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/dataawsiampolicydocument"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/dataawspartition"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/iamrole"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/iamrolepolicy"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/iamrolepolicyattachment"
	"github.com/hashicorp/terraform-cdk-go/cdktf"
)

// role is what the instances may do in AWS: be reached by Session Manager.
func (c *cluster) role() (iamrole.IamRole, cdktf.ITerraformDependable) {
	partition := add(c.scope, "partition", dataawspartition.NewDataAwsPartition, &dataawspartition.DataAwsPartitionConfig{})
	role := add(c.scope, "role", iamrole.NewIamRole, &iamrole.IamRoleConfig{
		NamePrefix: jsii.String(namePrefix(c.props.Name, maxRoleNamePrefix)),
		// In China, EC2 is called otherwise than in all other partitions.
		// https://github.com/hashicorp/terraform-provider-aws/pull/47141
		AssumeRolePolicy: assumableBy(c.scope, "trust",
			fmt.Sprintf(`ec2.amazonaws.com${%s.partition == "aws-cn" ? ".cn" : ""}`, "data.aws_partition."+c.prefix+"partition")),
		PermissionsBoundary: optional(c.props.PermissionsBoundaryARN),
	})
	attachment := add(c.scope, "session_manager", iamrolepolicyattachment.NewIamRolePolicyAttachment, &iamrolepolicyattachment.IamRolePolicyAttachmentConfig{
		Role: role.Name(),
		// https://docs.aws.amazon.com/systems-manager/latest/userguide/setup-instance-permissions.html
		PolicyArn: jsii.String("arn:" + *partition.Partition() + ":iam::aws:policy/AmazonSSMManagedInstanceCore"),
	})
	return role, attachment
}

// Grant lets the instances do actions (such as "s3:GetObject") to resources, by
// their ARNs. The id tells the grant from the cluster's others. No instance
// starts before it has it. PermissionsBoundaryARN has to allow the actions, too.
func (c *WebserverCluster) Grant(id string, actions []string, resources ...string) {
	c.waitFor(grant(c.scope, c.InstanceRole, labelRole("Grant", id), actions, resources...))
}

// grant makes the policy of Grant.
func grant(s scope, role iamrole.IamRole, id string, actions []string, resources ...string) iamrolepolicy.IamRolePolicy {
	document := add(s, id, dataawsiampolicydocument.NewDataAwsIamPolicyDocument, &dataawsiampolicydocument.DataAwsIamPolicyDocumentConfig{
		Statement: []*dataawsiampolicydocument.DataAwsIamPolicyDocumentStatement{{
			Actions: jsii.Strings(actions...), Resources: jsii.Strings(resources...),
		}},
	})
	return add(s, id+"_policy", iamrolepolicy.NewIamRolePolicy, &iamrolepolicy.IamRolePolicyConfig{
		Name:   jsii.String(id),
		Role:   role.Id(),
		Policy: document.Json(),
	})
}
