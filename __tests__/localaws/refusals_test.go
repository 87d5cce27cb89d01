package localaws_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	autoscalingtypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	rdstypes "github.com/aws/aws-sdk-go-v2/service/rds/types"
	"github.com/aws/smithy-go"

	"example.com/webserver-cluster/tests/localaws"
)

// TestRefused sends what AWS refuses because of what there is, and what it takes.
func TestRefused(t *testing.T) {
	cloud := start(t)
	config := cloud.Config()
	t.Run("parameters", func(t *testing.T) { testParameters(t, cloud) })
	network := makeNetwork(t, config)
	t.Run("database", func(t *testing.T) { testDatabaseNetwork(t, config, network) })
	t.Run("load balancer", func(t *testing.T) { testBalancerNetwork(t, config, network) })
	t.Run("schedules", func(t *testing.T) { testSchedules(t, config, network) })
	t.Run("what is there", func(t *testing.T) { testThere(t, config, network) })
	t.Run("a rule of a group that is not there", func(t *testing.T) {
		_, err := ec2.NewFromConfig(config).AuthorizeSecurityGroupIngress(t.Context(), &ec2.AuthorizeSecurityGroupIngressInput{
			GroupId: &network.group, IpPermissions: []ec2types.IpPermission{{
				IpProtocol: aws.String("tcp"), FromPort: aws.Int32(80), ToPort: aws.Int32(80), UserIdGroupPairs: []ec2types.UserIdGroupPair{{GroupId: aws.String("sg-0123456789abcdef0")}},
			}},
		})
		refused(t, err, "InvalidGroup.NotFound", "sg-0123456789abcdef0")
	})
}

// refused checks that a call has failed with AWS's code, and a message that holds
// text; a code of "" that it has not failed.
func refused(t *testing.T, err error, code, text string) {
	t.Helper()
	if code == "" {
		if err != nil {
			t.Error(err)
		}
		return
	}
	var e smithy.APIError
	if !errors.As(err, &e) || e.ErrorCode() != code || !strings.Contains(e.ErrorMessage(), text) {
		t.Errorf("got %v, want %s: … %s …", err, code, text)
	}
}

func testParameters(t *testing.T, cloud *localaws.AWS) {
	ctx, client := t.Context(), rds.NewFromConfig(cloud.Config())
	for name, family := range map[string]string{"instance": "mysql8.4", "other": "mariadb11.4"} {
		must[*rds.CreateDBParameterGroupOutput](t)(client.CreateDBParameterGroup(ctx, &rds.CreateDBParameterGroupInput{
			DBParameterGroupName: aws.String(name), DBParameterGroupFamily: aws.String(family), Description: aws.String("test"),
		}))
	}
	const now, later = rdstypes.ApplyMethodImmediate, rdstypes.ApplyMethodPendingReboot
	for _, tt := range []struct {
		group, name, value string
		method             rdstypes.ApplyMethod
		code, text         string
	}{
		{"instance", "require_secure_transport", "ON", now, "InvalidParameterValue", "Invalid parameter value: ON for: require_secure_transport allowed values are: 0,1"},
		{"instance", "require_secure_transport", "1", now, "", ""},
		{"instance", "slow_query_log", "ON", now, "InvalidParameterValue", "allowed values are: 0,1"},
		{"instance", "slow_query_log", "1", now, "", ""},
		{"instance", "event_scheduler", "1", now, "InvalidParameterValue", "allowed values are: ON,OFF"},
		{"instance", "event_scheduler", "ON", now, "", ""},
		{"instance", "long_query_time", "fast", now, "InvalidParameterValue", "long_query_time"},
		{"instance", "long_query_time", "0.5", now, "", ""},
		{"instance", "max_connections", "100001", now, "InvalidParameterValue", "1-100000"},
		{"instance", "max_connections", "{DBInstanceClassMemory/12582880}", now, "", ""},
		{"instance", "gtid-mode", "ON", later, "", ""},
		{"instance", "performance_schema", "1", now, "InvalidParameterCombination", "cannot use immediate apply method for static parameter"},
		{"instance", "performance_schema", "1", later, "", ""},
		{"instance", "query_cache_size", "0", now, "InvalidParameterValue", "Could not find parameter with name: query_cache_size"},
		{"instance", "require_secure_transports", "1", now, "InvalidParameterValue", "Could not find parameter"},
		{"instance", "datadir", "/data", later, "InvalidParameterValue", "cannot be modified"},
		{"instance", "innodb_buffer_pool_size", "{DBInstanceClassMemory*3/4}", later, "", ""},
		{"other", "require_secure_transport", "ON", now, "", ""}, // a family of which nothing is known
	} {
		t.Run(fmt.Sprintf("%s %s=%s", tt.group, tt.name, tt.value), func(t *testing.T) {
			_, err := client.ModifyDBParameterGroup(ctx, &rds.ModifyDBParameterGroupInput{
				DBParameterGroupName: &tt.group,
				Parameters:           []rdstypes.Parameter{{ParameterName: &tt.name, ParameterValue: &tt.value, ApplyMethod: tt.method}},
			})
			refused(t, err, tt.code, tt.text)
		})
	}
	if told := cloud.Refused(); len(told) == 0 || told[0].Action != "ModifyDBParameterGroup" || !strings.Contains(told[0].String(), "require_secure_transport") {
		t.Errorf("told: %v", told)
	}
}

