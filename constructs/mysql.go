package constructs

import (
	"errors"

	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/dbinstance"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/dbparametergroup"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/dbsubnetgroup"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/iamrole"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/iamrolepolicy"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/securitygroup"
	"github.com/hashicorp/terraform-cdk-go/cdktf"
)

// mysqlPort is MySQL's port, as MySQL.Port says.
const mysqlPort = 3306

// masterUser is the name of the master user.
const masterUser = "admin"

// MySQLProps says what a MySQL is like. Only Name and Network are required.
//
// Changes wait for the maintenance window unless ApplyImmediately; another InstanceClass
// interrupts the database for a minute or so with MultiAZ, else for longer. Where it is
// otherwise, the field says so.
type MySQLProps struct {
	// Name is the DB instance's identifier, such as "webservers-stage". Leave it as
	// it is once the instance exists: clients know its address by it. Required.
	Name string
	// Network is where it stands: in its database subnets, in two zones or
	// more. Required.
	Network *Network

	// InstanceClass is the DB instance class, one that RDS for MySQL 8.4 has.
	// Default "db.t4g.micro".
	InstanceClass string
	// AllowUnknownInstanceClass lets an InstanceClass pass that is newer than the
	// list in instance_types.go. Default false: it is taken for a typing error.
	AllowUnknownInstanceClass bool
	// EngineVersion is the MySQL version, major and minor ("8.4") or with the
	// patch ("8.4.5"). With the former, RDS chooses the patch and upgrades it
	// in the maintenance window; with the latter, only the code does. Default
	// "8.4".
	EngineVersion string
	// DatabaseName is the database made in it at first. It cannot change once
	// the instance exists: a plan with another one fails. At most 64 letters,
	// digits and underscores, a letter first, and no word that MySQL reserves.
	// Default "app".
	DatabaseName string
	// StorageGiB is the storage to start with, in GiB, 20 (the least of gp3) to
	// 59578 (which leaves MaxStorageGiB room). Default 20.
	StorageGiB int
	// MaxStorageGiB is how far RDS may let the storage grow, in GiB: at least 10 %
	// above StorageGiB, at most 65536. Default five times StorageGiB, if that is
	// not above 65536.
	MaxStorageGiB int
	// BackupRetentionDays is how long automated backups are kept, in days, 1
	// to 35. Default 7.
	BackupRetentionDays int
	// MultiAZ keeps a standby in another zone. Default false.
	MultiAZ bool
	// DeletionProtection keeps the instance from being deleted: by AWS, and by
	// a plan of Terraform's, which fails before anything has gone. Default
	// false.
	DeletionProtection bool
	// SkipFinalSnapshot deletes the instance without a last snapshot. Default
	// false: MySQL.FinalSnapshot is taken.
	SkipFinalSnapshot bool
	// DeleteAutomatedBackups deletes the backups of the last
	// BackupRetentionDays with the instance. Default false: they stay as long
	// as they would have.
	DeleteAutomatedBackups bool
	// ApplyImmediately makes changes at once, also those that restart the
	// instance. Default false: they wait for the maintenance window, Sunday
	// 03:30 to 04:30 UTC.
	ApplyImmediately bool
	// Tags are for everything of the database; they win over the provider's
	// default_tags. Default: none.
	Tags map[string]string
}

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
	// User is who servers log in as: the master user. Default of a literal: none is told.
	User string
	// SecretARN is the Secrets Manager secret that holds the master user's
	// name and password.
	SecretARN string
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

func (p MySQLProps) withDefaults() MySQLProps {
	p.InstanceClass = orDefault(p.InstanceClass, "db.t4g.micro")
	p.EngineVersion = orDefault(p.EngineVersion, "8.4")
	p.DatabaseName = orDefault(p.DatabaseName, "app")
	p.StorageGiB = orDefault(p.StorageGiB, 20)
	p.MaxStorageGiB = orDefault(p.MaxStorageGiB, min(5*p.StorageGiB, maxMySQLGiB))
	p.BackupRetentionDays = orDefault(p.BackupRetentionDays, 7)
	return p
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
		Family:     jsii.String("mysql8.4"),
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
		EnabledCloudwatchLogsExports: jsii.Strings("error", "slowquery"),

		DeletionProtection:     jsii.Bool(props.DeletionProtection),
		SkipFinalSnapshot:      jsii.Bool(props.SkipFinalSnapshot),
		DeleteAutomatedBackups: jsii.Bool(props.DeleteAutomatedBackups),

		// Another database would be another instance, without the data.
		Lifecycle: fixed("db_name", props.DatabaseName, "The database that a DB instance is made with"),
	}
	// AWS refuses to delete a protected instance when all that depends on it is
	// gone already; Terraform refuses the plan.
	config.Lifecycle.PreventDestroy = jsii.Bool(props.DeletionProtection)
	finalSnapshot := ""
	if !props.SkipFinalSnapshot {
		// Snapshots outlive the instance, and their names are unique: the name
		// that the next instance's snapshot gets has to be another one.
		finalSnapshot = "${" + remember(s, "final_snapshot",
			jsii.String(props.Name+`-final-${formatdate("YYYYMMDDhhmmss", plantimestamp())}`)) + "}"
		config.FinalSnapshotIdentifier = jsii.String(finalSnapshot)
	}
	instance := add(s, "instance", dbinstance.NewDbInstance, config)

	return &MySQL{
		Address:         *instance.Address(),
		Port:            mysqlPort,
		DatabaseName:    props.DatabaseName,
		User:            masterUser,
		SecretARN:       *instance.MasterUserSecret().Get(jsii.Number(0)).SecretArn(),
		FinalSnapshot:   finalSnapshot,
		SecurityGroupID: *group.Id(),
		Instance:        instance,
		ParameterGroup:  parameters,
		SecurityGroup:   group,
		scope:           s,
	}
}

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
// Database this is, may do so without it.
func (m *MySQL) GrantRead(c *WebserverCluster) {
	// RDS encrypts it with the account's own key for Secrets Manager, which
	// whoever may read the secret may use.
	// https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html
	c.waitFor(m.grantRead(c.scope, c.InstanceRole))
}

func (m *MySQL) grantRead(s scope, role iamrole.IamRole) iamrolepolicy.IamRolePolicy {
	return grant(s, role, "read_"+orDefault(m.scope.prefix, "database_")+"secret", []string{"secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"}, m.SecretARN)
}
