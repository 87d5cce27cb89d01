package constructs

import (
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/cloudwatchloggroup"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/dbinstance"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/dbparametergroup"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/dbsubnetgroup"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/securitygroup"
	"github.com/hashicorp/terraform-cdk-go/cdktf"
)

// mysqlPort is MySQL's port, as MySQL.Port says.
const mysqlPort = 3306

// masterUser is the name of the master user.
const masterUser = "admin"

// MySQL is an RDS for MySQL instance: encrypted storage that grows by itself,
// TLS demanded of every client, the master user's password made and kept by
// Secrets Manager (it is in no code, state or log), daily backups, and the
// error and slow query logs in CloudWatch Logs. Nobody can connect to it
// before AllowFrom lets them, or a WebserverCluster names it as its Database.
//
// A database that exists already is a literal: &MySQL{Address: …, Port: 3306,
// DatabaseName: …, SecretARN: …, SecurityGroupID: …}.
type MySQL struct {
	// Address is its DNS name, without the port.
	Address string
	// Port is its TCP port.
	Port int
	// DatabaseName is the database made in it at first.
	DatabaseName string
	// User is who servers log in as: the ApplicationUser, else the master user. Default
	// of a literal: none is told.
	User string
	// ApplicationUser is the database user of the application, whom the command database
	// makes; empty without one.
	ApplicationUser string
	// SecretARN is the Secrets Manager secret that holds the master user's
	// name and password.
	SecretARN string
	// ConnectARN is what IAM's rds-db:connect is granted on for User to log in with an
	// IAM token; empty if User has the password in the secret.
	ConnectARN string
	// AlarmNames are the database's CloudWatch alarms.
	AlarmNames []string
	// AlarmARNs are the same by their ARNs.
	AlarmARNs []string
	// FinalSnapshot is the name of the snapshot that is taken when the instance
	// is deleted, known from the first deploy on; empty with SkipFinalSnapshot.
	FinalSnapshot string
	// SecurityGroupID is its security group.
	SecurityGroupID string

	// Instance, ParameterGroup and SecurityGroup are its main resources, for
	// overrides; nil for a database that exists already.
	Instance       dbinstance.DbInstance
	ParameterGroup dbparametergroup.DbParameterGroup
	SecurityGroup  securitygroup.SecurityGroup

	scope scope
}