// network is two VPCs: subnets 0 and 1 of the first lie in one zone, 2 in another.
type network struct {
	vpc                string // the first
	subnets            []string
	elsewhere          []string // of the second, in two zones
	group, groupBeyond string   // security groups of the first and second
}

func makeNetwork(t *testing.T, config aws.Config) network {
	ctx, client := t.Context(), ec2.NewFromConfig(config)
	var n network
	for i, zones := range [][]string{{"a", "a", "b"}, {"a", "b"}} {
		vpc := must[*ec2.CreateVpcOutput](t)(client.CreateVpc(ctx, &ec2.CreateVpcInput{CidrBlock: aws.String(fmt.Sprintf("10.%d.0.0/16", 50+i))})).Vpc.VpcId
		group := must[*ec2.CreateSecurityGroupOutput](t)(client.CreateSecurityGroup(ctx, &ec2.CreateSecurityGroupInput{
			GroupName: aws.String("group"), Description: aws.String("test"), VpcId: vpc,
		})).GroupId
		var subnets []string
		for j, zone := range zones {
			subnets = append(subnets, *must[*ec2.CreateSubnetOutput](t)(client.CreateSubnet(ctx, &ec2.CreateSubnetInput{
				VpcId: vpc, CidrBlock: aws.String(fmt.Sprintf("10.%d.%d.0/24", 50+i, j)), AvailabilityZone: aws.String(config.Region + zone),
			})).Subnet.SubnetId)
		}
		if i == 0 {
			n.vpc, n.subnets, n.group = *vpc, subnets, *group
		} else {
			n.elsewhere, n.groupBeyond = subnets, *group
		}
	}
	return n
}

func testDatabaseNetwork(t *testing.T, config aws.Config, n network) {
	ctx, client := t.Context(), rds.NewFromConfig(config)
	group := func(name string, subnets ...string) error {
		_, err := client.CreateDBSubnetGroup(ctx, &rds.CreateDBSubnetGroupInput{DBSubnetGroupName: &name, DBSubnetGroupDescription: aws.String("test"), SubnetIds: subnets})
		return err
	}
	refused(t, group("one", n.subnets[0], n.subnets[1]), "DBSubnetGroupDoesNotCoverEnoughAZs", "2 AZs")
	refused(t, group("mixed", n.subnets[0], n.elsewhere[1]), "InvalidSubnet", "not all in the same VPC")
	refused(t, group("two", n.subnets[0], n.subnets[2]), "", "")
	_, err := client.ModifyDBSubnetGroup(ctx, &rds.ModifyDBSubnetGroupInput{DBSubnetGroupName: aws.String("two"), SubnetIds: n.elsewhere})
	refused(t, err, "InvalidSubnet", "not in the same Vpc")

	database := func(group string) error {
		_, err := client.CreateDBInstance(ctx, &rds.CreateDBInstanceInput{
			DBInstanceIdentifier: aws.String("d"), DBInstanceClass: aws.String("db.t4g.micro"), Engine: aws.String("mysql"), AllocatedStorage: aws.Int32(20),
			MasterUsername: aws.String("admin"), ManageMasterUserPassword: aws.Bool(true), DBSubnetGroupName: aws.String("two"), VpcSecurityGroupIds: []string{group},
		})
		return err
	}
	refused(t, database(n.groupBeyond), "InvalidVPCNetworkStateFault", "in different VPCs")
	refused(t, database(n.group), "", "")
	_, err = client.CreateDBSnapshot(ctx, &rds.CreateDBSnapshotInput{DBInstanceIdentifier: aws.String("d"), DBSnapshotIdentifier: aws.String("d-final")})
	refused(t, err, "", "")
	_, err = client.DeleteDBInstance(ctx, &rds.DeleteDBInstanceInput{DBInstanceIdentifier: aws.String("d"), FinalDBSnapshotIdentifier: aws.String("d-final")})
	refused(t, err, "DBSnapshotAlreadyExists", "d-final")
}

