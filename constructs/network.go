package constructs

import (
	"fmt"

	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/cloudwatchloggroup"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/dataawsavailabilityzones"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/dataawsiampolicydocument"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/defaultsecuritygroup"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/flowlog"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/iamrole"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/iamrolepolicy"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/internetgateway"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/route"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/vpc"
	"github.com/hashicorp/terraform-cdk-go/cdktf"
)

// NAT says how private subnets reach the internet.
type NAT string

const (
	// NATNone gives private subnets no way out: no cost, but no package
	// updates and no Session Manager either.
	NATNone NAT = "none"
	// NATSingle is one NAT gateway for all zones: the cheapest way out, lost
	// for all zones when its zone is lost.
	NATSingle NAT = "single"
	// NATPerZone is one NAT gateway in each zone: no zone depends on another.
	NATPerZone NAT = "per-zone"
)

const (
	// An Auto Scaling group and a DB subnet group both want two zones, and no
	// AWS region has more than six.
	minZones, maxZones = 2, 6

	// Every subnet takes 1/32 of the VPC's block: 2 bits choose the tier, 3
	// bits the zone. The layout does not depend on the number of zones, so
	// that a zone added later moves no subnet that exists.
	subnetBits, zoneBits = 5, 3
)

// NetworkProps says what a Network is like. Only Name and CIDR are required. A change
// adds or takes away; it moves nothing that exists.
type NetworkProps struct {
	// Name starts the name of everything in the network, such as
	// "webservers-stage". Required.
	Name string
	// CIDR is the VPC's IPv4 block, /16 to /22, such as "10.10.0.0/16".
	// Every subnet gets 1/32 of it. It cannot change once the VPC exists: a
	// plan with another one fails. Required.
	CIDR string
	// ZoneCount is the number of Availability Zones, 2 to 6: the first ones of
	// the region's list as it was when the network was made. Default 2. Leave
	// it out when Zones is given.
	ZoneCount int
	// Zones names the Availability Zones, such as "eu-central-1a" (not their
	// ids, such as "euc1-az2"), all of the provider's region. Default:
	// ZoneCount zones of the region's list. The zone of a subnet that exists
	// cannot change: a plan with another one fails.
	Zones []string
	// NAT is the private subnets' way out. Default NATSingle.
	NAT NAT
	// FlowLogRetentionDays is how long flow logs are kept, in days: one of the
	// values that CloudWatch Logs takes. Default 30.
	FlowLogRetentionDays int
	// PermissionsBoundaryARN is the IAM policy that limits what the flow logs' role can do,
	// whatever its own policies say. Default: none.
	PermissionsBoundaryARN string
	// Tags are for everything in the network; they win over the provider's
	// default_tags. Default: none besides Name.
	Tags map[string]string
}

// Network is a VPC with three tiers of subnets, one of each in every zone:
//
//	public    internet gateway             load balancer, NAT gateways
//	private   NAT gateway (or none)        instances
//	database  no route out of the VPC      database
//
// Its default security group lets nothing through, and its flow logs go to
// CloudWatch Logs.
//
// A network that exists already is a literal: &Network{VPCID: "vpc-…",
// PublicSubnetIDs: …, PrivateSubnetIDs: …, DatabaseSubnetIDs: …}. Its instances
// need a way to AWS's services: a NAT gateway or VPC endpoints.
type Network struct {
	// VPCID is the VPC, and the others are the subnets of each tier in it, one
	// in each zone, in the zones' order.
	VPCID             string
	PublicSubnetIDs   []string
	PrivateSubnetIDs  []string
	DatabaseSubnetIDs []string

	// VPC is the main resource, for overrides; nil for a network that exists
	// already.
	VPC vpc.Vpc
}

func (p NetworkProps) withDefaults() NetworkProps {
	if len(p.Zones) == 0 {
		p.ZoneCount = orDefault(p.ZoneCount, minZones)
	}
	p.NAT = orDefault(p.NAT, NATSingle)
	p.FlowLogRetentionDays = orDefault(p.FlowLogRetentionDays, 30)
	return p
}

