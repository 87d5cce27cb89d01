package constructs

import (
	"time"
)

// WebserverClusterProps says what a WebserverCluster is like. Only Name and
// Network are required.
//
// What a change does to a cluster that is running: what an instance boots with (the
// database's address, instance type, image, root volume, monitoring, boot script, tags)
// makes a new version of the launch template, and an instance refresh brings it to the
// fleet. Sizes, alarms, timeouts and the load balancer's settings change in place. Another
// Name is another cluster in place of this one, with an interruption. Where it is
// otherwise, the field says so.
type WebserverClusterProps struct {
	// Name starts the name of everything in the cluster and is the load
	// balancer's name, such as "webservers-stage": at most 32 lower-case
	// letters, digits and single hyphens. Required.
	Name string
	// Network is where the cluster stands: the load balancer in its public
	// subnets (in the private ones if Internal), the instances in its private
	// ones, two zones or more each. Required.
	Network *Network
	// Database is one that the instances may connect to. The default boot
	// script names it on its page. For its secret, see MySQL.GrantRead.
	// Default: none.
	Database *MySQL
	// Alerts is the SNS topic that the cluster's alarms notify. Default: none; the
	// alarms are there all the same.
	Alerts *Alerts

	// MinSize and MaxSize are the bounds of the number of instances. In
	// between, target tracking and Schedules decide. Defaults 2 and twice
	// MinSize; MinSize is 2 at the least, one for each of two zones.
	MinSize, MaxSize int
	// CPUTarget is the average CPU utilization that target tracking aims at,
	// in percent. Default 50.
	CPUTarget int
	// RequestsTarget is the number of requests per instance and minute that
	// target tracking aims at. Default 3000.
	RequestsTarget int
	// Schedules change the group's size at set times. Default: none.
	Schedules []Schedule

	// InstanceType is the EC2 instance type. Default "t3.micro".
	InstanceType string
	// InstanceTypes are other types to launch where there is no capacity of
	// InstanceType, or none at a good price if Spot: of the same architecture and
	// about the same size, in order of preference, 39 at the most. With this or Spot,
	// the group has the types itself, so that another type (InstanceType, too) holds
	// for it before the rollout; what runs stays until something replaces it. To go to
	// another architecture, deploy without both first. A deploy that sets the first of
	// them or unsets the last gives the group the template's newest version before the
	// rollout, so that AWS cannot roll it back (the command rollout still does): let it
	// change nothing else. While a rollout is under way, AWS refuses a change of these.
	// Default: none.
	InstanceTypes []string
	// Spot runs the cluster on Spot Instances, all or some. The group replaces those that
	// run by itself, gradually, until as many are On-Demand Instances as Spot says: new
	// ones are in service before old ones go, up to MaxHealthyPercentage at once. It
	// launches what it has at that moment, which is the template's newest version if Spot
	// is new (see InstanceTypes). Unset, it leaves Spot Instances to the next rollout, as
	// far as AWS says. With InstanceTypes EC2 has more to choose from and interrupts less.
	// Default: none, On-Demand Instances only.
	// https://docs.aws.amazon.com/autoscaling/ec2/userguide/update-auto-scaling-group.html
	Spot *Spot
	// AllowUnknownInstanceType lets an instance type pass that is newer than the AWS
	// SDK in go.mod. Default false: it is taken for a typing error.
	AllowUnknownInstanceType bool
	// AMI is the id of the image, such as "ami-0abc…". Default: what
	// AMIParameter names.
	AMI string
	// AMIParameter is the name of an SSM parameter whose value is the id of
	// the image, read anew by every plan. Default: Amazon's parameter for the
	// newest Amazon Linux 2023 of the instance type's architecture.
	AMIParameter string
	// PinAMI keeps the image that AMIParameter named when the cluster was
	// first deployed, in an SSM parameter of the cluster's own, one for each
	// architecture (see WebserverCluster.ImageParameter). The next image comes
	// when somebody puts its id there and deploys, and not before. Default
	// false: every deploy takes the newest image.
	PinAMI bool
	// RootDeviceName is the image's root device. Where the image has another
	// one, the root volume is not as RootVolumeGiB says, and a second volume
	// hangs on each instance: Ubuntu and Debian have "/dev/sda1" and
	// "/dev/xvda" ("aws ec2 describe-images" says which). Default "/dev/xvda",
	// Amazon Linux 2023's.
	RootDeviceName string
	// RootVolumeGiB is the size of the root volume, in GiB, 8 to 65536. Default
	// 8, the size of Amazon Linux 2023's own.
	RootVolumeGiB int
	// DetailedMonitoring has EC2's metrics every minute instead of every five.
	// AWS charges for it. Default false.
	DetailedMonitoring bool

	// Application is what one has built, for the instances to run. Default: none, the
	// default boot script serves a page.
	Application *Application
	// Environment is the environment's name, as ENVIRONMENT among the Facts. Default
	// Name.
	Environment string
	// ServerText is a line of text on the page of the default boot script. Leave
	// it out with Application, UserData and UserDataFrom. Default "Hello, World".
	ServerText string
	// UserData is a boot script instead of the default one, 16384 bytes at the
	// most, in any form that cloud-init knows by its beginning: a script (#!),
	// #cloud-config, a MIME message, … Its lines end with LF (in a MIME message
	// perhaps with CR LF). It has to serve ServerPort and HealthCheckPath. What
	// it says between ${ and } is the shell's and not Terraform's; references
	// to attributes of other resources still work.
	UserData string
	// UserDataFrom makes such a script of the cluster's Facts: where the database is,
	// for one, which is not known yet when the code is written. Its WriteFile puts all
	// of them into FactsFile. The servers may use the database as those of an
	// Application may. Default: none.
	UserDataFrom func(Facts) string
	// ServerPort is the TCP port that the instances serve HTTP on: with the default
	// boot script, whose server is not root, 1024 to 65535; else any.
	// Default 8080. A change is refused by the plan while servers run: the old
	// ones do not serve the new port. Make an environment beside this one instead.
	ServerPort int

	// Domain is the name that the cluster answers to. With it, the cluster serves HTTPS
	// and redirects HTTP there. Default: HTTP only, by the load balancer's own name.
	Domain *Domain
	// CertificateARN is the certificate of the load balancer, of ACM or IAM, one
	// of ACM in the load balancer's own region, for the names in Domain. Default: a
	// certificate of ACM for them, where Domain names their hosted zone.
	CertificateARN string
	// Internal keeps the load balancer off the internet: it stands in the
	// private subnets, has private addresses only, and AllowFrom says who may
	// call it. It cannot change once the load balancer exists: a plan that
	// changes it fails. Default false.
	Internal bool
	// AllowedCIDRs are the IPv4 blocks that may call the load balancer. Default
	// (nil) "0.0.0.0/0", or none if Internal; an empty list is none.
	AllowedCIDRs []string
	// LogRetentionDays has the load balancer write access logs (every request) and
	// connection logs (every TLS handshake) to a private S3 bucket of the cluster's own,
	// WebserverCluster.LogBucket, and is how long they are kept there, in days. S3 charges
	// for what is in it. The bucket goes with the cluster, and with the last deploy that
	// has this set, logs and all. With DeletionProtection, a plan that destroys the cluster
	// fails; to leave this out then, deploy without DeletionProtection first, or the deploy
	// ends half-way, with the logs in a bucket that has lost its rules. Default 0: no such
	// logs.
	LogRetentionDays int
	// AccessLogsBucket is an S3 bucket of somebody else's that gets the load balancer's
	// access logs, below the prefix Name, in place of one of the cluster's own. Its policy
	// has to let the load balancer write. Default: none.
	AccessLogsBucket string
	// Alarms say when the alarms go off. Default: see there.
	Alarms ClusterAlarms
	// DeletionProtection keeps the load balancer, and the bucket with its logs, from being
	// deleted: by AWS, and by a plan of Terraform's, which fails before anything has gone.
	// Default false.
	DeletionProtection bool

	// IdleTimeout is how long the load balancer keeps a connection on which
	// nothing comes, so how long a request may stay without an answer. Whole
	// seconds, 1 s to 59 min 59 s (DeregistrationDelay has to be longer); default
	// 30 s.
	IdleTimeout time.Duration
	// DeregistrationDelay is how long an instance that is to go may finish the
	// requests it has. Longer than IdleTimeout, whole seconds, at most 3600 s;
	// default 15 s longer. A destroy waits as long and ten minutes more until all
	// instances are gone. One that somebody has put into standby does not go by
	// itself: the destroy fails then, and succeeds once it is back in service or
	// terminated.
	DeregistrationDelay time.Duration
	// HealthCheckPath is what the load balancer asks for, a path and perhaps a
	// query, at most 1024 characters; 200 means healthy. Default "/health". A
	// change is refused by the plan while servers run: they would all fail the new
	// check at once. It takes two steps: deploy servers that answer on both paths,
	// then change the path here and in AWS (the error has the command).
	HealthCheckPath string
	// HealthCheckInterval is the time between two health checks, whole seconds,
	// 10 s to 300 s. A new instance is healthy after one good one; two bad ones
	// in a row make it unhealthy, two good ones healthy again. Default 15 s.
	HealthCheckInterval time.Duration

	// Warmup is how long a new instance gets to settle before an instance
	// refresh goes on to the next one and before its metrics count. At least
	// two health checks long, at most 1 h; whole seconds, default 120 s.
	Warmup time.Duration
	// HealthCheckGracePeriod is how long a new instance may fail its health
	// checks. At most Warmup: were it longer, a refresh would trust an
	// instance that nobody has judged yet. Default Warmup.
	HealthCheckGracePeriod time.Duration
	// MaxHealthyPercentage is how far the group may grow while an instance
	// refresh or AWS itself replaces instances, in percent of its capacity:
	// 101 to 200. Default 200 with a MinSize of 2, else 150. The minimum is
	// 100: a new instance serves before an old one goes.
	MaxHealthyPercentage int
	// Checkpoints are the percentages of new instances at which an instance
	// refresh waits for CheckpointDelay. They rise and end with 100. Default:
	// none, it does not wait.
	Checkpoints []int
	// CheckpointDelay is how long it waits there, up to 48 h. Default 10 min
	// if there are Checkpoints.
	CheckpointDelay time.Duration
	// AlarmsStopRefresh ends an instance refresh as failed as soon as the
	// alarm on targets' 5xx answers or the one on unhealthy targets goes off.
	// Default false.
	AlarmsStopRefresh bool

	// RolloutPlatforms are the platforms, such as "linux/amd64", that the command
	// rollout is built for when the stack is synthesized, so that the machine that
	// deploys needs no Go: "linux", "darwin" or "windows" with "amd64" or "arm64".
	// Default: none, the deploy runs "go run ./cmd/rollout".
	RolloutPlatforms []string
	// PermissionsBoundaryARN is the IAM policy that limits what the instances' role can do,
	// whatever its own policies and Grant say. Default: none.
	PermissionsBoundaryARN string

	// Tags are for everything in the cluster, its instances and their volumes
	// too; they win over the provider's default_tags. A change of Tags replaces
	// the instances. Default: none besides Name.
	Tags map[string]string
	// DefaultTags are the provider's default_tags once more: AWS makes the
	// instances and their volumes, not Terraform, so that default_tags reach
	// neither them nor the group. Default: none.
	DefaultTags map[string]string
}