func testBalancerNetwork(t *testing.T, config aws.Config, n network) {
	balancer := func(name, group string, subnets ...string) error {
		_, err := elb.NewFromConfig(config).CreateLoadBalancer(t.Context(), &elb.CreateLoadBalancerInput{
			Name: &name, Type: elbtypes.LoadBalancerTypeEnumApplication, Subnets: subnets, SecurityGroups: []string{group},
		})
		return err
	}
	refused(t, balancer("one", n.group, n.subnets[0]), "ValidationError", "two different Availability Zones")
	refused(t, balancer("same", n.group, n.subnets...), "InvalidConfigurationRequest", "multiple subnets in the same Availability Zone")
	refused(t, balancer("beyond", n.groupBeyond, n.subnets[0], n.subnets[2]), "InvalidConfigurationRequest", n.groupBeyond)
	refused(t, balancer("two", n.group, n.subnets[0], n.subnets[2]), "", "")
}

func testSchedules(t *testing.T, config aws.Config, n network) {
	ctx, client := t.Context(), autoscaling.NewFromConfig(config)
	template := must[*ec2.CreateLaunchTemplateOutput](t)(ec2.NewFromConfig(config).CreateLaunchTemplate(ctx, &ec2.CreateLaunchTemplateInput{
		LaunchTemplateName: aws.String("scheduled"), LaunchTemplateData: &ec2types.RequestLaunchTemplateData{ImageId: aws.String("ami-12345678")},
	})).LaunchTemplate
	create := &autoscaling.CreateAutoScalingGroupInput{
		AutoScalingGroupName: aws.String("scheduled"), MinSize: aws.Int32(0), MaxSize: aws.Int32(2), VPCZoneIdentifier: &n.subnets[0],
		LaunchTemplate: &autoscalingtypes.LaunchTemplateSpecification{LaunchTemplateId: template.LaunchTemplateId, Version: aws.String("1")},
	}
	must[*autoscaling.CreateAutoScalingGroupOutput](t)(client.CreateAutoScalingGroup(ctx, create))
	_, err := client.CreateAutoScalingGroup(ctx, create)
	refused(t, err, "AlreadyExists", "A group with the name scheduled already exists")
	put := func(name, recurrence, zone string) error {
		_, err := client.PutScheduledUpdateGroupAction(ctx, &autoscaling.PutScheduledUpdateGroupActionInput{
			AutoScalingGroupName: aws.String("scheduled"), ScheduledActionName: &name, Recurrence: &recurrence, TimeZone: &zone, MinSize: aws.Int32(1),
		})
		return err
	}
	refused(t, put("morning", "0 7 * * *", "Etc/UTC"), "", "")
	refused(t, put("morning", "0 7 * * *", "Etc/UTC"), "", "") // itself
	refused(t, put("evening", "0 20 * * *", "Etc/UTC"), "", "")
	refused(t, put("as well", "00 7 * * *", "Etc/UTC"), "AlreadyExists", "morning")
	refused(t, put("elsewhere", "0 16 * * *", "Asia/Tokyo"), "AlreadyExists", "morning") // 7:00 UTC
}

