package constructs

import (
	"errors"
	"fmt"

	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/dataawscalleridentity"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/dataawspartition"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/dataawsregion"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/dbinstance"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/iamrole"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/iamrolepolicy"
	"github.com/hashicorp/terraform-cdk-go/cdktf"
)

// AllowFrom lets the members of a security group connect: an ingress rule
// here and an egress rule there. The client's name stands in the rules' names,
// such as "web". A cluster that names the database as its Database needs none.
//
// It panics for a database that exists already: that one has no place in a stack
// to put rules into.
func (m *MySQL) AllowFrom(client, securityGroupID string) {
	if m.scope.Construct == nil {
		panic(errors.New("AllowFrom: this database was not made by NewMySQL: name it as the cluster's Database, or make the rules beside it"))
	}
	m.connect(m.scope, labelRole("AllowFrom", client), client, securityGroupID)
}

// connect makes the rules of AllowFrom, with role in their names: with the database
// or, if that exists already, in the client's scope.
func (m *MySQL) connect(s scope, role, client, securityGroupID string) []cdktf.ITerraformDependable {
	if m.scope.Construct != nil {
		s = m.scope
	}
	return connect(s, connection{
		ingress: "from_" + role, ingressDescription: "MySQL from " + client, server: m.SecurityGroupID,
		egress: "to_mysql_from_" + role, egressDescription: client + " to MySQL", client: securityGroupID,
		port: m.Port,
	})
}

// GrantRead lets a cluster's instances read the secret with the master user's
// name and password. Those of a cluster with an Application or UserDataFrom, whose
// Database this is, may do so without it, unless there is an ApplicationUser.
func (m *MySQL) GrantRead(c *WebserverCluster) {
	// RDS encrypts it with the account's own key for Secrets Manager, which
	// whoever may read the secret may use.
	// https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html
	c.waitFor(m.grantRead(c.scope, c.InstanceRole))
}

// GrantConnect lets a cluster's instances log in as the ApplicationUser, with an IAM
// token. Those of a cluster with an Application or UserDataFrom, whose Database this
// is, may do so without it. It panics for a database without one.
func (m *MySQL) GrantConnect(c *WebserverCluster) {
	if m.ConnectARN == "" {
		panic(errors.New("GrantConnect: this database has no ApplicationUser, who logs in with IAM"))
	}
	c.waitFor(m.grantConnect(c.scope, c.InstanceRole))
}

// grantLogin lets servers log in as User. It returns nothing for a database that
// exists already and of which nobody said how.
func (m *MySQL) grantLogin(s scope, role iamrole.IamRole) []cdktf.ITerraformDependable {
	switch {
	case m.ConnectARN != "":
		return []cdktf.ITerraformDependable{m.grantConnect(s, role)}
	case m.SecretARN != "":
		return []cdktf.ITerraformDependable{m.grantRead(s, role)}
	}
	return nil
}

func (m *MySQL) grantRead(s scope, role iamrole.IamRole) iamrolepolicy.IamRolePolicy {
	return grant(s, role, "read_"+orDefault(m.scope.prefix, "database_")+"secret", []string{"secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"}, m.SecretARN)
}

func (m *MySQL) grantConnect(s scope, role iamrole.IamRole) iamrolepolicy.IamRolePolicy {
	return grant(s, role, "connect_to_"+orDefault(m.scope.prefix, "database_")+"user", []string{"rds-db:connect"}, m.ConnectARN)
}

// connectARN is a database user in an instance, as IAM knows it.
// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.IAMDBAuth.IAMPolicy.html
func connectARN(s scope, instance dbinstance.DbInstance, user string) string {
	partition := add(s, "partition", dataawspartition.NewDataAwsPartition, &dataawspartition.DataAwsPartitionConfig{})
	region := add(s, "region", dataawsregion.NewDataAwsRegion, &dataawsregion.DataAwsRegionConfig{})
	account := add(s, "account", dataawscalleridentity.NewDataAwsCallerIdentity, &dataawscalleridentity.DataAwsCallerIdentityConfig{})
	return fmt.Sprintf("arn:%s:rds-db:%s:%s:dbuser:%s/%s", *partition.Partition(), *region.Name(), *account.AccountId(), *instance.ResourceId(), user)
}
