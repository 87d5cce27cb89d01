package constructs

import (
	"fmt"
	"maps"
	"math"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"example.com/webserver-cluster/internal/faults"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/autoscalinggroup"
	"github.com/hashicorp/terraform-cdk-go/cdktf"
)

// WebserverClusterProps says what a WebserverCluster is like. Only Name, VPCID
// and the subnets are required.
type WebserverClusterProps struct {
	// Name starts the name of everything in the cluster and is the load
	// balancer's name, such as "webservers-stage". Required.
	Name string
	// VPCID is the VPC of all subnets. Required.
	VPCID string
	// PublicSubnetIDs are the load balancer's subnets, two zones or more.
	// Required.
	PublicSubnetIDs []string
	// PrivateSubnetIDs are the instances' subnets, two zones or more.
	// Required.
	PrivateSubnetIDs []string

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
	// AMI is the id of the image, such as "ami-0abc…". Default: what
	// AMIParameter names.
	AMI string
	// AMIParameter is the name of an SSM parameter whose value is the id of
	// the image, read anew by every plan. Default: Amazon's parameter for the
	// newest Amazon Linux 2023 of the instance type's architecture.
	AMIParameter string
	// PinAMI keeps the image that AMIParameter named when the cluster was
	// first deployed, in an SSM parameter of the cluster's own (see
	// WebserverCluster.PinnedAMIParameter). The next image comes when somebody
	// puts its id there and deploys, and not before. Default false: every
	// deploy takes the newest image.
	PinAMI bool
	// VolumeGiB is the size of the root volume, in GiB. Default 8, the size of
	// Amazon Linux 2023's own.
	VolumeGiB int
	// DetailedMonitoring has EC2's metrics every minute instead of every five.
	// AWS charges for it. Default false.
	DetailedMonitoring bool

	// ServerText is a line of text on the page of the default boot script.
	// Default "Hello, World".
	ServerText string
	// Environment is the name of the environment on that page. Default Name.
	Environment string
	// DatabaseAddress and DatabasePort are the database on that page. Default:
	// none.
	DatabaseAddress string
	DatabasePort    int
	// UserData is a boot script instead of the default one, 16 KB at the most.
	// It has to serve ServerPort and HealthCheckPath. What it says between ${
	// and } is the shell's and not Terraform's; references to attributes of
	// other resources still work.
	UserData string
	// ServerPort is the TCP port that the instances serve HTTP on. Default
	// 8080.
	ServerPort int

	// CertificateARN is the ACM certificate of the load balancer. With it, the
	// cluster serves HTTPS and redirects HTTP there. Default: HTTP only.
	CertificateARN string
	// AllowedCIDRs are the IPv4 blocks that may call the load balancer.
	// Default "0.0.0.0/0".
	AllowedCIDRs []string
	// AccessLogsBucket is the S3 bucket that gets the load balancer's access
	// logs, below the prefix Name. Its policy has to let the load balancer
	// write. Default: no access logs.
	AccessLogsBucket string
	// DeletionProtection keeps the load balancer from being deleted: by AWS,
	// and by a plan of Terraform's, which fails before anything has gone.
	// Default false.
	DeletionProtection bool

	// RequestTimeout is how long a request may stay without an answer: the
	// load balancer's idle timeout. Whole seconds, default 30 s.
	RequestTimeout time.Duration
	// DeregistrationDelay is how long an instance that is to go may finish the
	// requests it has. Longer than RequestTimeout, whole seconds; default 15 s
	// longer.
	DeregistrationDelay time.Duration
	// HealthCheckPath is what the load balancer asks for, a path and perhaps a
	// query, at most 1024 characters; 200 means healthy. Default "/health".
	HealthCheckPath string
	// HealthCheckInterval is the time between two health checks, 10 s to
	// 300 s. Two good ones in a row make an instance healthy, two bad ones
	// unhealthy. Default 15 s.
	HealthCheckInterval time.Duration

	// Warmup is how long a new instance gets to settle before an instance
	// refresh goes on to the next one and before its metrics count. At least
	// two health checks long; whole seconds, default 120 s.
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

	// AlarmTopicARN is the SNS topic that alarms speak to. Default: nobody
	// hears them.
	AlarmTopicARN string
	// Tags are for the group, its instances and their volumes: AWS makes the
	// latter, not Terraform, so that the provider's default_tags reach none of
	// them. A change of Tags replaces the instances. Default: none besides
	// Name.
	Tags map[string]string
}

