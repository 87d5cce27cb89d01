package constructs

import (
	"crypto/sha256"
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"example.com/webserver-cluster/internal/faults"
)

const (
	// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/edit-target-group-attributes.html#deregistration-delay
	maxDeregistrationDelay = 3600 * time.Second
	// maxIdleTimeout leaves room for a DeregistrationDelay.
	maxIdleTimeout = maxDeregistrationDelay - time.Second

	maxWarmup = time.Hour

	// healthCheckTimeout is below every HealthCheckInterval that is allowed.
	healthCheckTimeout = 5 * time.Second
	// Two checks in a row change an instance's health: one bad one may be a lost
	// packet, one good one luck. A new instance is healthy after one good one:
	// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html
	healthCheckThreshold = 2

	// leastSize is one instance for each of two zones.
	leastSize = 2

	// minHealthyPercentage: the fleet never falls below its capacity.
	minHealthyPercentage = 100
)

var (
	// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/device_naming.html
	deviceRule = regexp.MustCompile(`^/dev/[a-z0-9]+$`)
	// A name, perhaps with a version, or the ARN of another account's parameter.
	// https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-shared-parameters.html
	parameterRule = regexp.MustCompile(`^(arn:aws[a-z-]*:ssm:[a-z0-9-]+:\d{12}:parameter|/?[A-Za-z0-9_.-]+)(/[A-Za-z0-9_.-]+)*(:\d+)?$`)
	// An absolute path, and perhaps a query; a fragment never reaches a server.
	// https://www.rfc-editor.org/rfc/rfc3986#section-3.3
	healthPathRule = regexp.MustCompile(`^/([A-Za-z0-9._~!$&'()*+,;=:@/?-]|%[0-9A-Fa-f]{2})*$`)
)

// Validate returns every fault of the props, or nil.
func (p WebserverClusterProps) Validate() error {
	set := p // A default that follows from a field at fault is not named in its place.
	p = p.withDefaults()
	var f faults.List
	p.checkNames(&f)
	p.checkNetwork(&f)
	p.checkScaling(&f, set)
	p.checkInstances(&f, set)
	p.checkServer(&f, set)
	p.checkDomain(&f)
	p.checkLoadBalancer(&f)
	p.checkLogs(&f)
	p.Alarms.check(&f, set.Alarms, p)
	p.checkReplacement(&f, set)
	checkRolloutPlatforms(&f, p.RolloutPlatforms)
	checkBoundary(&f, p.PermissionsBoundaryARN)
	checkTags(&f, "Tags", p.Tags, p.DefaultTags)
	checkTags(&f, "DefaultTags", p.DefaultTags)
	return f.Err()
}

func (p WebserverClusterProps) checkNames(f *faults.List) {
	checkName(f, p.Name, maxLoadBalancerName, "a load balancer's name")
	checkGroupName(f, p.Name)
	// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateLoadBalancer.html
	if strings.HasPrefix(p.Name, "internal-") {
		f.Add("Name", p.Name, "must not begin with internal-, which AWS keeps for itself")
	}
	if p.PinAMI && p.AMI == "" {
		checkParameterName(f, p.Name, "PinAMI")
	} else if p.Application != nil {
		checkParameterName(f, p.Name, "Application")
	}
	if p.Application != nil || p.LogRetentionDays != 0 {
		checkBucketPrefix(f, p.Name)
	}
}

func (p WebserverClusterProps) checkNetwork(f *faults.List) {
	if p.Network == nil {
		f.Missing("Network", "the network that the cluster stands in")
	} else {
		checkID(f, "Network.VPCID", p.Network.VPCID, vpcRule, "the VPC of the subnets")
		checkSubnets(f, "Network.PrivateSubnetIDs", p.Network.PrivateSubnetIDs)
		if !p.Internal {
			checkSubnets(f, "Network.PublicSubnetIDs", p.Network.PublicSubnetIDs)
		}
	}
	if d := p.Database; d != nil {
		if d.Address == "" {
			f.Missing("Database.Address", "the database's DNS name")
		}
		checkLine(f, "Database.Address", d.Address)
		checkPort(f, "Database.Port", d.Port)
		checkID(f, "Database.SecurityGroupID", d.SecurityGroupID, securityGroupRule, "the database's security group")
	}
	checkAlerts(f, p.Alerts)
}

