package validation_test

import (
	"fmt"
	"strings"
	"testing"

	"example.com/webserver-cluster/constructs"
	"example.com/webserver-cluster/stacks"
)

// domain changes props to those of a cluster with a name, and with a certificate of its
// own unless its ARN is given.
func domain(change func(*constructs.Domain), certificateARN ...string) func(*clusterProps) {
	return func(p *clusterProps) {
		p.Domain = &constructs.Domain{Name: "shop.example.com", HostedZoneID: "Z0123456789ABCDEFGHIJ"}
		change(p.Domain)
		p.CertificateARN = strings.Join(certificateARN, "")
	}
}

func unchanged(*constructs.Domain) {}

// TestDomain has names, their zone, and what proves them.
func TestDomain(t *testing.T) {
	const (
		arn     = "arn:aws:acm:eu-central-1:111122223333:certificate/01234567-89ab-cdef-0123-456789abcdef"
		badName = "must be a host name such as shop.example.com: at most 253 small letters, digits, hyphens and dots"
		badARN  = "must be the ARN of a certificate, such as arn:aws:acm:eu-central-1:111122223333:certificate/0123abcd-…"
	)
	label := strings.Repeat("a", 63)
	longest := strings.Join([]string{label, label, label, strings.Repeat("b", 61)}, ".") // 253 characters
	name := func(name string) func(*clusterProps) {
		return domain(func(d *constructs.Domain) { d.Name = name })
	}
	rows := []row[clusterProps]{
		{domain(unchanged), ""},
		{name("${aws_x.y.name}"), ""},
		{name("xn--bcher-kva.example"), ""},
		{name(strings.Repeat("a", 52) + ".example.com"), ""}, // 64 characters
		{name(strings.Repeat("a", 53) + ".example.com"), `stage.Cluster.Domain.Name: "` + strings.Repeat("a", 53) + `.example.com": has 65 characters; the first name in a certificate can have 64: put it into AlternativeNames, and a shorter one here`},
		{name(""), `stage.Cluster.Domain.Name: is missing: the name that the cluster answers to`},
		{name("*.example.com"), `stage.Cluster.Domain.Name: "*.example.com": must be one name, which the URL has: put * into AlternativeNames`},
		{domain(func(d *constructs.Domain) { d.HostedZoneID = "" }), `stage.Cluster.Domain.HostedZoneID: is missing: the Route 53 hosted zone of the name; or give CertificateARN, and make the name's record elsewhere`},
		{domain(func(d *constructs.Domain) { d.HostedZoneID = "${aws_route53_zone.z.zone_id}" }), ""},
		// With a certificate that is there already: records, or the name alone.
		{domain(unchanged, arn), ""},
		{domain(func(d *constructs.Domain) { d.Name, d.HostedZoneID = longest, "" }, arn), ""},
		{domain(func(d *constructs.Domain) { d.AlternativeNames, d.HostedZoneID = []string{"www.example.com"}, "" }, arn), `stage.Cluster.Domain.AlternativeNames: are for records in HostedZoneID: leave them out, or name the zone`},
		{domain(unchanged, "arn:aws:acm:eu-central-1:111122223333:certificate/mrk-0123456789abcdef"), ""},
		{domain(unchanged, "arn:aws-cn:iam::111122223333:server-certificate/team/web"), ""},
		{domain(unchanged, "${aws_acm_certificate.x.arn}"), ""},
		{func(p *clusterProps) { p.CertificateARN = arn }, `stage.Cluster.Domain: is missing: the name that CertificateARN is for; no certificate of yours is for the load balancer's own name`},
		{domain(unchanged, "arn:aws:acm:us-east-1:111122223333:certificate/0123abcd"), `stage.Cluster.CertificateARN: "arn:aws:acm:us-east-1:111122223333:certificate/0123abcd": is not in eu-central-1, the region in cdktf.json: a load balancer takes certificates of its own region only`},
		{domain(unchanged, "arn:aws:acm::111122223333:certificate/0123abcd"), `stage.Cluster.CertificateARN: "arn:aws:acm::111122223333:certificate/0123abcd": ` + badARN + "\n" + `stage.Cluster.CertificateARN: "arn:aws:acm::111122223333:certificate/0123abcd": is not in eu-central-1, the region in cdktf.json: a load balancer takes certificates of its own region only`},
	}
	for _, bad := range []string{"my-certificate", "arn:aws:acm:eu-central-1:1111:certificate/0123abcd", "arn:aws:acm:eu-central-1:111122223333:certificate/", "arn:aws:acm:eu-central-1:111122223333:certificate/a b", "arn:aws:s3:::certificate"} {
		rows = append(rows, row[clusterProps]{domain(unchanged, bad), fmt.Sprintf("stage.Cluster.CertificateARN: %q: %s", bad, badARN)})
	}
	for _, bad := range []string{
		"shop", "Shop.example.com", "shop.example.com.", ".example.com", "shop..example.com", "-shop.example.com", "shop-.example.com",
		"sh_op.example.com", "shöp.example.com", "https://shop.example.com", "shop.example.com/", "shop.example.com:443", "shop.example.c",
		"192.0.2.10", "shop.example.com ", "a." + strings.Repeat("b", 64),
	} {
		rows = append(rows, row[clusterProps]{name(bad), fmt.Sprintf("stage.Cluster.Domain.Name: %q: %s", bad, badName)})
	}
	for _, bad := range []string{"example.com", "z0123456789ABCDEFGHIJ", "/hostedzone/Z0123456789ABCDEFGHIJ", "Z", "Z" + strings.Repeat("A", 32)} {
		rows = append(rows, row[clusterProps]{domain(func(d *constructs.Domain) { d.HostedZoneID = bad }),
			fmt.Sprintf("stage.Cluster.Domain.HostedZoneID: %q: must be the id of a Route 53 hosted zone, such as Z0123456789ABCDEFGHIJ: Z and at most 31 capital letters and digits", bad)})
	}
	inStage(t, cluster, rows)
}

