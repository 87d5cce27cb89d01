package validation_test

import (
	"strings"
	"testing"
	"time"
)

// TestLoadBalancer has what stands in front of the instances.
func TestLoadBalancer(t *testing.T) {
	inStage(t, cluster, []row[clusterProps]{
		{func(p *clusterProps) { p.AllowedCIDRs = []string{"everyone"} }, `stage.Cluster.AllowedCIDRs: "everyone": must be an IPv4 block such as 203.0.113.0/24`},
		{func(p *clusterProps) { p.AllowedCIDRs = []string{"10.0.0.1"} }, `stage.Cluster.AllowedCIDRs: "10.0.0.1": must be an IPv4 block such as 203.0.113.0/24`},
		{func(p *clusterProps) { p.AllowedCIDRs = []string{""} }, `stage.Cluster.AllowedCIDRs: "": must be an IPv4 block such as 203.0.113.0/24`},
		{func(p *clusterProps) { p.AllowedCIDRs = []string{"10.0.0.1/8"} }, `stage.Cluster.AllowedCIDRs: "10.0.0.1/8": has bits set behind its prefix; 10.0.0.0/8 is the block`},
		{func(p *clusterProps) { p.AllowedCIDRs = []string{"fd00::/8"} }, `stage.Cluster.AllowedCIDRs: "fd00::/8": must be an IPv4 block such as 203.0.113.0/24`},
		{func(p *clusterProps) { p.AllowedCIDRs = []string{"10.0.0.0/33"} }, `stage.Cluster.AllowedCIDRs: "10.0.0.0/33": must be an IPv4 block such as 203.0.113.0/24`},
		{func(p *clusterProps) { p.AllowedCIDRs = []string{"10.0.0.0/8", "10.0.0.0/8"} }, `stage.Cluster.AllowedCIDRs: "10.0.0.0/8": is named twice`},
		{func(p *clusterProps) { p.AllowedCIDRs = []string{"a", "b"} }, "stage.Cluster.AllowedCIDRs: \"a\": must be an IPv4 block such as 203.0.113.0/24\nstage.Cluster.AllowedCIDRs: \"b\": must be an IPv4 block such as 203.0.113.0/24"},
		{func(p *clusterProps) { p.AccessLogsBucket = "My_Bucket" }, `stage.Cluster.AccessLogsBucket: "My_Bucket": must be 3 to 63 lower-case letters, digits, hyphens and single dots, a letter or digit at either end`},
		{func(p *clusterProps) { p.AccessLogsBucket = "ab" }, `stage.Cluster.AccessLogsBucket: "ab": must be 3 to 63 lower-case letters, digits, hyphens and single dots, a letter or digit at either end`},
		{func(p *clusterProps) { p.AccessLogsBucket = "a..b" }, `stage.Cluster.AccessLogsBucket: "a..b": must be 3 to 63 lower-case letters, digits, hyphens and single dots, a letter or digit at either end`},
		{func(p *clusterProps) { p.AccessLogsBucket = "-logs" }, `stage.Cluster.AccessLogsBucket: "-logs": must be 3 to 63 lower-case letters, digits, hyphens and single dots, a letter or digit at either end`},
		{func(p *clusterProps) { p.AccessLogsBucket = "192.168.5.4" }, `stage.Cluster.AccessLogsBucket: "192.168.5.4": must not look like an IP address`},
		{func(p *clusterProps) { p.AccessLogsBucket = "xn--logs" }, `stage.Cluster.AccessLogsBucket: "xn--logs": must not begin with xn--, which S3 keeps for itself`},
		{func(p *clusterProps) { p.AccessLogsBucket = "sthree-logs" }, `stage.Cluster.AccessLogsBucket: "sthree-logs": must not begin with sthree-, which S3 keeps for itself`},
		{func(p *clusterProps) { p.AccessLogsBucket = "amzn-s3-demo-logs" }, `stage.Cluster.AccessLogsBucket: "amzn-s3-demo-logs": must not begin with amzn-s3-demo-, which S3 keeps for itself`},
		{func(p *clusterProps) { p.AccessLogsBucket = "logs-s3alias" }, `stage.Cluster.AccessLogsBucket: "logs-s3alias": must not end with -s3alias, which S3 keeps for itself`},
		{func(p *clusterProps) { p.AccessLogsBucket = "logs--ol-s3" }, `stage.Cluster.AccessLogsBucket: "logs--ol-s3": must not end with --ol-s3, which S3 keeps for itself`},
		{func(p *clusterProps) { p.AccessLogsBucket = "logs.mrap" }, `stage.Cluster.AccessLogsBucket: "logs.mrap": must not end with .mrap, which S3 keeps for itself`},
		{func(p *clusterProps) { p.AccessLogsBucket = "logs--use1-az4--x-s3" }, `stage.Cluster.AccessLogsBucket: "logs--use1-az4--x-s3": must not end with --x-s3, which S3 keeps for itself`},
		{func(p *clusterProps) { p.AccessLogsBucket = "logs--table-s3" }, `stage.Cluster.AccessLogsBucket: "logs--table-s3": must not end with --table-s3, which S3 keeps for itself`},
		{func(p *clusterProps) { p.AccessLogsBucket = strings.Repeat("x", 64) }, `stage.Cluster.AccessLogsBucket: "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx": must be 3 to 63 lower-case letters, digits, hyphens and single dots, a letter or digit at either end`},
		{func(p *clusterProps) { p.AccessLogsBucket = "s3://logs" }, `stage.Cluster.AccessLogsBucket: "s3://logs": must be 3 to 63 lower-case letters, digits, hyphens and single dots, a letter or digit at either end`},
		{func(p *clusterProps) { p.AccessLogsBucket = "arn:aws:s3:::logs" }, `stage.Cluster.AccessLogsBucket: "arn:aws:s3:::logs": must be 3 to 63 lower-case letters, digits, hyphens and single dots, a letter or digit at either end`},
		{func(p *clusterProps) { p.HealthCheckInterval = 5 * time.Second }, `stage.Cluster.HealthCheckInterval: 5s: must be whole seconds from 10s to 5m0s`},
		{func(p *clusterProps) { p.HealthCheckInterval = 301 * time.Second }, `stage.Cluster.HealthCheckInterval: 5m1s: must be whole seconds from 10s to 5m0s`},
		{func(p *clusterProps) { p.HealthCheckInterval = 15500 * time.Millisecond }, `stage.Cluster.HealthCheckInterval: 15.5s: must be whole seconds from 10s to 5m0s`},
		{func(p *clusterProps) { p.HealthCheckInterval = 2 * time.Hour }, `stage.Cluster.HealthCheckInterval: 2h0m0s: must be whole seconds from 10s to 5m0s`},
		{func(p *clusterProps) { p.HealthCheckInterval = 15 }, `stage.Cluster.HealthCheckInterval: 15ns: must be whole seconds from 10s to 5m0s`},
		{func(p *clusterProps) { p.IdleTimeout = -time.Second }, `stage.Cluster.IdleTimeout: -1s: must be whole seconds from 1s to 59m59s`},
		{func(p *clusterProps) { p.IdleTimeout = time.Hour }, `stage.Cluster.IdleTimeout: 1h0m0s: must be below 1h0m0s, the longest DeregistrationDelay: requests may take longer than an instance that is to go is left to finish them`},
		{func(p *clusterProps) { p.IdleTimeout = 2 * time.Hour }, `stage.Cluster.IdleTimeout: 2h0m0s: must be below 1h0m0s, the longest DeregistrationDelay: requests may take longer than an instance that is to go is left to finish them`},
		{func(p *clusterProps) { p.IdleTimeout = 4000 * time.Second }, `stage.Cluster.IdleTimeout: 1h6m40s: must be below 1h0m0s, the longest DeregistrationDelay: requests may take longer than an instance that is to go is left to finish them`},
		{func(p *clusterProps) { p.IdleTimeout = 30 }, `stage.Cluster.IdleTimeout: 30ns: must be whole seconds from 1s to 59m59s`},
	})
}

