package lifetime_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/acm"
	acmtypes "github.com/aws/aws-sdk-go-v2/service/acm/types"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/jsii-runtime-go"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/route53zone"
	"github.com/hashicorp/terraform-cdk-go/cdktf"

	"example.com/webserver-cluster/constructs"
	"example.com/webserver-cluster/tests/usual"
)

// frontDoor synthesizes a cluster behind a name in the zone example.com, with logs and a
// dashboard.
func frontDoor(t *testing.T, change func(*constructs.WebserverClusterProps)) []byte {
	t.Helper()
	// The deploy's last step is the command rollout, in the project's folder.
	here, err := os.Getwd()
	if err == nil {
		err = os.Chdir("../..")
	}
	if err != nil {
		t.Fatal(err)
	}
	defer os.Chdir(here)
	return synthesize(t, func(stack cdktf.TerraformStack) {
		zone := route53zone.NewRoute53Zone(stack, jsii.String("zone"), &route53zone.Route53ZoneConfig{Name: jsii.String("example.com")})
		zone.OverrideLogicalId(jsii.String("zone"))
		props := constructs.WebserverClusterProps{
			Name: "door",
			Network: constructs.NewNetwork(stack, "network", constructs.NetworkProps{
				Name: "door", CIDR: "10.5.0.0/16", NAT: constructs.NATNone, Zones: []string{region + "b", region + "c"},
			}),
			Domain: &constructs.Domain{
				Name: "shop.example.com", HostedZoneID: *zone.ZoneId(), AlternativeNames: []string{"www.example.com", "*.shop.example.com"},
			},
			LogRetentionDays: 30,
		}
		change(&props)
		web := constructs.NewWebserverCluster(stack, "web", props)
		dashboard := constructs.NewDashboard(stack, "dashboard", constructs.DashboardProps{Name: "door", Cluster: web})
		for name, value := range map[string]string{
			"url": web.URL, "zone_id": *zone.ZoneId(), "log_bucket": web.LogBucket, "dashboard_url": dashboard.URL,
			"group": web.AutoScalingGroupName,
		} {
			cdktf.NewTerraformOutput(stack, jsii.String(name), &cdktf.TerraformOutputConfig{Value: jsii.String(value)})
		}
	})
}

// aliases are the names in the zone that lead to a load balancer.
func aliases(t *testing.T, zone string) (names []string) {
	t.Helper()
	found, err := route53.NewFromConfig(cloud.Config()).ListResourceRecordSets(t.Context(), &route53.ListResourceRecordSetsInput{HostedZoneId: &zone})
	if err != nil {
		t.Fatal(err)
	}
	for _, set := range found.ResourceRecordSets {
		if set.AliasTarget != nil {
			names = append(names, strings.ReplaceAll(*set.Name, `\052`, "*"))
		}
	}
	slices.Sort(names)
	return names
}

// certificates are the issued ones, by name.
func certificates(t *testing.T) (names []string) {
	t.Helper()
	client := acm.NewFromConfig(cloud.Config())
	found, err := client.ListCertificates(t.Context(), &acm.ListCertificatesInput{})
	if err != nil {
		t.Fatal(err)
	}
	for _, summary := range found.CertificateSummaryList {
		one, err := client.DescribeCertificate(t.Context(), &acm.DescribeCertificateInput{CertificateArn: summary.CertificateArn})
		if err != nil {
			t.Fatal(err)
		}
		if one.Certificate.Status != acmtypes.CertificateStatusIssued {
			t.Errorf("the certificate for %s is %s", *one.Certificate.DomainName, one.Certificate.Status)
		}
		names = append(names, *one.Certificate.DomainName)
	}
	return names
}

func TestTheFrontDoor(t *testing.T) {
	usual.Skip(t)
	d := newDeployment(t)
	d.dir = filepath.Join(d.dir, "stacks", "stack") // as deep as where it was synthesized
	if err := os.MkdirAll(d.dir, 0o755); err != nil {
		t.Fatal(err)
	}
	protected := frontDoor(t, func(p *constructs.WebserverClusterProps) { p.DeletionProtection = true })
	outside := frontDoor(t, func(p *constructs.WebserverClusterProps) {
		p.DeletionProtection, p.Domain.Name = true, "shop.example.org"
	})
	renamed := frontDoor(t, func(p *constructs.WebserverClusterProps) {
		p.Domain.Name, p.Domain.AlternativeNames = "store.example.com", []string{"www.example.com"}
	})
	t.Parallel()

	d.use(protected)
	d.apply()
	d.unchanged()
	if url := d.output("url"); url != "https://shop.example.com" {
		t.Errorf("the URL is %s", url)
	}
	zone := d.output("zone_id")
	if names := aliases(t, zone); !slices.Equal(names, []string{"*.shop.example.com.", "shop.example.com.", "www.example.com."}) {
		t.Errorf("names that lead to the load balancer: %v", names)
	}
	if names := certificates(t); !slices.Equal(names, []string{"shop.example.com"}) {
		t.Errorf("certificates: %v", names)
	}

	bucket, objects := d.output("log_bucket"), s3.NewFromConfig(cloud.Config())
	logs, err := objects.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: &bucket})
	if err != nil || len(logs.Contents) != 2 {
		t.Errorf("the load balancer has written %v to its bucket: %v", logs.Contents, err)
	}
	group := d.output("group")
	// As AWS has it: the plan has read it.
	if state := d.terraform("show", "-json"); !strings.Contains(state, `[\"AWS/AutoScaling\",\"GroupDesiredCapacity\",\"AutoScalingGroupName\",\"`+group+`\",`) {
		t.Errorf("the dashboard does not show the group %s", group)
	}
	if url := d.output("dashboard_url"); url != "https://console.aws.amazon.com/cloudwatch/home?region="+region+"#dashboards/dashboard/door" {
		t.Errorf("the dashboard is at %s", url)
	}

	// Terraform would put shop.example.org.example.com into the zone.
	d.use(outside)
	d.refused([]string{"apply", "-auto-approve"}, "shop.example.org, or one of the others: www.example.com", "is not in the hosted zone of Domain.HostedZoneID, which is that of example.com.")
	d.use(protected)
	d.refused([]string{"destroy", "-auto-approve"}, "lifecycle.prevent_destroy", "aws_lb.web_lb", "aws_s3_bucket.web_logs_bucket")

	// Another name: another certificate, which the listener has before the first one
	// goes, or the local AWS would not let it go; the record of www.example.com, which both
	// take, stays. And the way down.
	d.use(renamed)
	d.apply()
	d.unchanged()
	if names := certificates(t); !slices.Equal(names, []string{"store.example.com"}) {
		t.Errorf("certificates: %v", names)
	}
	if names := aliases(t, zone); !slices.Equal(names, []string{"store.example.com.", "www.example.com."}) {
		t.Errorf("names that lead to the load balancer: %v", names)
	}
	d.terraform("destroy", "-auto-approve")
	if _, err := objects.HeadBucket(t.Context(), &s3.HeadBucketInput{Bucket: &bucket}); err == nil {
		t.Errorf("the bucket of the logs, %s, is left", bucket)
	}
}
