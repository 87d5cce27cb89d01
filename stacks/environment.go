// Package stacks says what is deployed: the state store, and the environments
// stage and prod. An environment is a literal of type Environment; one
// constructor makes every environment's stack from it.
package stacks

import (
	"net/netip"
	"regexp"
	"strconv"

	"example.com/webserver-cluster/constructs"
	// Whoever makes a stack gets a jsii that starts fast.
	_ "example.com/webserver-cluster/internal/fastjsii"
	"example.com/webserver-cluster/internal/faults"
	"example.com/webserver-cluster/internal/settings"
	"github.com/hashicorp/terraform-cdk-go/cdktf"
)

// Environment says how an environment differs from the defaults of its parts.
// What follows from the environment's name and from other parts (the parts'
// names, the VPC, the subnets, the database on the page, the topic of the
// alarms) is filled in by NewEnvironment.
type Environment struct {
	// Name is the environment's and its stack's name: lower-case letters and
	// digits, a letter first.
	Name     string
	Network  constructs.NetworkProps
	Cluster  constructs.WebserverClusterProps
	Database constructs.MySQLProps
}

// Environments are all environments of the app.
func Environments() []Environment { return []Environment{Stage, Prod} }

// named is the environment with everything that follows from names filled in.
func (e Environment) named(s settings.Settings) Environment {
	name := s.Project + "-" + e.Name
	e.Network.Name, e.Cluster.Name, e.Database.Name = name, name, name
	e.Cluster.Environment = e.Name
	return e
}

func (e Environment) alerts(s settings.Settings) constructs.AlertsProps {
	return constructs.AlertsProps{Name: e.Cluster.Name, Email: s.AlertEmail}
}

var environmentName = regexp.MustCompile(`^[a-z][a-z0-9]*$`)

// Validate returns every fault of the settings' values and of the environments
// together, or nil. It takes milliseconds; nothing is made yet.
func Validate(s settings.Settings, environments []Environment) error {
	var f faults.List
	f.In(StateStackID, stateStore(s).Validate())
	names := map[string]bool{StateStackID: true}
	type owner struct {
		name  string
		block netip.Prefix
	}
	var blocks []owner
	for _, e := range environments {
		if !environmentName.MatchString(e.Name) {
			f.Add("environment.Name", e.Name, "must be lower-case letters and digits, a letter first")
			continue
		}
		if names[e.Name] {
			f.Add("environment.Name", e.Name, "is the name of another stack")
		}
		names[e.Name] = true

		e = e.named(s)
		f.In(e.Name+".Network", e.Network.Validate())
		f.In(e.Name+".Cluster", e.Cluster.Validate())
		f.In(e.Name+".Database", e.Database.Validate())
		f.In(e.Name+".Alerts", e.alerts(s).Validate())

		// Overlapping networks can never be connected, and by the time that
		// one wants to, both are full of servers.
		if block, err := netip.ParsePrefix(e.Network.CIDR); err == nil {
			for _, other := range blocks {
				if block.Overlaps(other.block) {
					f.Add(e.Name+".Network.CIDR", e.Network.CIDR, "overlaps %v of %s", other.block, other.name)
				}
			}
			blocks = append(blocks, owner{e.Name, block})
		}
	}
	return f.Err()
}

// NewEnvironment makes an environment's stack: a network, a MySQL database and
// a cluster of web servers that may connect to it.
func NewEnvironment(app cdktf.App, s settings.Settings, environment Environment) cdktf.TerraformStack {
	e := environment.named(s)
	stack := newStack(app, e.Name, s)
	useS3Backend(stack, e.Name, s)

	alerts := constructs.NewAlerts(stack, "alerts", e.alerts(s))
	network := constructs.NewNetwork(stack, "network", e.Network)

	e.Database.VPCID = network.VPCID
	e.Database.SubnetIDs = network.DatabaseSubnetIDs
	database := constructs.NewMySQL(stack, "mysql", e.Database)

	e.Cluster.VPCID = network.VPCID
	e.Cluster.PublicSubnetIDs = network.PublicSubnetIDs
	e.Cluster.PrivateSubnetIDs = network.PrivateSubnetIDs
	e.Cluster.DatabaseAddress = database.Address
	e.Cluster.DatabasePort = database.Port
	e.Cluster.AlarmTopicARN = alerts.TopicARN
	e.Cluster.Tags = defaultTags(s, e.Name)
	web := constructs.NewWebserverCluster(stack, "web", e.Cluster)
	database.AllowFrom("web", web.SecurityGroupID)
	rollout := addRollout(stack, s, web)

	outputs := []output{
		{"url", web.URL, "Where the web servers answer"},
		{"load_balancer_dns_name", web.DNSName, "DNS name of the load balancer"},
		{"load_balancer_zone_id", web.ZoneID, "Route 53 hosted zone of that name, for an alias record"},
		{"load_balancer_security_group_id", web.LoadBalancerSecurityGroupID, "Security group of the load balancer"},
		{"target_group_arn", web.TargetGroupARN, "Target group of the instances"},
		{"autoscaling_group_name", web.GroupName, "Auto Scaling group of the instances"},
		{"instance_security_group_id", web.SecurityGroupID, "Security group of the instances"},
		{"instance_role_name", web.RoleName, "IAM role of the instances"},
		{"database_address", database.Address, "DNS name of the database"},
		{"database_port", strconv.Itoa(database.Port), "TCP port of the database"},
		{"database_name", database.DatabaseName, "Name of the database made at first"},
		{"database_secret_arn", database.SecretARN, "Secrets Manager secret with the database's master user and password"},
		{"database_security_group_id", database.SecurityGroupID, "Security group of the database"},
		{"rollout_command", rollout, "What the deploy ended with; run it by hand to bring the fleet to its launch template again"},
		{"vpc_id", network.VPCID, "VPC of the environment"},
		{"alert_topic_arn", alerts.TopicARN, "SNS topic of the alarms"},
	}
	if web.PinnedAMIParameter != "" {
		outputs = append(outputs, output{"image_parameter", web.PinnedAMIParameter, "SSM parameter of the instances' image: put another id there and deploy"})
	}
	if database.FinalSnapshot != "" {
		outputs = append(outputs, output{"database_final_snapshot", database.FinalSnapshot, "Snapshot that is taken when the database is deleted"})
	}
	addOutputs(stack, outputs)
	return stack
}
