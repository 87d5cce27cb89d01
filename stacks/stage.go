package stacks

import "example.com/webserver-cluster/constructs"

// Stage is where a change is tried: the architecture of Prod, as small and
// cheap as it gets.
var Stage = Environment{
	Name: "stage",
	Network: constructs.NetworkProps{
		CIDR: "10.10.0.0/16",
	},
	Cluster: constructs.WebserverClusterProps{
		InstanceType: "t3.micro",
		MinSize:      2,
		MaxSize:      4,
		ServerText:   "Hello from stage",
	},
	Database: &constructs.MySQLProps{
		InstanceClass:          "db.t4g.micro",
		BackupRetentionDays:    1,
		SkipFinalSnapshot:      true,
		DeleteAutomatedBackups: true,
		ApplyImmediately:       true,
	},
}