// amazonLinux is Amazon's parameter for the newest Amazon Linux 2023.
// https://docs.aws.amazon.com/linux/al2023/ug/ec2.html
const amazonLinux = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-"

func (p WebserverClusterProps) withDefaults() WebserverClusterProps {
	p.MinSize = orDefault(p.MinSize, 2)
	p.MaxSize = orDefault(p.MaxSize, 2*p.MinSize)
	p.CPUTarget = orDefault(p.CPUTarget, 50)
	p.RequestsTarget = orDefault(p.RequestsTarget, 3000)
	p.InstanceType = orDefault(p.InstanceType, "t3.micro")
	if p.AMI == "" && p.AMIParameter == "" {
		p.AMIParameter = amazonLinux + p.architecture()
	}
	p.RootDeviceName = orDefault(p.RootDeviceName, "/dev/xvda")
	p.RootVolumeGiB = orDefault(p.RootVolumeGiB, 8)
	p.ServerText = orDefault(p.ServerText, "Hello, World")
	p.ServerPort = orDefault(p.ServerPort, 8080)
	if p.AllowedCIDRs == nil && !p.Internal {
		p.AllowedCIDRs = []string{"0.0.0.0/0"}
	}
	p.IdleTimeout = orDefault(p.IdleTimeout, 30*time.Second)
	p.DeregistrationDelay = orDefault(p.DeregistrationDelay, min(p.IdleTimeout+15*time.Second, maxDeregistrationDelay))
	p.Alarms = p.Alarms.withDefaults(p)
	p.HealthCheckPath = orDefault(p.HealthCheckPath, "/health")
	p.HealthCheckInterval = orDefault(p.HealthCheckInterval, 15*time.Second)
	p.Warmup = orDefault(p.Warmup, min(max(120*time.Second, healthCheckThreshold*p.HealthCheckInterval), maxWarmup))
	p.HealthCheckGracePeriod = orDefault(p.HealthCheckGracePeriod, p.Warmup)
	if p.MaxHealthyPercentage == 0 {
		p.MaxHealthyPercentage = 150
		if p.MinSize <= 2 {
			// 150 % of two is one more: each new instance on its own. 200 %
			// replaces both at once, in half the time.
			p.MaxHealthyPercentage = 200
		}
	}
	if len(p.Checkpoints) > 0 {
		p.CheckpointDelay = orDefault(p.CheckpointDelay, 10*time.Minute)
	}
	return p
}

// architecture is that of the instances, as names of images have it.
func (p WebserverClusterProps) architecture() string { return architecture(p.InstanceType) }
