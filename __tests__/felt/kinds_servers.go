package felt

import (
	"time"

	"example.com/webserver-cluster/constructs"
	"example.com/webserver-cluster/internal/review"
)

type clusterProps = constructs.WebserverClusterProps

// fleetKinds are changes of the instances and of the group.
var fleetKinds = []Kind{
	{Name: "tags of the network", Level: review.Nothing, Short: true, Change: func(c *Config) {
		c.Environment.Network.Tags = map[string]string{"Team": "web"}
	}},
	{Name: "boot script (ServerText)", Level: review.Rolling, Short: true, Change: cluster(func(p *clusterProps) { p.ServerText = "Hello again" })},
	{Name: "image (AMI)", Level: review.Rolling, Change: cluster(func(p *clusterProps) { p.AMI = "ami-00000000000000002" })},
	{Name: "instance type", Level: review.Rolling, Change: cluster(func(p *clusterProps) { p.InstanceType = "t3.small" })},
	{Name: "architecture (InstanceType and AMI)", Level: review.Rolling, Change: cluster(func(p *clusterProps) {
		p.InstanceType, p.AMI = "t4g.small", "ami-00000000000000003"
	})},
	{Name: "root volume", Level: review.Rolling, Change: cluster(func(p *clusterProps) { p.RootVolumeGiB = 16 })},
	{Name: "detailed monitoring", Level: review.Rolling, Change: cluster(func(p *clusterProps) { p.DetailedMonitoring = true })},
	{Name: "tags of the environment", Level: review.Rolling, Change: func(c *Config) {
		c.Environment.Tags = map[string]string{"CostCenter": "42"}
	}},
	{Name: "health-check path", Level: review.Refused, Short: true, Change: cluster(func(p *clusterProps) { p.HealthCheckPath = "/ready" })},
	{Name: "port (ServerPort)", Level: review.Refused, Change: cluster(func(p *clusterProps) { p.ServerPort = 8081 })},
	{Name: "health-check interval", Level: review.Nothing, Change: cluster(func(p *clusterProps) { p.HealthCheckInterval = 20 * time.Second })},
	{Name: "idle timeout, longer", Level: review.Nothing, Change: cluster(func(p *clusterProps) { p.IdleTimeout = 3 * time.Minute })},
	{Name: "idle timeout, shorter", Level: review.Nothing, Change: cluster(func(p *clusterProps) { p.IdleTimeout = 20 * time.Second })},
	{Name: "deregistration delay", Level: review.Nothing, Change: cluster(func(p *clusterProps) { p.DeregistrationDelay = time.Minute })},
	{Name: "warm-up", Level: review.Nothing, Change: cluster(func(p *clusterProps) { p.Warmup = 3 * time.Minute })},
	{Name: "checkpoints", Level: review.Nothing, Change: cluster(func(p *clusterProps) { p.Checkpoints = []int{50, 100} })},
	{Name: "capacity during a rollout (MaxHealthyPercentage)", Level: review.Nothing, Change: cluster(func(p *clusterProps) { p.MaxHealthyPercentage = 150 })},
	{Name: "more instances (MinSize)", Level: review.Nothing, Change: cluster(func(p *clusterProps) { p.MinSize = 3 })},
	{Name: "fewer instances (MinSize, MaxSize)", Level: review.Nothing, Change: cluster(func(p *clusterProps) { p.MinSize, p.MaxSize = 2, 2 })},
	{Name: "more instances allowed (MaxSize)", Level: review.Nothing, Change: cluster(func(p *clusterProps) { p.MaxSize = 6 })},
	{Name: "targets of scaling", Level: review.Nothing, Change: cluster(func(p *clusterProps) { p.CPUTarget, p.RequestsTarget = 60, 100_000 })},
	{Name: "other instance types (InstanceTypes)", Level: review.Nothing, Change: cluster(func(p *clusterProps) { p.InstanceTypes = []string{"t4g.medium"} })},
	{Name: "Spot Instances", Level: review.Rolling, Change: cluster(func(p *clusterProps) { p.Spot = &constructs.Spot{} })},
	{Name: "schedule", Level: review.Nothing, Change: cluster(func(p *clusterProps) {
		p.Schedules = []constructs.Schedule{{Name: "rush-hour", Recurrence: "0 0 1 1 *", MinSize: 3}}
	})},
	{Name: "alarms of the cluster", Level: review.Nothing, Change: cluster(func(p *clusterProps) { p.Alarms.CPU = 80 })},
	{Name: "alarms that stop a rollout", Level: review.Nothing, Change: cluster(func(p *clusterProps) { p.AlarmsStopRefresh = true })},
}