// WebserverCluster is an Auto Scaling group of web servers behind an
// application load balancer:
//
//	Listener -> TargetGroup <- AutoScalingGroup <- LaunchTemplate
//
// Instances stand in private subnets without public addresses or SSH, take
// traffic from the load balancer only, and are reached by Session Manager. A
// change of the image or of the boot script makes a new version of the launch
// template, and an instance refresh brings it to the fleet: new instances
// serve before old ones go.
type WebserverCluster struct {
	// DNSName is the load balancer's, and URL what to call in a browser.
	DNSName, URL string
	// ZoneID is the load balancer's Route 53 hosted zone, for an alias record.
	ZoneID string
	// LoadBalancerARN and LoadBalancerSecurityGroupID are the load balancer.
	LoadBalancerARN, LoadBalancerSecurityGroupID string
	// TargetGroupARN is the target group of the instances.
	TargetGroupARN string
	// GroupName and GroupARN are the Auto Scaling group.
	GroupName, GroupARN string
	// LaunchTemplateID and LaunchTemplateVersion (a number) are what the
	// group's instances are to run.
	LaunchTemplateID, LaunchTemplateVersion string
	// SecurityGroupID is the instances'.
	SecurityGroupID string
	// RoleName is the instances' IAM role: attach to it what they may do.
	RoleName string
	// PinnedAMIParameter is the name of the SSM parameter that holds the
	// image's id; empty without PinAMI.
	PinnedAMIParameter string
	// AlarmNames are the cluster's CloudWatch alarms.
	AlarmNames []string
	// Checkpoints, CheckpointDelay and RefreshAlarmNames are how an instance
	// refresh of the group pauses, and the alarms that stop it; empty for
	// none.
	Checkpoints       []int
	CheckpointDelay   time.Duration
	RefreshAlarmNames []string
}

const (
	// healthCheckTimeout is below every HealthCheckInterval that is allowed.
	healthCheckTimeout = 5 * time.Second
	// Two good checks in a row: one may be luck. Two bad ones: one may be a
	// lost packet.
	healthCheckThreshold = 2

	// minHealthyPercentage: the fleet never falls below its capacity.
	minHealthyPercentage = 100
)

// amazonLinux is Amazon's parameter for the newest Amazon Linux 2023.
// https://docs.aws.amazon.com/linux/al2023/ug/ec2.html
const amazonLinux = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-"

var (
	instanceTypeRule = regexp.MustCompile(`^([a-z0-9-]+)\.[a-z0-9-]+$`)
	// A family such as t4g or c7gn runs on Graviton: behind the number of its
	// generation, the processor's letter is g.
	// https://docs.aws.amazon.com/ec2/latest/instancetypes/instance-type-names.html
	gravitonRule = regexp.MustCompile(`^(a1|[a-z]+\d+g[a-z-]*)\.`)
	// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/burstable-performance-instances.html
	burstableRule = regexp.MustCompile(`^t\d`)
	amiRule       = regexp.MustCompile(`^ami-([0-9a-f]{8}|[0-9a-f]{17})$`)
	parameterRule = regexp.MustCompile(`^/?[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*(:\d+)?$`)
	certificate   = regexp.MustCompile(`^arn:aws[a-z-]*:acm:[a-z0-9-]+:\d{12}:certificate/.+$`)
	// An absolute path, and perhaps a query; a fragment never reaches a server.
	// https://www.rfc-editor.org/rfc/rfc3986#section-3.3
	healthPathRule = regexp.MustCompile(`^/([A-Za-z0-9._~!$&'()*+,;=:@/?-]|%[0-9A-Fa-f]{2})*$`)
)