// testThere: names that are taken, things that are protected or in use. Some of
// this moto refuses by itself; it must not be lost with another moto.
func testThere(t *testing.T, config aws.Config, n network) {
	ctx, balancers, databases := t.Context(), elb.NewFromConfig(config), rds.NewFromConfig(config)
	_, err := ec2.NewFromConfig(config).CreateSubnet(ctx, &ec2.CreateSubnetInput{VpcId: aws.String(n.vpc), CidrBlock: aws.String("10.99.0.0/24")})
	refused(t, err, "InvalidSubnet.Range", "10.99.0.0/24")

	create := &elb.CreateLoadBalancerInput{
		Name: aws.String("kept"), Type: elbtypes.LoadBalancerTypeEnumApplication, Subnets: []string{n.subnets[0], n.subnets[2]}, SecurityGroups: []string{n.group},
	}
	arn := must[*elb.CreateLoadBalancerOutput](t)(balancers.CreateLoadBalancer(ctx, create)).LoadBalancers[0].LoadBalancerArn
	other := *create
	other.Scheme = elbtypes.LoadBalancerSchemeEnumInternal
	_, err = balancers.CreateLoadBalancer(ctx, &other)
	refused(t, err, "DuplicateLoadBalancerName", "kept")
	must[*elb.ModifyLoadBalancerAttributesOutput](t)(balancers.ModifyLoadBalancerAttributes(ctx, &elb.ModifyLoadBalancerAttributesInput{
		LoadBalancerArn: arn, Attributes: []elbtypes.LoadBalancerAttribute{{Key: aws.String("deletion_protection.enabled"), Value: aws.String("true")}},
	}))
	_, err = balancers.DeleteLoadBalancer(ctx, &elb.DeleteLoadBalancerInput{LoadBalancerArn: arn})
	refused(t, err, "OperationNotPermitted", "")

	database := &rds.CreateDBInstanceInput{
		DBInstanceIdentifier: aws.String("kept"), DBInstanceClass: aws.String("db.t4g.micro"), Engine: aws.String("mysql"), AllocatedStorage: aws.Int32(20),
		MasterUsername: aws.String("admin"), ManageMasterUserPassword: aws.Bool(true), DeletionProtection: aws.Bool(true),
		DBSubnetGroupName: aws.String("kept"), DBParameterGroupName: aws.String("kept"),
	}
	subnetGroup := &rds.CreateDBSubnetGroupInput{
		DBSubnetGroupName: aws.String("kept"), DBSubnetGroupDescription: aws.String("test"), SubnetIds: []string{n.subnets[0], n.subnets[2]},
	}
	must[*rds.CreateDBSubnetGroupOutput](t)(databases.CreateDBSubnetGroup(ctx, subnetGroup))
	_, err = databases.CreateDBSubnetGroup(ctx, subnetGroup)
	refused(t, err, "DBSubnetGroupAlreadyExists", "kept")
	must[*rds.CreateDBParameterGroupOutput](t)(databases.CreateDBParameterGroup(ctx, &rds.CreateDBParameterGroupInput{
		DBParameterGroupName: aws.String("kept"), DBParameterGroupFamily: aws.String("mysql8.4"), Description: aws.String("test"),
	}))
	must[*rds.CreateDBInstanceOutput](t)(databases.CreateDBInstance(ctx, database))
	_, err = databases.CreateDBInstance(ctx, database)
	refused(t, err, "DBInstanceAlreadyExists", "")
	_, err = databases.DeleteDBInstance(ctx, &rds.DeleteDBInstanceInput{DBInstanceIdentifier: database.DBInstanceIdentifier, SkipFinalSnapshot: aws.Bool(true)})
	refused(t, err, "InvalidParameterCombination", "deletion protection")
	_, err = databases.DeleteDBSubnetGroup(ctx, &rds.DeleteDBSubnetGroupInput{DBSubnetGroupName: subnetGroup.DBSubnetGroupName})
	refused(t, err, "InvalidDBSubnetGroupStateFault", "kept")
	_, err = databases.DeleteDBParameterGroup(ctx, &rds.DeleteDBParameterGroupInput{DBParameterGroupName: aws.String("kept")})
	refused(t, err, "InvalidDBParameterGroupState", "kept")
	must[*rds.ModifyDBInstanceOutput](t)(databases.ModifyDBInstance(ctx, &rds.ModifyDBInstanceInput{DBInstanceIdentifier: database.DBInstanceIdentifier, DeletionProtection: aws.Bool(false)}))
	must[*rds.DeleteDBInstanceOutput](t)(databases.DeleteDBInstance(ctx, &rds.DeleteDBInstanceInput{DBInstanceIdentifier: database.DBInstanceIdentifier, SkipFinalSnapshot: aws.Bool(true)}))
	must[*rds.DeleteDBSubnetGroupOutput](t)(databases.DeleteDBSubnetGroup(ctx, &rds.DeleteDBSubnetGroupInput{DBSubnetGroupName: subnetGroup.DBSubnetGroupName}))
}