// NewMySQL makes a MySQL called id in parent. It panics if props are not
// valid.
func NewMySQL(parent constructs.Construct, id string, props MySQLProps) *MySQL {
	mustBeValid(id, props.Validate())
	props = props.withDefaults()
	s := newScope(parent, id, props.Tags)

	subnets := add(s, "subnets", dbsubnetgroup.NewDbSubnetGroup, &dbsubnetgroup.DbSubnetGroupConfig{
		NamePrefix: jsii.String(props.Name + "-"),
		SubnetIds:  jsii.Strings(props.Network.DatabaseSubnetIDs...),
		Lifecycle:  &cdktf.TerraformResourceLifecycle{CreateBeforeDestroy: jsii.Bool(true)},
	})
	parameters := add(s, "parameters", dbparametergroup.NewDbParameterGroup, &dbparametergroup.DbParameterGroupConfig{
		NamePrefix: jsii.String(props.Name + "-"),
		Family:     jsii.String("mysql" + majorVersion(props.EngineVersion)),
		Parameter: []*dbparametergroup.DbParameterGroupParameter{
			// Refuses clients that do not encrypt.
			// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/mysql-ssl-connections.require-ssl.html
			// An instance takes 0 and 1; ON and OFF are Aurora's.
			{Name: jsii.String("require_secure_transport"), Value: jsii.String("1")},
			// Without it the exported slow query log stays empty.
			{Name: jsii.String("slow_query_log"), Value: jsii.String("1")},
			// Into the file, which is exported, and not into a table.
			// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_LogAccess.MySQLDB.PublishtoCloudWatchLogs.html
			{Name: jsii.String("log_output"), Value: jsii.String("FILE")},
		},
		Lifecycle: &cdktf.TerraformResourceLifecycle{CreateBeforeDestroy: jsii.Bool(true)},
	})
	// It has no egress rule: a database answers and never calls.
	group := add(s, "security_group", securitygroup.NewSecurityGroup, &securitygroup.SecurityGroupConfig{
		NamePrefix:  jsii.String(props.Name + "-mysql-"),
		Description: jsii.String("MySQL of " + props.Name),
		VpcId:       jsii.String(props.Network.VPCID),
		Tags:        nameTag(props.Name + "-mysql"),
		Lifecycle:   &cdktf.TerraformResourceLifecycle{CreateBeforeDestroy: jsii.Bool(true)},
	})

	exports := []string{"error", "slowquery"}
	config := &dbinstance.DbInstanceConfig{
		Identifier:    jsii.String(props.Name),
		Engine:        jsii.String("mysql"),
		EngineVersion: jsii.String(props.EngineVersion),
		InstanceClass: jsii.String(props.InstanceClass),
		DbName:        jsii.String(props.DatabaseName),
		Username:      jsii.String(masterUser),
		// RDS makes the password, keeps it in Secrets Manager and rotates it.
		ManageMasterUserPassword: jsii.Bool(true),

		StorageType:         jsii.String("gp3"),
		StorageEncrypted:    jsii.Bool(true),
		AllocatedStorage:    jsii.Number(props.StorageGiB),
		MaxAllocatedStorage: jsii.Number(props.MaxStorageGiB),

		DbSubnetGroupName:   subnets.Name(),
		ParameterGroupName:  parameters.Name(),
		VpcSecurityGroupIds: jsii.Strings(*group.Id()),
		PubliclyAccessible:  jsii.Bool(false),
		MultiAz:             jsii.Bool(props.MultiAZ),
		Port:                jsii.Number(mysqlPort),

		BackupRetentionPeriod: jsii.Number(props.BackupRetentionDays),
		// Backups (UTC) end before the weekly maintenance may begin.
		BackupWindow:      jsii.String("02:00-03:00"),
		MaintenanceWindow: jsii.String("sun:03:30-sun:04:30"),
		// RDS would go past a patch version that the code names, and AWS refuses
		// the way back.
		AutoMinorVersionUpgrade:      jsii.Bool(!patchVersionRule.MatchString(props.EngineVersion)),
		ApplyImmediately:             jsii.Bool(props.ApplyImmediately),
		CopyTagsToSnapshot:           jsii.Bool(true),
		EnabledCloudwatchLogsExports: jsii.Strings(exports...),

		IamDatabaseAuthenticationEnabled: jsii.Bool(props.ApplicationUser != ""),
		PerformanceInsightsEnabled:       jsii.Bool(props.PerformanceInsights),

		DeletionProtection:     jsii.Bool(props.DeletionProtection),
		SkipFinalSnapshot:      jsii.Bool(props.SkipFinalSnapshot),
		DeleteAutomatedBackups: jsii.Bool(props.DeleteAutomatedBackups),

		// Another database would be another instance, without the data.
		Lifecycle: fixed("db_name", props.DatabaseName, "The database that a DB instance is made with"),
	}
	// AWS refuses to delete a protected instance when all that depends on it is
	// gone already; Terraform refuses the plan.
	config.Lifecycle.PreventDestroy = jsii.Bool(props.DeletionProtection)
	props.Restore.apply(config)
	if props.AllowMajorVersionUpgrade {
		config.AllowMajorVersionUpgrade = jsii.Bool(true)
	}
	if props.PerformanceInsights {
		config.PerformanceInsightsRetentionPeriod = jsii.Number(props.PerformanceInsightsRetentionDays)
	}
	// RDS makes the log groups that are not there, and those keep their logs for ever.
	var groups []cdktf.ITerraformDependable
	for _, log := range exports {
		groups = append(groups, add(s, "log_"+log, cloudwatchloggroup.NewCloudwatchLogGroup, &cloudwatchloggroup.CloudwatchLogGroupConfig{
			Name:            jsii.String("/aws/rds/instance/" + props.Name + "/" + log),
			RetentionInDays: jsii.Number(props.LogRetentionDays),
		}))
	}
	config.DependsOn = &groups
	finalSnapshot := ""
	if !props.SkipFinalSnapshot {
		// Snapshots outlive the instance, and their names are unique: the name
		// that the next instance's snapshot gets has to be another one.
		finalSnapshot = "${" + remember(s, "final_snapshot",
			jsii.String(props.Name+`-final-${formatdate("YYYYMMDDhhmmss", plantimestamp())}`)) + "}"
		config.FinalSnapshotIdentifier = jsii.String(finalSnapshot)
	}
	instance := add(s, "instance", dbinstance.NewDbInstance, config)

	alarms := props.alarms(s, *instance.Identifier())
	made := &MySQL{
		Address:         *instance.Address(),
		Port:            mysqlPort,
		DatabaseName:    props.DatabaseName,
		User:            masterUser,
		SecretARN:       *instance.MasterUserSecret().Get(jsii.Number(0)).SecretArn(),
		AlarmNames:      alarms.names(),
		AlarmARNs:       alarms.arns(),
		FinalSnapshot:   finalSnapshot,
		SecurityGroupID: *group.Id(),
		Instance:        instance,
		ParameterGroup:  parameters,
		SecurityGroup:   group,
		scope:           s,
	}
	made.ApplicationUser = props.ApplicationUser
	if props.ApplicationUser != "" && !props.ServersAsMaster {
		made.User, made.ConnectARN = props.ApplicationUser, connectARN(s, instance, props.ApplicationUser)
	}
	return made
}