func (p WebserverClusterProps) withDefaults() WebserverClusterProps {
	p.MinSize = orDefault(p.MinSize, 2)
	p.MaxSize = orDefault(p.MaxSize, 2*p.MinSize)
	p.CPUTarget = orDefault(p.CPUTarget, 50)
	p.RequestsTarget = orDefault(p.RequestsTarget, 3000)
	p.InstanceType = orDefault(p.InstanceType, "t3.micro")
	if p.AMI == "" && p.AMIParameter == "" {
		architecture := "x86_64"
		if gravitonRule.MatchString(p.InstanceType) {
			architecture = "arm64"
		}
		p.AMIParameter = amazonLinux + architecture
	}
	p.VolumeGiB = orDefault(p.VolumeGiB, 8)
	p.ServerText = orDefault(p.ServerText, "Hello, World")
	p.Environment = orDefault(p.Environment, p.Name)
	p.ServerPort = orDefault(p.ServerPort, 8080)
	if len(p.AllowedCIDRs) == 0 {
		p.AllowedCIDRs = []string{"0.0.0.0/0"}
	}
	p.RequestTimeout = orDefault(p.RequestTimeout, 30*time.Second)
	p.DeregistrationDelay = orDefault(p.DeregistrationDelay, p.RequestTimeout+15*time.Second)
	p.HealthCheckPath = orDefault(p.HealthCheckPath, "/health")
	p.HealthCheckInterval = orDefault(p.HealthCheckInterval, 15*time.Second)
	p.Warmup = orDefault(p.Warmup, 120*time.Second)
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

// Validate returns every fault of the props but for those of VPCID, the
// subnets and DatabaseAddress, which are known only once they are made; nil if
// there are none.
func (p WebserverClusterProps) Validate() error {
	p = p.withDefaults()
	var f faults.List
	checkName(&f, p.Name, maxLoadBalancerName, "a load balancer's name")
	p.checkScaling(&f)
	p.checkInstances(&f)
	p.checkLoadBalancer(&f)
	p.checkReplacement(&f)
	return f.Err()
}

func (p WebserverClusterProps) checkScaling(f *faults.List) {
	if p.MinSize < 2 {
		f.Add("MinSize", p.MinSize, "must be 2 or more: one instance cannot survive the loss of its zone")
	}
	if p.MinSize > p.MaxSize {
		f.Add("MinSize", p.MinSize, "must not be above MaxSize (%d)", p.MaxSize)
	}
	if p.CPUTarget < 1 || p.CPUTarget > 100 {
		f.Add("CPUTarget", p.CPUTarget, "must be 1 to 100 (percent)")
	}
	if p.RequestsTarget < 1 {
		f.Add("RequestsTarget", p.RequestsTarget, "must be 1 or more")
	}
	names := map[string]bool{}
	for i, schedule := range p.Schedules {
		field := fmt.Sprintf("Schedules[%d]", i)
		f.In(field, schedule.validate(p.MinSize, p.MaxSize))
		if names[schedule.Name] {
			f.Add(field+".Name", schedule.Name, "is used twice")
		}
		names[schedule.Name] = true
	}
}

func (p WebserverClusterProps) checkInstances(f *faults.List) {
	if !instanceTypeRule.MatchString(p.InstanceType) {
		f.Add("InstanceType", p.InstanceType, "must be an EC2 instance type such as t3.micro")
	}
	if p.AMI != "" {
		if !amiRule.MatchString(p.AMI) && !isToken(p.AMI) {
			f.Add("AMI", p.AMI, "must be an image's id: ami- and 8 or 17 hexadecimal digits")
		}
		if p.AMIParameter != "" {
			f.Add("AMIParameter", p.AMIParameter, "contradicts AMI (%s): give one of the two", p.AMI)
		}
		if p.PinAMI {
			f.Add("PinAMI", p.PinAMI, "is for AMIParameter; AMI (%s) pins the image already", p.AMI)
		}
	} else if !parameterRule.MatchString(p.AMIParameter) {
		f.Add("AMIParameter", p.AMIParameter, "must be the name of an SSM parameter, such as %sx86_64", amazonLinux)
	}
	if p.VolumeGiB < 8 || p.VolumeGiB > 16384 {
		f.Add("VolumeGiB", p.VolumeGiB, "must be 8 (Amazon Linux 2023's own size) to 16384 (gp3's limit)")
	}
	// A port below 1024 would need root's rights to serve.
	if p.ServerPort < 1024 || p.ServerPort > 65535 {
		f.Add("ServerPort", p.ServerPort, "must be 1024 to 65535")
	}
	checkLine(f, "ServerText", p.ServerText)
	checkLine(f, "Environment", p.Environment)
	checkLine(f, "DatabaseAddress", p.DatabaseAddress)
	// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/user-data.html
	const maxUserData = 16 * 1024
	if script := strings.Join(p.bootScript(), "\n"); len(script) > maxUserData {
		f.Add("UserData", len(script), "is its size in bytes, above EC2's limit of %d", maxUserData)
	} else if p.UserData != "" && !strings.HasPrefix(p.UserData, "#!") {
		f.Add("UserData", strings.SplitN(p.UserData, "\n", 2)[0], "must start with #!, or the instance does not run it")
	}
}

func (p WebserverClusterProps) checkLoadBalancer(f *faults.List) {
	if strings.HasPrefix(p.Name, "internal-") {
		f.Add("Name", p.Name, "must not start with internal-, which AWS keeps for itself")
	}
	if p.CertificateARN != "" && !certificate.MatchString(p.CertificateARN) && !isToken(p.CertificateARN) {
		f.Add("CertificateARN", p.CertificateARN, "must be the ARN of an ACM certificate")
	}
	var blocks []netip.Prefix
	for _, cidr := range p.AllowedCIDRs {
		block, err := netip.ParsePrefix(cidr)
		if err != nil || !block.Addr().Is4() || block != block.Masked() {
			f.Add("AllowedCIDRs", cidr, "must be an IPv4 block such as 203.0.113.0/24")
			continue
		}
		for _, other := range blocks {
			if block.Overlaps(other) {
				f.Add("AllowedCIDRs", cidr, "overlaps %v", other)
			}
		}
		blocks = append(blocks, block)
	}
	if p.AccessLogsBucket != "" && !bucketNameRule.MatchString(p.AccessLogsBucket) && !isToken(p.AccessLogsBucket) {
		f.Add("AccessLogsBucket", p.AccessLogsBucket, "must be the name of an S3 bucket")
	}
	// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html
	if !healthPathRule.MatchString(p.HealthCheckPath) || len(p.HealthCheckPath) > 1024 {
		f.Add("HealthCheckPath", p.HealthCheckPath, "must be a path of 1 to 1024 characters that starts with /, such as /health or /status?full=1, other characters than A-Z a-z 0-9 . _ ~ ! $ & ' ( ) * + , ; = : @ / ? - written as %%XX")
	}
	// AWS takes 5 s to 300 s; the check's own timeout has to fit inside.
	checkSeconds(f, "HealthCheckInterval", p.HealthCheckInterval, 2*healthCheckTimeout, 300*time.Second)
	// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/edit-load-balancer-attributes.html
	checkSeconds(f, "RequestTimeout", p.RequestTimeout, time.Second, 4000*time.Second)
}

// checkReplacement refuses what would lose capacity or requests while
// instances are replaced.
func (p WebserverClusterProps) checkReplacement(f *faults.List) {
	// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/edit-target-group-attributes.html#deregistration-delay
	checkSeconds(f, "DeregistrationDelay", p.DeregistrationDelay, time.Second, 3600*time.Second)
	if p.DeregistrationDelay <= p.RequestTimeout {
		f.Add("DeregistrationDelay", p.DeregistrationDelay, "must be longer than RequestTimeout (%v), or replacing an instance cuts requests off", p.RequestTimeout)
	}
	checkSeconds(f, "Warmup", p.Warmup, time.Second, time.Hour)
	if healthy := healthCheckThreshold * p.HealthCheckInterval; p.Warmup < healthy {
		f.Add("Warmup", p.Warmup, "must be at least %v, the time of %d health checks, or a refresh goes on before an instance has passed them", healthy, healthCheckThreshold)
	}
	checkSeconds(f, "HealthCheckGracePeriod", p.HealthCheckGracePeriod, 0, time.Hour)
	if p.HealthCheckGracePeriod > p.Warmup {
		f.Add("HealthCheckGracePeriod", p.HealthCheckGracePeriod, "must not be above Warmup (%v), or a refresh goes on over instances whose health nobody has judged", p.Warmup)
	}
	// https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_RefreshPreferences.html
	if p.MaxHealthyPercentage <= minHealthyPercentage || p.MaxHealthyPercentage > 200 {
		f.Add("MaxHealthyPercentage", p.MaxHealthyPercentage, "must be 101 to 200: %d is the minimum, and only what is above lets a new instance start before an old one goes", minHealthyPercentage)
	}
	for i, percentage := range p.Checkpoints {
		if percentage < 1 || percentage > 100 || i > 0 && percentage <= p.Checkpoints[i-1] {
			f.Add("Checkpoints", p.Checkpoints, "must be rising percentages from 1 to 100")
			break
		}
	}
	if n := len(p.Checkpoints); n > 0 && p.Checkpoints[n-1] != 100 {
		f.Add("Checkpoints", p.Checkpoints, "must end with 100, or the refresh ends before all instances are new")
	}
	if n := len(p.Checkpoints); n == 0 && p.CheckpointDelay != 0 {
		f.Add("CheckpointDelay", p.CheckpointDelay, "is for Checkpoints, and there are none")
	}
	checkSeconds(f, "CheckpointDelay", p.CheckpointDelay, 0, 48*time.Hour)
}

// checkSeconds checks that a duration is a whole number of seconds, as AWS
// takes it, within bounds.
func checkSeconds(f *faults.List, field string, d, least, most time.Duration) {
	if d < least || d > most || d%time.Second != 0 {
		f.Add(field, d, "must be whole seconds from %v to %v", least, most)
	}
}

// checkLine checks a text that stands in the boot script: what is no line could
// end the part of the script that it stands in.
func checkLine(f *faults.List, field, text string) {
	if !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl) {
		f.Add(field, text, "must be one line of text, UTF-8 without control characters")
	}
}

