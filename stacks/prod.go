package stacks

import "example.com/webserver-cluster/constructs"

// Prod is what users get: three zones, none of which depends on another, and
// nothing that can be destroyed or changed by accident.
var Prod = Environment{
	Name: "prod",
	Network: constructs.NetworkProps{
		CIDR:                 "10.20.0.0/16",
		ZoneCount:            3,
		NAT:                  constructs.NATPerZone,
		FlowLogRetentionDays: 365,
	},
	Cluster: constructs.WebserverClusterProps{
		InstanceType: "t3.small",
		MinSize:      3,
		MaxSize:      12,
		Schedules: []constructs.Schedule{
			{Name: "working-hours", Recurrence: "0 7 * * 1-5", TimeZone: "Europe/Berlin", MinSize: 6},
			{Name: "evening", Recurrence: "0 20 * * 1-5", TimeZone: "Europe/Berlin", MinSize: 3},
		},
		ServerText:         "Hello from prod",
		PinAMI:             true,
		DetailedMonitoring: true,
		DeletionProtection: true,
		LogRetentionDays:   365,
		Checkpoints:        []int{50, 100},
		AlarmsStopRefresh:  true,
	},
	Database: &constructs.MySQLProps{
		InstanceClass:       "db.m7g.large",
		StorageGiB:          100,
		BackupRetentionDays: 30,
		MultiAZ:             true,
		PerformanceInsights: true,
		DeletionProtection:  true,
	},
}