// NewNetwork makes a Network called id in parent. It panics if props are not
// valid.
func NewNetwork(parent constructs.Construct, id string, props NetworkProps) *Network {
	mustBeValid(id, props.Validate())
	props = props.withDefaults()
	s := newScope(parent, id, props.Tags)

	v := add(s, "vpc", vpc.NewVpc, &vpc.VpcConfig{
		CidrBlock:          jsii.String(props.CIDR),
		EnableDnsSupport:   jsii.Bool(true),
		EnableDnsHostnames: jsii.Bool(true),
		Tags:               nameTag(props.Name),
		// Another block would be another VPC, and neither a load balancer nor a
		// database can move there: AWS would refuse half-way through.
		Lifecycle: fixed("cidr_block", props.CIDR, "The CIDR of a VPC"),
	})
	// Whoever forgets to name a security group gets this one. Without rules it
	// lets nothing in or out.
	add(s, "default_security_group", defaultsecuritygroup.NewDefaultSecurityGroup, &defaultsecuritygroup.DefaultSecurityGroupConfig{
		VpcId: v.Id(),
		Tags:  nameTag(props.Name + "-default-closed"),
	})
	igw := add(s, "internet_gateway", internetgateway.NewInternetGateway, &internetgateway.InternetGatewayConfig{
		VpcId: v.Id(),
		Tags:  nameTag(props.Name),
	})

	n := network{scope: s, props: props, vpcID: v.Id(), zones: zoneNames(s, props)}

	public := n.associate(publicTier, n.subnets(publicTier),
		n.routes("public", &route.RouteConfig{GatewayId: igw.Id()}))

	// One private table for each zone even with a single NAT gateway, so that
	// going from single to per-zone changes routes and replaces nothing.
	gateways := n.natGateways(public)
	tables := make([]routes, len(n.zones))
	for i := range tables {
		var out *route.RouteConfig
		if len(gateways) > 0 {
			out = &route.RouteConfig{NatGatewayId: gateways[i%len(gateways)]}
		}
		tables[i] = n.routes(fmt.Sprintf("private_%d", i+1), out)
	}
	private := n.associate(privateTier, n.subnets(privateTier), tables...)

	// The database tier's table has no routes but the VPC's own.
	database := n.associate(databaseTier, n.subnets(databaseTier), n.routes("database", nil))
	n.flowLogs()

	return &Network{
		VPCID:             *v.Id(),
		PublicSubnetIDs:   public,
		PrivateSubnetIDs:  private,
		DatabaseSubnetIDs: database,
		VPC:               v,
	}
}

// network is what the steps of NewNetwork share.
type network struct {
	scope
	props NetworkProps
	vpcID *string
	zones []string
}

// zoneNames are the names of the zones, or references to the region's list as it
// was when the network was made.
func zoneNames(s scope, props NetworkProps) []string {
	if len(props.Zones) > 0 {
		return props.Zones
	}
	// Local Zones and Wavelength Zones have to be opted in to and do not offer
	// all of what a cluster needs.
	available := add(s, "available_zones", dataawsavailabilityzones.NewDataAwsAvailabilityZones, &dataawsavailabilityzones.DataAwsAvailabilityZonesConfig{
		State: jsii.String("available"),
		Filter: []*dataawsavailabilityzones.DataAwsAvailabilityZonesFilter{{
			Name: jsii.String("opt-in-status"), Values: jsii.Strings("opt-in-not-required"),
		}},
	})
	// A zone in trouble leaves the region's list, and a new one may come in front.
	// Neither may move a subnet that exists, nor a later one into a zone that is
	// taken: the list of the first deploy stays.
	chosen := remember(s, "zones", cdktf.Token_AsString(available.Names(), nil))
	names := make([]string, props.ZoneCount)
	for i := range names {
		// An index, not element(): that wraps around in a region with too few
		// zones and would put two subnets into one zone without a word.
		names[i] = fmt.Sprintf("${%s[%d]}", chosen, i)
	}
	return names
}

// flowLogs records every connection attempt of the VPC in CloudWatch Logs.
func (n *network) flowLogs() {
	logs := add(n.scope, "flow_logs", cloudwatchloggroup.NewCloudwatchLogGroup, &cloudwatchloggroup.CloudwatchLogGroupConfig{
		Name:            jsii.String("/vpc/" + n.props.Name + "/flow-logs"),
		RetentionInDays: jsii.Number(n.props.FlowLogRetentionDays),
	})
	role := add(n.scope, "flow_logs_role", iamrole.NewIamRole, &iamrole.IamRoleConfig{
		NamePrefix:          jsii.String(namePrefix(n.props.Name+"-flow-logs", maxRoleNamePrefix)),
		AssumeRolePolicy:    assumableBy(n.scope, "flow_logs_trust", "vpc-flow-logs.amazonaws.com"),
		PermissionsBoundary: optional(n.props.PermissionsBoundaryARN),
	})
	// https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-iam-role.html
	// without CreateLogGroup: the group is made here.
	policy := add(n.scope, "flow_logs_write", dataawsiampolicydocument.NewDataAwsIamPolicyDocument, &dataawsiampolicydocument.DataAwsIamPolicyDocumentConfig{
		Statement: []*dataawsiampolicydocument.DataAwsIamPolicyDocumentStatement{{
			Actions:   jsii.Strings("logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams"),
			Resources: jsii.Strings(*logs.Arn() + ":*"),
		}},
	})
	add(n.scope, "flow_logs_write_policy", iamrolepolicy.NewIamRolePolicy, &iamrolepolicy.IamRolePolicyConfig{
		Name:   jsii.String("write"),
		Role:   role.Id(),
		Policy: policy.Json(),
	})
	add(n.scope, "flow_log", flowlog.NewFlowLog, &flowlog.FlowLogConfig{
		VpcId:              n.vpcID,
		TrafficType:        jsii.String("ALL"),
		LogDestinationType: jsii.String("cloud-watch-logs"),
		LogDestination:     logs.Arn(),
		IamRoleArn:         role.Arn(),
		Tags:               nameTag(n.props.Name),
	})
}