// isToken says whether s is (or has in it) a reference that only Terraform
// resolves, so that its text says nothing.
func isToken(s string) bool { return strings.Contains(s, "${") }

// seconds is a duration as AWS takes it.
func seconds(d time.Duration) *float64 { return jsii.Number(math.Round(d.Seconds())) }

// cluster is what the steps of NewWebserverCluster share.
type cluster struct {
	scope
	props WebserverClusterProps
}

// groupTags are the group's own tags. Its instances have theirs from the launch
// template, where they reach the volumes too.
func (c *cluster) groupTags(role string) []*autoscalinggroup.AutoscalingGroupTag {
	tags := map[string]string{"Name": c.props.Name, terraformNameTag: c.prefix + role}
	maps.Copy(tags, c.props.Tags)
	var list []*autoscalinggroup.AutoscalingGroupTag
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		list = append(list, &autoscalinggroup.AutoscalingGroupTag{
			Key: jsii.String(key), Value: jsii.String(tags[key]), PropagateAtLaunch: jsii.Bool(false),
		})
	}
	return list
}

// NewWebserverCluster makes a WebserverCluster called id in parent. It panics
// if props are not valid.
func NewWebserverCluster(parent constructs.Construct, id string, props WebserverClusterProps) *WebserverCluster {
	mustBeValid(id, props.Validate())
	props = props.withDefaults()
	c := cluster{newScope(parent, id), props}

	groups := c.securityGroups()
	balancer := c.loadBalancer(groups.balancer)
	role := c.role()
	image, pinned := c.image()
	template := c.launchTemplate(image, role, groups.instances)
	alarms := c.targetAlarms(balancer)

	refresh := &autoscalinggroup.AutoscalingGroupInstanceRefreshPreferences{
		// Both, always: with one of them left out, the provider sends 90 and
		// 100 for the pair.
		MinHealthyPercentage: jsii.Number(minHealthyPercentage),
		MaxHealthyPercentage: jsii.Number(props.MaxHealthyPercentage),
		InstanceWarmup:       jsii.String(fmt.Sprintf("%.0f", *seconds(props.Warmup))),
		SkipMatching:         jsii.Bool(true),
		// Replace protected instances too: a fleet in two versions is worse.
		ScaleInProtectedInstances: jsii.String("Refresh"),
		StandbyInstances:          jsii.String("Ignore"),
		// Terraform gives the group its new version before it starts the
		// refresh, so that AWS would "roll back" to the bad one.
		// https://github.com/hashicorp/terraform-provider-aws/issues/34189
		AutoRollback: jsii.Bool(false),
	}
	if len(props.Checkpoints) > 0 {
		refresh.CheckpointPercentages = numbers(props.Checkpoints)
		refresh.CheckpointDelay = jsii.String(fmt.Sprintf("%.0f", *seconds(props.CheckpointDelay)))
	}
	var refreshAlarms []string
	if props.AlarmsStopRefresh {
		refreshAlarms = alarms
		refresh.AlarmSpecification = &autoscalinggroup.AutoscalingGroupInstanceRefreshPreferencesAlarmSpecification{
			Alarms: jsii.Strings(alarms...),
		}
	}
	lifecycle := &cdktf.TerraformResourceLifecycle{CreateBeforeDestroy: jsii.Bool(true)}
	if slices.ContainsFunc(props.Schedules, Schedule.setsBounds) {
		// The schedules own the bounds now. A plan between two of them must
		// not want the first ones back.
		lifecycle.IgnoreChanges = jsii.Strings("min_size", "max_size")
	}
	paths := append(groups.rules, balancer.listener)
	group := add(c.scope, "group", autoscalinggroup.NewAutoscalingGroup, &autoscalinggroup.AutoscalingGroupConfig{
		NamePrefix:        jsii.String(props.Name + "-"),
		VpcZoneIdentifier: jsii.Strings(props.PrivateSubnetIDs...),
		// No desired_capacity: it would undo at every deploy what target
		// tracking and schedules have decided.
		MinSize: jsii.Number(props.MinSize),
		MaxSize: jsii.Number(props.MaxSize),
		LaunchTemplate: &autoscalinggroup.AutoscalingGroupLaunchTemplate{
			Id: template.Id(),
			// The number, not $Latest: only a number that changes starts an
			// instance refresh.
			Version: cdktf.Token_AsString(template.LatestVersion(), nil),
		},
		// Attached here and only here: together with attachments of their own
		// (aws_autoscaling_attachment) the two undo each other.
		TargetGroupArns:        jsii.Strings(balancer.targetGroupARN),
		HealthCheckType:        jsii.String("ELB"),
		HealthCheckGracePeriod: seconds(props.HealthCheckGracePeriod),
		DefaultInstanceWarmup:  seconds(props.Warmup),
		InstanceMaintenancePolicy: &autoscalinggroup.AutoscalingGroupInstanceMaintenancePolicy{
			MinHealthyPercentage: jsii.Number(minHealthyPercentage),
			MaxHealthyPercentage: jsii.Number(props.MaxHealthyPercentage),
		},
		InstanceRefresh: &autoscalinggroup.AutoscalingGroupInstanceRefresh{
			Strategy:    jsii.String("Rolling"),
			Preferences: refresh,
		},
		EnabledMetrics: jsii.Strings(groupMetrics...),
		// Do not wait for instances here: a group whose first instances fail
		// would be replaced by the next deploy. The stack's rollout waits, and
		// says what it waits for.
		WaitForCapacityTimeout: jsii.String("0"),
		Tag:                    c.groupTags("group"),
		Lifecycle:              lifecycle,
		// No instance starts before requests and health checks can reach it,
		// nor is one left when they no longer can: a target group without a
		// listener calls no target healthy.
		DependsOn: &paths,
	})
	c.scaling(group, balancer)
	alarms = append(alarms, c.groupAlarms(*group.Name())...)

	return &WebserverCluster{
		DNSName:                     balancer.dnsName,
		URL:                         balancer.url,
		ZoneID:                      balancer.zoneID,
		LoadBalancerARN:             balancer.arn,
		LoadBalancerSecurityGroupID: groups.balancer,
		TargetGroupARN:              balancer.targetGroupARN,
		GroupName:                   *group.Name(),
		GroupARN:                    *group.Arn(),
		LaunchTemplateID:            *template.Id(),
		LaunchTemplateVersion:       *cdktf.Token_AsString(template.LatestVersion(), nil),
		SecurityGroupID:             groups.instances,
		RoleName:                    *role.Name(),
		PinnedAMIParameter:          pinned,
		AlarmNames:                  alarms,
		Checkpoints:                 props.Checkpoints,
		CheckpointDelay:             props.CheckpointDelay,
		RefreshAlarmNames:           refreshAlarms,
	}
}