func (p WebserverClusterProps) checkScaling(f *faults.List, set WebserverClusterProps) {
	clusterMin, clusterMax := p.MinSize, p.MaxSize
	switch {
	case p.MinSize < leastSize:
		f.Add("MinSize", p.MinSize, "must be %d or more: one instance cannot survive the loss of its zone", leastSize)
		clusterMin = 0
	case p.MinSize > p.MaxSize && set.MinSize != 0:
		f.Add("MinSize", p.MinSize, "must not be above MaxSize (%d)", p.MaxSize)
		clusterMin = 0
	case p.MinSize > p.MaxSize:
		f.Add("MaxSize", p.MaxSize, "must not be below MinSize (%d)", p.MinSize)
		clusterMin = 0
	}
	// https://docs.aws.amazon.com/autoscaling/ec2/userguide/as-scaling-target-tracking.html
	if p.CPUTarget < 1 || p.CPUTarget > 100 {
		f.Add("CPUTarget", p.CPUTarget, "must be 1 to 100 (percent)")
	}
	if p.RequestsTarget < 1 {
		f.Add("RequestsTarget", p.RequestsTarget, "must be 1 or more")
	}
	checkSchedules(f, p.Schedules, clusterMin, clusterMax)
}

func (p WebserverClusterProps) checkInstances(f *faults.List, set WebserverClusterProps) {
	checkInstanceType(f, "InstanceType", p.InstanceType, p.AllowUnknownInstanceType)
	p.checkInstanceTypes(f)
	unknownArchitecture := isToken(p.InstanceType)
	switch other := map[string]string{"arm64": "x86_64", "x86_64": "arm64"}[p.architecture()]; {
	case p.AMI != "":
		checkID(f, "AMI", p.AMI, amiRule, "the image")
		if set.AMIParameter != "" {
			f.Add("AMIParameter", p.AMIParameter, "contradicts AMI (%s): give one of the two", p.AMI)
		}
		if p.PinAMI {
			f.Add("PinAMI", p.PinAMI, "is for AMIParameter; AMI (%s) pins the image already", p.AMI)
		}
	case unknownArchitecture && set.AMIParameter == "":
		f.Add("InstanceType", p.InstanceType, "is a reference, whose architecture is not known yet: give AMI or AMIParameter, too")
	case unknownArchitecture && p.PinAMI:
		f.Add("InstanceType", p.InstanceType, "is a reference, whose architecture is not known yet; PinAMI pins an image for each architecture: give AMI in its place")
	case unknownArchitecture, isToken(p.AMIParameter):
	case !parameterRule.MatchString(p.AMIParameter):
		f.Add("AMIParameter", p.AMIParameter, "must be the name of an SSM parameter, such as %sx86_64", amazonLinux)
	case strings.HasSuffix(p.AMIParameter, other):
		f.Add("AMIParameter", p.AMIParameter, "is of images for %s, and %s runs %s", other, p.InstanceType, p.architecture())
	}
	if !deviceRule.MatchString(p.RootDeviceName) && !isToken(p.RootDeviceName) {
		f.Add("RootDeviceName", p.RootDeviceName, "must be a device such as /dev/xvda or /dev/sda1")
	}
	// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_EbsBlockDevice.html
	if p.RootVolumeGiB < 8 || p.RootVolumeGiB > 65536 {
		f.Add("RootVolumeGiB", p.RootVolumeGiB, "must be 8 (Amazon Linux 2023's own size) to 65536 (gp3's limit)")
	}
}

// checkServer checks what the instances serve.
func (p WebserverClusterProps) checkServer(f *faults.List, set WebserverClusterProps) {
	checkLine(f, "Environment", p.Environment)
	instead := ""
	for _, one := range []struct {
		field string
		given bool
	}{{"Application", p.Application != nil}, {"UserDataFrom", p.UserDataFrom != nil}, {"UserData", p.UserData != ""}} {
		switch {
		case one.given && instead != "":
			f.Given(one.field, "contradicts "+instead+": give one of the two")
		case one.given:
			instead = one.field
		}
	}
	if instead == "" {
		p.checkDefaultServer(f)
	} else {
		checkPort(f, "ServerPort", p.ServerPort)
		if set.ServerText != "" {
			f.Add("ServerText", p.ServerText, "is for the default boot script, and %s takes its place", instead)
		}
	}
	facts := p.facts("${region}")
	switch instead {
	case "Application":
		p.Application.check(f, facts.Variables(), p.architecture())
		if size := scriptSize(p.applicationScript(facts, packed{digest: strings.Repeat("0", 2*sha256.Size)})); size > maxUserData {
			f.Given("Application", fmt.Sprintf("its Command and Environment make the boot script %d bytes long, above EC2's limit of %d", size, maxUserData))
		}
	case "UserDataFrom":
		checkUserData(f, "UserDataFrom", p.UserDataFrom(facts))
	case "UserData":
		checkUserData(f, "UserData", p.UserData)
	}
	// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html
	if (!healthPathRule.MatchString(p.HealthCheckPath) || len(p.HealthCheckPath) > 1024) && !isToken(p.HealthCheckPath) {
		f.Add("HealthCheckPath", p.HealthCheckPath, "must be a path of 1 to 1024 characters that starts with /, such as /health or /status?full=1, other characters than A-Z a-z 0-9 . _ ~ ! $ & ' ( ) * + , ; = : @ / ? - written as %%XX")
	}
}

