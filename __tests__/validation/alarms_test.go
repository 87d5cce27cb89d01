package validation_test

import (
	"math"
	"testing"
	"time"

	"example.com/webserver-cluster/constructs"
)

// TestClusterAlarms has the values above which alarms go off, and what they contradict.
func TestClusterAlarms(t *testing.T) {
	type thresholds = constructs.ClusterAlarms
	set := func(a thresholds) func(*clusterProps) {
		return func(p *clusterProps) { p.Alarms = a }
	}
	inStage(t, cluster, []row[clusterProps]{
		{set(thresholds{Target5XX: 1, LoadBalancer5XX: 1000, LatencyP99: 250 * time.Millisecond, RejectedConnections: 5, CPU: 99}), ""},
		{set(thresholds{Target5XX: constructs.AlarmOff, LoadBalancer5XX: constructs.AlarmOff, LatencyP99: constructs.AlarmOff, RejectedConnections: constructs.AlarmOff, CPU: constructs.AlarmOff}), ""},
		{set(thresholds{Target5XX: -2}), `stage.Cluster.Alarms.Target5XX: -2: must be 0 (the default), a number above that, or AlarmOff`},
		{set(thresholds{LoadBalancer5XX: -10}), `stage.Cluster.Alarms.LoadBalancer5XX: -10: must be 0 (the default), a number above that, or AlarmOff`},
		{set(thresholds{RejectedConnections: -2}), `stage.Cluster.Alarms.RejectedConnections: -2: must be 0 (the default), a number above that, or AlarmOff`},
		{set(thresholds{LatencyP99: 2}), `stage.Cluster.Alarms.LatencyP99: 2ns: must be whole milliseconds, or AlarmOff`},
		{set(thresholds{LatencyP99: -time.Second}), `stage.Cluster.Alarms.LatencyP99: -1s: must be whole milliseconds, or AlarmOff`},
		{set(thresholds{LatencyP99: 30 * time.Second}), `stage.Cluster.Alarms.LatencyP99: 30s: must be below IdleTimeout (30s), after which the load balancer answers in the web server's place`},
		{func(p *clusterProps) { p.IdleTimeout = time.Second }, ""}, // a default is below that, too
		{set(thresholds{CPU: 100}), `stage.Cluster.Alarms.CPU: 100: must be 1 to 99 (percent), or AlarmOff`},
		{set(thresholds{CPU: -2}), `stage.Cluster.Alarms.CPU: -2: must be 1 to 99 (percent), or AlarmOff`},
		{set(thresholds{CPU: 50}), `stage.Cluster.Alarms.CPU: 50: must be above CPUTarget (50), which target tracking aims at`},
		{func(p *clusterProps) { p.CPUTarget = 100 }, ""}, // nor is a default blamed
		{func(p *clusterProps) { p.AlarmsStopRefresh, p.Alarms.Target5XX = true, constructs.AlarmOff }, `stage.Cluster.Alarms.Target5XX: contradicts AlarmsStopRefresh, which needs that alarm: leave one of the two out`},
	})
}

// TestLogs has how long logs are kept, and where.
func TestLogs(t *testing.T) {
	inStage(t, cluster, []row[clusterProps]{
		{func(p *clusterProps) { p.LogRetentionDays = 1 }, ""},
		{func(p *clusterProps) { p.LogRetentionDays = math.MaxInt32 }, ""},
		{func(p *clusterProps) { p.LogRetentionDays = -1 }, `stage.Cluster.LogRetentionDays: -1: must be a number of days, at most 2147483647, or 0 for no logs`},
		{func(p *clusterProps) { p.LogRetentionDays = math.MaxInt32 + 1 }, `stage.Cluster.LogRetentionDays: 2147483648: must be a number of days, at most 2147483647, or 0 for no logs`},
		{func(p *clusterProps) { p.LogRetentionDays, p.AccessLogsBucket = 30, "our-logs" }, `stage.Cluster.AccessLogsBucket: "our-logs": contradicts LogRetentionDays (30), which makes a bucket for the logs: give one of the two`},
	})
}

// TestNamesOfBuckets has Names with which the name of a bucket cannot begin.
func TestNamesOfBuckets(t *testing.T) {
	network := &constructs.Network{
		VPCID: "vpc-01234567", PublicSubnetIDs: []string{"subnet-01234567", "subnet-01234568"}, PrivateSubnetIDs: []string{"subnet-01234567", "subnet-01234568"},
	}
	alone(t, clusterProps{Name: "sthree-web", Network: network}, []row[clusterProps]{
		{func(*clusterProps) {}, ""},
		{func(p *clusterProps) { p.LogRetentionDays = 1 }, `Name: "sthree-web": must not begin with sthree-, which S3 keeps for itself, when Application or LogRetentionDays makes a bucket`},
		{func(p *clusterProps) { p.Name, p.LogRetentionDays = "amzn-s3-demo-web", 1 }, `Name: "amzn-s3-demo-web": must not begin with amzn-s3-demo-, which S3 keeps for itself, when Application or LogRetentionDays makes a bucket`},
	})
}

// TestDashboard has what a dashboard cannot do without.
func TestDashboard(t *testing.T) {
	alone(t, constructs.DashboardProps{Name: "web", Cluster: &constructs.WebserverCluster{}}, []row[constructs.DashboardProps]{
		{func(*constructs.DashboardProps) {}, ""},
		{func(p *constructs.DashboardProps) { p.Name = "My Dashboard" }, `Name: "My Dashboard": must be lower-case letters, digits and single hyphens inside, a letter first`},
		{func(p *constructs.DashboardProps) { p.Cluster = nil }, `Cluster: is missing: the cluster that the dashboard shows`},
	})
}