// TestLoadBalancerValid has odd values that must pass.
func TestLoadBalancerValid(t *testing.T) {
	inStage(t, cluster, []row[clusterProps]{
		{func(p *clusterProps) { p.AllowedCIDRs = []string{} }, ""},
		{func(p *clusterProps) { p.AllowedCIDRs = []string{"10.0.0.0/8", "10.1.0.0/16"} }, ""},
		{func(p *clusterProps) {
			p.AllowedCIDRs = []string{"203.0.113.7/32", "${data.x.block}", "${data.x.block}"}
		}, ""},
		{func(p *clusterProps) { p.AccessLogsBucket = "logs.example.com" }, ""},
		{func(p *clusterProps) { p.AccessLogsBucket = "logs-111122223333-eu-central-1-an" }, ""},
		{func(p *clusterProps) { p.AccessLogsBucket = "${aws_s3_bucket.x.id}" }, ""},
		{func(p *clusterProps) { p.AccessLogsBucket = "a1b" }, ""},
		{func(p *clusterProps) { p.HealthCheckInterval = 90 * time.Second }, ""},
		{func(p *clusterProps) { p.HealthCheckInterval = 300 * time.Second }, ""},
		{func(p *clusterProps) { p.IdleTimeout = 59*time.Minute + 59*time.Second }, ""},
		{func(p *clusterProps) { p.IdleTimeout = time.Second }, ""},
	})
}
