package constructs

import (
	"fmt"
	"net/netip"
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

	// healthCheckTimeout is below every HealthCheckInterval that is allowed.
	healthCheckTimeout = 5 * time.Second
	// Two good checks in a row: one may be luck. Two bad ones: one may be a
	// lost packet.
	healthCheckThreshold = 2

	// minHealthyPercentage: the fleet never falls below its capacity.
	minHealthyPercentage = 100
)

var (
	instanceTypeRule = regexp.MustCompile(`^([a-z0-9-]+)\.[a-z0-9-]+$`)
	// A family such as t4g or c7gn runs on Graviton: behind the number of its
	// generation, the processor's letter is g.
	// https://docs.aws.amazon.com/ec2/latest/instancetypes/instance-type-names.html
	gravitonRule = regexp.MustCompile(`^(a1|[a-z]+\d+g[a-z-]*)\.`)
	// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/burstable-performance-instances.html
	burstableRule = regexp.MustCompile(`^t\d`)
	// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/device_naming.html
	deviceRule    = regexp.MustCompile(`^/dev/[a-z0-9]+$`)
	amiRule       = regexp.MustCompile(`^ami-([0-9a-f]{8}|[0-9a-f]{17})$`)
	parameterRule = regexp.MustCompile(`^/?[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*(:\d+)?$`)
	certificate   = regexp.MustCompile(`^arn:aws[a-z-]*:acm:[a-z0-9-]+:\d{12}:certificate/.+$`)
	// An absolute path, and perhaps a query; a fragment never reaches a server.
	// https://www.rfc-editor.org/rfc/rfc3986#section-3.3
	healthPathRule = regexp.MustCompile(`^/([A-Za-z0-9._~!$&'()*+,;=:@/?-]|%[0-9A-Fa-f]{2})*$`)
)

// Validate returns every fault of the props, or nil.
func (p WebserverClusterProps) Validate() error {
	given := p
	p = p.withDefaults()
	var f faults.List
	checkName(&f, p.Name, maxLoadBalancerName, "a load balancer's name")
	p.checkNetwork(&f)
	p.checkScaling(&f)
	p.checkInstances(&f)
	p.checkLoadBalancer(&f)
	p.checkReplacement(&f, given)
	checkTags(&f, "Tags", p.Tags)
	return f.Err()
}

func (p WebserverClusterProps) checkNetwork(f *faults.List) {
	if p.Network == nil {
		f.Missing("Network", "the network that the cluster stands in")
		return
	}
	if p.Network.VPCID == "" {
		f.Missing("Network.VPCID", "the VPC of the subnets")
	}
	checkSubnets(f, "Network.PrivateSubnetIDs", p.Network.PrivateSubnetIDs)
	if !p.Internal {
		checkSubnets(f, "Network.PublicSubnetIDs", p.Network.PublicSubnetIDs)
	}
	if d := p.Database; d != nil {
		if d.Address == "" || d.SecurityGroupID == "" || d.Port < 1 || d.Port > 65535 {
			f.Missing("Database", "its Address, SecurityGroupID and Port (1 to 65535), all of them")
		}
		checkLine(f, "Database.Address", d.Address)
	}
	if p.Alerts != nil && p.Alerts.TopicARN == "" {
		f.Missing("Alerts.TopicARN", "the SNS topic of the alarms")
	}
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
	} else if other := map[string]string{"arm64": "x86_64", "x86_64": "arm64"}[p.architecture()]; strings.HasSuffix(p.AMIParameter, other) {
		f.Add("AMIParameter", p.AMIParameter, "is of images for %s, and %s runs %s", other, p.InstanceType, p.architecture())
	}
	if !deviceRule.MatchString(p.RootDeviceName) {
		f.Add("RootDeviceName", p.RootDeviceName, "must be a device such as /dev/xvda or /dev/sda1")
	}
	if p.RootVolumeGiB < 8 || p.RootVolumeGiB > 16384 {
		f.Add("RootVolumeGiB", p.RootVolumeGiB, "must be 8 (Amazon Linux 2023's own size) to 16384 (gp3's limit)")
	}
	// A port below 1024 would need root's rights to serve.
	if p.ServerPort < 1024 || p.ServerPort > 65535 {
		f.Add("ServerPort", p.ServerPort, "must be 1024 to 65535")
	}
	checkLine(f, "ServerText", p.ServerText)
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
	checkSeconds(f, "IdleTimeout", p.IdleTimeout, time.Second, 4000*time.Second)
}

// checkReplacement refuses what would lose capacity or requests while
// instances are replaced. A default that follows from another prop is not judged:
// the fault is that prop's.
func (p WebserverClusterProps) checkReplacement(f *faults.List, given WebserverClusterProps) {
	if given.DeregistrationDelay != 0 {
		checkSeconds(f, "DeregistrationDelay", p.DeregistrationDelay, time.Second, maxDeregistrationDelay)
		if p.DeregistrationDelay <= p.IdleTimeout {
			f.Add("DeregistrationDelay", p.DeregistrationDelay, "must be longer than IdleTimeout (%v), or replacing an instance cuts requests off", p.IdleTimeout)
		}
	} else if p.IdleTimeout >= maxDeregistrationDelay {
		f.Add("IdleTimeout", p.IdleTimeout, "must be below %v, the longest DeregistrationDelay, or replacing an instance cuts requests off", maxDeregistrationDelay)
	}

	preferences := p.refreshPreferences(nil)
	if given.Warmup == 0 {
		preferences.InstanceWarmup = nil
	} else if healthy := p.timeToHealthy(); p.Warmup < healthy {
		f.Add("Warmup", p.Warmup, "must be at least %v, the time of %d health checks, or a refresh goes on before an instance has passed them", healthy, healthCheckThreshold)
	} else if p.Warmup > time.Hour {
		f.Add("Warmup", p.Warmup, "must be at most %v", time.Hour)
	}
	if given.HealthCheckGracePeriod != 0 {
		checkSeconds(f, "HealthCheckGracePeriod", p.HealthCheckGracePeriod, 0, time.Hour)
		if p.HealthCheckGracePeriod > p.Warmup {
			f.Add("HealthCheckGracePeriod", p.HealthCheckGracePeriod, "must not be above Warmup (%v), or a refresh goes on over instances whose health nobody has judged", p.Warmup)
		}
	}
	if p.MaxHealthyPercentage <= minHealthyPercentage {
		f.Add("MaxHealthyPercentage", p.MaxHealthyPercentage, "must be 101 to 200: %d is the minimum, and only what is above lets a new instance start before an old one goes", minHealthyPercentage)
		preferences.MinHealthyPercentage, preferences.MaxHealthyPercentage = nil, nil
	}
	f.As(map[string]string{
		"InstanceWarmup":        "Warmup",
		"CheckpointPercentages": "Checkpoints",
	}, preferences.Validate())
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
