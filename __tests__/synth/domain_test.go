package synth_test

import (
	"fmt"
	"strings"
	"testing"

	"example.com/webserver-cluster/constructs"
	"example.com/webserver-cluster/stacks"
)

const hostedZone = "Z0123456789ABCDEFGHIJ"

// TestDomain has a cluster that makes everything for its names.
func TestDomain(t *testing.T) {
	s := synthesizeEnvironment(t, variant(func(e *stacks.Environment) {
		e.Cluster.Domain = &constructs.Domain{
			Name: "shop.example.com", HostedZoneID: hostedZone,
			AlternativeNames: []string{"*.shop.example.com", "www.example.com"},
		}
	}))
	expect(t, s.json, "https://shop.example.com", "output", "url", "value")

	certificate := s.get("aws_acm_certificate", "web_certificate")
	expect(t, certificate, "shop.example.com", "domain_name")
	expect(t, certificate, "[*.shop.example.com www.example.com]", "subject_alternative_names")
	expect(t, certificate, "DNS", "validation_method")
	expect(t, certificate, true, "lifecycle", "create_before_destroy")
	// The listener waits until ACM has issued it.
	validation := s.get("aws_acm_certificate_validation", "web_certificate_validation")
	expect(t, validation, "${aws_acm_certificate.web_certificate.arn}", "certificate_arn")
	expect(t, s.get("aws_lb_listener", "web_https"), "${aws_acm_certificate_validation.web_certificate_validation.certificate_arn}", "certificate_arn")
	expect(t, s.get("aws_lb_listener", "web_http"), "redirect", "default_action", 0, "type")

	records := s.all("aws_route53_record")
	names := map[string]string{
		"web_certificate_record_shop_example_com": "shop.example.com", // and *.shop.example.com, which has the same
		"web_certificate_record_www_example_com":  "www.example.com",
		"web_alias_shop_example_com":              "shop.example.com",
		"web_alias__shop_example_com":             "*.shop.example.com",
		"web_alias_www_example_com":               "www.example.com",
	}
	if len(records) != len(names) {
		t.Errorf("there are %d records, want %d", len(records), len(names))
	}
	proven := 0
	for role, name := range names {
		record := s.get("aws_route53_record", role)
		expect(t, record, hostedZone, "zone_id")
		if strings.HasPrefix(role, "web_alias") {
			expect(t, record, name, "name")
			expect(t, record, "A", "type")
			expect(t, record, "${aws_lb.web_lb.dns_name}", "alias", "name")
			expect(t, record, "${aws_lb.web_lb.zone_id}", "alias", "zone_id")
			continue
		}
		proven++
		// Or another certificate for the name would delete it.
		expect(t, record, "[name type records]", "lifecycle", "ignore_changes")
		if value := fmt.Sprint(record["name"]); !strings.Contains(value, fmt.Sprintf("option.resource_record_name if option.domain_name == %q]", name)) {
			t.Errorf("the record %s is called %s", role, value)
		}
		if !strings.Contains(fmt.Sprint(validation["validation_record_fqdns"]), "${aws_route53_record."+role+".fqdn}") {
			t.Errorf("nobody waits for %s: %v", role, validation["validation_record_fqdns"])
		}
	}
	if got := len(validation["validation_record_fqdns"].([]any)); got != proven {
		t.Errorf("the certificate waits for %d records, and %d are made", got, proven)
	}
	conditions := at(s.json, "data", "aws_route53_zone", "web_zone", "lifecycle", "postcondition")
	for i, want := range []string{"endswith", "private_zone"} {
		if condition := fmt.Sprint(at(conditions, i, "condition")); !strings.Contains(condition, want) {
			t.Errorf("the zone's condition %d is %s", i+1, condition)
		}
	}
}

// TestDomainWithACertificate has one that is there already, and records in any zone.
func TestDomainWithACertificate(t *testing.T) {
	s := synthesizeEnvironment(t, variant(func(e *stacks.Environment) {
		e.Cluster.CertificateARN = certificate
		e.Cluster.Domain = &constructs.Domain{Name: "shop.example.com", HostedZoneID: hostedZone}
	}))
	expect(t, s.get("aws_lb_listener", "web_https"), certificate, "certificate_arn")
	if made := len(s.all("aws_acm_certificate")) + len(s.all("aws_acm_certificate_validation")); made > 0 {
		t.Errorf("%d parts of a certificate are made", made)
	}
	expect(t, s.get("aws_route53_record", "web_alias_shop_example_com"), "shop.example.com", "name")
	expect(t, s.json, nil, "data", "aws_route53_zone", "web_zone", "lifecycle", "postcondition", 1) // it may be private
}

// TestLogs looks at the bucket of the load balancer's logs, where there is one.
func TestLogs(t *testing.T) {
	variants := map[string]stacks.Environment{
		"kept":      variant(func(e *stacks.Environment) { e.Cluster.LogRetentionDays, e.Cluster.DeletionProtection = 30, true }),
		"with ours": variant(func(e *stacks.Environment) { e.Cluster.LogRetentionDays = 7 }),
	}
	for name, e := range variants {
		t.Run(name, func(t *testing.T) { testLogs(t, synthesizeEnvironment(t, e)) })
	}
	environments(t, testLogs)
}

func testLogs(t *testing.T, s stack) {
	cluster, balancer := s.literal.Cluster, s.get("aws_lb", "web_lb")
	if cluster.LogRetentionDays == 0 {
		expect(t, balancer, nil, "connection_logs")
		expect(t, s.json, nil, "output", "log_bucket")
		return
	}
	const bucket = "${aws_s3_bucket.web_logs_bucket.id}"
	expect(t, s.json, bucket, "output", "log_bucket", "value")
	var places []string
	for _, kind := range []string{"access", "connection"} {
		expect(t, balancer, bucket, kind+"_logs", "bucket")
		expect(t, balancer, kind, kind+"_logs", "prefix")
		expect(t, balancer, true, kind+"_logs", "enabled")
		places = append(places, "${aws_s3_bucket.web_logs_bucket.arn}/"+kind+"/AWSLogs/${data.aws_caller_identity.web_account.account_id}/*")
	}
	if !strings.Contains(fmt.Sprint(balancer["depends_on"]), "aws_s3_bucket_policy.web_logs_policy") {
		t.Errorf("the load balancer writes before it may: it waits for %v", balancer["depends_on"])
	}
	statement := at(s.json, "data", "aws_iam_policy_document", "web_logs_tls_only", "statement", 1)
	expect(t, statement, "[logdelivery.elasticloadbalancing.amazonaws.com]", "principals", 0, "identifiers")
	expect(t, statement, "[s3:PutObject]", "actions")
	expect(t, statement, places, "resources")
	// Load balancers write with no other encryption.
	expect(t, s.get("aws_s3_bucket_server_side_encryption_configuration", "web_logs_encryption"), "AES256", "rule", 0, "apply_server_side_encryption_by_default", "sse_algorithm")
	expect(t, s.get("aws_s3_bucket_lifecycle_configuration", "web_logs_old_versions"), cluster.LogRetentionDays, "rule", 0, "expiration", 0, "days")
	// What is protected keeps its logs; what is not goes with them.
	made := s.get("aws_s3_bucket", "web_logs_bucket")
	var whole, kept any = true, nil
	if cluster.DeletionProtection {
		whole, kept = nil, true
	}
	expect(t, made, whole, "force_destroy")
	expect(t, made, kept, "lifecycle", "prevent_destroy")
}
