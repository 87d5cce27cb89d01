// Package stacks says what is deployed: the state store, and the environments
// stage and prod. An environment is a literal of type Environment; one
// constructor makes every environment's stack from it.
package stacks

import (
	"cmp"
	"strconv"

	"github.com/hashicorp/terraform-cdk-go/cdktf"

	"example.com/webserver-cluster/constructs"
	// Whoever makes a stack gets a jsii that starts fast.
	_ "example.com/webserver-cluster/internal/fastjsii"
	"example.com/webserver-cluster/internal/project"
)

// Environment says how an environment differs from the defaults of its constructs.
// What follows from the environment's name, from other constructs and from the settings
// (Name, Environment, Network, Database, Alerts, DefaultTags, RolloutPlatforms and
// PermissionsBoundaryARN) is not said here: NewEnvironment fills it in, and Validate refuses
// a literal that does.
type Environment struct {
	// Name is the environment's and its stack's name: lower-case letters and
	// digits, a letter first.
	Name string
	// Tags are for everything in the environment. Default: Project, Environment
	// and ManagedBy, over which these win.
	Tags map[string]string
	// AccountID is the AWS account that the environment is in, 12 digits: Terraform and the
	// commands refuse to touch another. Default: accountId in cdktf.json; without that,
	// any account.
	AccountID string
	// AssumeRoleARN is the IAM role that makes and changes the environment, in an
	// account of its own perhaps: the provider and the command rollout assume it.
	// Default: none, whoever deploys does it.
	AssumeRoleARN string
	// Profile is the profile, in the AWS configuration of everybody who deploys, with
	// the credentials to do that (or to assume AssumeRoleARN) with. Default: the
	// credentials that the aws command would take. The state is not the provider's: its
	// bucket and table are always reached with those, so that AWS_PROFILE is for the
	// state's account.
	Profile string
	Network constructs.NetworkProps
	Cluster constructs.WebserverClusterProps
	// Database is what the servers keep their data in. To take it away from an environment
	// that has one deletes it: the plan says so, or fails if it has DeletionProtection.
	// Default: none.
	Database *constructs.MySQLProps
}

// Environments are all environments of the app.
func Environments() []Environment { return []Environment{Stage, Prod} }

// named is the environment with everything that follows from names and settings filled
// in.
func (e Environment) named(s project.Settings) Environment {
	name := s.Project + "-" + e.Name
	e.Network.Name, e.Cluster.Name = name, name
	if e.Database != nil {
		database := *e.Database
		database.Name = name
		e.Database = &database
	}
	e.AccountID = cmp.Or(e.AccountID, s.AccountID)
	e.Tags = withDefaultTags(e.Tags, s, e.Name)
	e.Cluster.DefaultTags = e.Tags
	e.Cluster.Environment = e.Name
	e.Cluster.RolloutPlatforms = s.RolloutPlatforms
	return e
}

func (e Environment) credentials() credentials {
	return credentials{accountID: e.AccountID, profile: e.Profile, roleARN: e.AssumeRoleARN}
}

func (e Environment) alerts(s project.Settings) constructs.AlertsProps {
	return constructs.AlertsProps{Name: e.Cluster.Name, Email: s.AlertEmail}
}

// NewEnvironment makes an environment's stack: a network, a MySQL database if it has
// one, and a cluster of web servers that may connect to it.
func NewEnvironment(app cdktf.App, s project.Settings, environment Environment) cdktf.TerraformStack {
	e := environment.named(s)
	stack := newStack(app, e.Name, s.Region, e.Tags, e.credentials())
	useS3Backend(stack, e.Name, s)

	if s.GitHubRepository != "" && e.here() {
		boundary := constructs.PermissionsBoundaryARN(stack, "boundary", e.Cluster.Name)
		e.Network.PermissionsBoundaryARN, e.Cluster.PermissionsBoundaryARN = boundary, boundary
	}
	alerts := constructs.NewAlerts(stack, "alerts", e.alerts(s))
	network := constructs.NewNetwork(stack, "network", e.Network)

	var database *constructs.MySQL
	if e.Database != nil {
		e.Database.Network, e.Database.Alerts = network, alerts
		database = constructs.NewMySQL(stack, "mysql", *e.Database)
	}

	e.Cluster.Network, e.Cluster.Database, e.Cluster.Alerts = network, database, alerts
	web := constructs.NewWebserverCluster(stack, project.ClusterID, e.Cluster)

	dashboard := constructs.NewDashboard(stack, "dashboard", constructs.DashboardProps{Name: e.Cluster.Name, Cluster: web, Database: database})

	outputs := []output{
		{"url", web.URL, "Where the web servers answer"},
		{"load_balancer_dns_name", web.LoadBalancerDNSName, "DNS name of the load balancer"},
		{"load_balancer_hosted_zone_id", web.LoadBalancerHostedZoneID, "Route 53 hosted zone of that name, for an alias record"},
		{"load_balancer_security_group_id", web.LoadBalancerSecurityGroupID, "Security group of the load balancer"},
		{"target_group_arn", web.TargetGroupARN, "Target group of the instances"},
		{"autoscaling_group_name", web.AutoScalingGroupName, "Auto Scaling group of the instances"},
		{"instance_security_group_id", web.InstanceSecurityGroupID, "Security group of the instances"},
		{"instance_role_name", web.InstanceRoleName, "IAM role of the instances"},
		{"rollout_command", web.RolloutCommand, "What the deploy ended with; run it by hand to bring the fleet to its launch template again"},
		{"vpc_id", network.VPCID, "VPC of the environment"},
		{"alert_topic_arn", alerts.TopicARN, "SNS topic of the alarms"},
		{"dashboard_url", dashboard.URL, "Dashboard for whoever is on call"},
	}
	if web.ImageParameter != "" {
		outputs = append(outputs, output{"image_parameter", web.ImageParameter, "SSM parameter of the instances' image: put another id there and deploy"})
	}
	if web.ApplicationDigest != "" {
		outputs = append(outputs, output{"application_digest", web.ApplicationDigest, "SHA-256 digest of the application's files"})
	}
	if web.ApplicationParameter != "" {
		outputs = append(outputs, output{"application_parameter", web.ApplicationParameter, "SSM parameter of the application: the command image puts another one there"})
	}
	if web.LogBucket != "" {
		outputs = append(outputs, output{"log_bucket", web.LogBucket, "S3 bucket of the load balancer's logs"})
	}
	addOutputs(stack, append(outputs, databaseOutputs(database)...))
	return stack
}

func databaseOutputs(database *constructs.MySQL) []output {
	if database == nil {
		return nil
	}
	outputs := []output{
		{"database_address", database.Address, "DNS name of the database"},
		{"database_port", strconv.Itoa(database.Port), "TCP port of the database"},
		{"database_name", database.DatabaseName, "Name of the database made at first"},
		{"database_secret_arn", database.SecretARN, "Secrets Manager secret with the database's master user and password"},
		{"database_security_group_id", database.SecurityGroupID, "Security group of the database"},
	}
	if database.ApplicationUser != "" {
		outputs = append(outputs, output{"database_user", database.ApplicationUser, "Database user of the application, who logs in with an IAM token"})
	}
	if database.FinalSnapshot != "" {
		outputs = append(outputs, output{"database_final_snapshot", database.FinalSnapshot, "Snapshot that is taken when the database is deleted"})
	}
	return outputs
}