// TestAlternativeNames has what else leads to a cluster.
func TestAlternativeNames(t *testing.T) {
	others := func(names ...string) func(*clusterProps) {
		return domain(func(d *constructs.Domain) { d.AlternativeNames = names })
	}
	var many []string
	for i := range 100 {
		many = append(many, fmt.Sprintf("n%d.example.com", i))
	}
	const bad = "must be a host name such as www.example.com or *.example.com: at most 253 small letters, digits, hyphens and dots"
	inStage(t, cluster, []row[clusterProps]{
		{others(), ""},
		{others("example.com", "www.example.com", "*.example.com", strings.Repeat("a", 60)+".example.com"), ""},
		{others(many[1:]...), ""},
		{others(many...), `stage.Cluster.Domain.AlternativeNames: 100: is their number; a certificate can have 99 besides Name`},
		{others("www"), `stage.Cluster.Domain.AlternativeNames: "www": ` + bad},
		{others("*"), `stage.Cluster.Domain.AlternativeNames: "*": ` + bad},
		{others("www.*.example.com"), `stage.Cluster.Domain.AlternativeNames: "www.*.example.com": ` + bad},
		{others("*.*.example.com"), `stage.Cluster.Domain.AlternativeNames: "*.*.example.com": ` + bad},
		{others(""), `stage.Cluster.Domain.AlternativeNames: "": ` + bad},
		{others("${aws_x.y.name}"), `stage.Cluster.Domain.AlternativeNames: "${aws_x.y.name}": is a reference: name it here, resources are named after it`},
		{others("shop.example.com"), `stage.Cluster.Domain.AlternativeNames: "shop.example.com": is named twice`},
		{domain(func(d *constructs.Domain) {
			d.Name, d.AlternativeNames = "${aws_x.y.name}", []string{"www.example.com"}
		}), `stage.Cluster.Domain.AlternativeNames: do not go with a Name that is a reference: write the Name`},
		{others("www.example.com", "www.example.com"), `stage.Cluster.Domain.AlternativeNames: "www.example.com": is named twice`},
	})
}

// TestNamesOfTwoEnvironments has a name that cannot lead to both.
func TestNamesOfTwoEnvironments(t *testing.T) {
	first, second := stage, stage
	second.Name, second.Network.CIDR = "prod", "10.20.0.0/16"
	domain(func(d *constructs.Domain) { d.AlternativeNames = []string{"www.example.com"} })(&first.Cluster)
	domain(func(d *constructs.Domain) { d.AlternativeNames = []string{"www.example.com", "old.example.com"} })(&second.Cluster)
	expectFaults(t, stacks.Validate(valid, []stacks.Environment{first, second}), []string{
		`prod.Cluster.Domain.Name: "shop.example.com": is a name of stage, too`,
		`prod.Cluster.Domain.AlternativeNames: "www.example.com": is a name of stage, too`,
	})
}

// TestRecordOfTwoEnvironments has names that differ and prove themselves by one record.
func TestRecordOfTwoEnvironments(t *testing.T) {
	first, second := stage, stage
	second.Name, second.Network.CIDR = "prod", "10.20.0.0/16"
	domain(func(d *constructs.Domain) {
		d.Name, d.AlternativeNames = "stage.example.com", []string{"*.example.com"}
	})(&first.Cluster)
	domain(func(d *constructs.Domain) { d.Name = "example.com" })(&second.Cluster)
	expectFaults(t, stacks.Validate(valid, []stacks.Environment{first, second}), []string{
		`prod.Cluster.Domain.Name: "example.com": is proven to ACM by the same record as *.example.com of stage: take a name of its own for one of them`,
	})
}