// checkDefaultServer checks what the default boot script makes use of.
func (p WebserverClusterProps) checkDefaultServer(f *faults.List) {
	// https://man7.org/linux/man-pages/man7/ip.7.html (ip_unprivileged_port_start)
	if p.ServerPort < 1024 || p.ServerPort > 65535 {
		f.Add("ServerPort", p.ServerPort, "must be 1024 to 65535 with the default boot script: a port below needs root's rights, which its server does not have")
	}
	checkLine(f, "ServerText", p.ServerText)
	if size := scriptSize(p.defaultScript()); size > maxUserData {
		f.Add("ServerText", len(p.ServerText), "is its size in bytes; it makes the boot script %d bytes long, above EC2's limit of %d", size, maxUserData)
	}
}

func (p WebserverClusterProps) checkLoadBalancer(f *faults.List) {
	checkAllowedBlocks(f, "AllowedCIDRs", p.AllowedCIDRs)
	// AWS takes 5 s to 300 s; the check's own timeout has to fit inside.
	// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateTargetGroup.html
	checkSeconds(f, "HealthCheckInterval", p.HealthCheckInterval, 2*healthCheckTimeout, 300*time.Second)
	// AWS takes 4000 s.
	// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/edit-load-balancer-attributes.html
	if p.IdleTimeout > maxIdleTimeout {
		f.Add("IdleTimeout", p.IdleTimeout, "must be below %v, the longest DeregistrationDelay: requests may take longer than an instance that is to go is left to finish them", maxDeregistrationDelay)
	} else {
		checkSeconds(f, "IdleTimeout", p.IdleTimeout, time.Second, maxIdleTimeout)
	}
}

// checkReplacement refuses what would lose capacity or requests while
// instances are replaced.
func (p WebserverClusterProps) checkReplacement(f *faults.List, set WebserverClusterProps) {
	if set.DeregistrationDelay != 0 {
		checkSeconds(f, "DeregistrationDelay", p.DeregistrationDelay, time.Second, maxDeregistrationDelay)
		if p.DeregistrationDelay <= p.IdleTimeout && p.IdleTimeout <= maxIdleTimeout {
			f.Add("DeregistrationDelay", p.DeregistrationDelay, "must be longer than IdleTimeout (%v), or replacing an instance cuts requests off", p.IdleTimeout)
		}
	}
	if set.Warmup != 0 {
		checkSeconds(f, "Warmup", p.Warmup, time.Second, maxWarmup)
		if judged := p.timeToJudge(); p.Warmup < judged {
			f.Add("Warmup", p.Warmup, "must be at least %v, the time of %d health checks, or a refresh goes on before they can find an instance unhealthy", judged, healthCheckThreshold)
		}
	}
	if set.HealthCheckGracePeriod != 0 {
		checkSeconds(f, "HealthCheckGracePeriod", p.HealthCheckGracePeriod, 0, maxWarmup)
		if p.HealthCheckGracePeriod > p.Warmup {
			f.Add("HealthCheckGracePeriod", p.HealthCheckGracePeriod, "must not be above Warmup (%v), or a refresh goes on over instances whose health nobody has judged", p.Warmup)
		}
	}
	preferences := p.refreshPreferences(nil)
	preferences.InstanceWarmup = nil // checked above, by closer rules
	if p.MaxHealthyPercentage <= minHealthyPercentage || p.MaxHealthyPercentage > 200 {
		f.Add("MaxHealthyPercentage", p.MaxHealthyPercentage, "must be 101 to 200: %d is the minimum, and only what is above lets a new instance start before an old one goes", minHealthyPercentage)
		preferences.MinHealthyPercentage, preferences.MaxHealthyPercentage = nil, nil
	}
	f.As(map[string]string{"CheckpointPercentages": "Checkpoints"}, preferences.Validate())
}

// checkSeconds checks that a duration is a whole number of seconds, as AWS
// takes it, within bounds.
func checkSeconds(f *faults.List, field string, d, least, most time.Duration) {
	if d < least || d > most || d%time.Second != 0 {
		f.Add(field, d, "must be whole seconds from %v to %v", least, most)
	}
}

func checkPort(f *faults.List, field string, port int) {
	if port < 1 || port > 65535 {
		f.Add(field, port, "must be a TCP port, 1 to 65535")
	}
}

// checkLine checks a text that stands in the boot script: what is no line could
// end the part of the script that it stands in.
func checkLine(f *faults.List, field, text string) {
	if !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl) {
		f.Add(field, text, "must be one line of text, UTF-8 without control characters")
	}
}
