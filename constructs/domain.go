package constructs

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/jsii-runtime-go"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/acmcertificate"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/acmcertificatevalidation"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/dataawsroute53zone"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/lb"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/route53record"
	"github.com/hashicorp/terraform-cdk-go/cdktf"

	"example.com/webserver-cluster/internal/faults"
)

// Domain is the name that a cluster answers to, by HTTPS. With its hosted zone, the
// cluster makes everything: a certificate of ACM, which ACM renews by itself; the records
// by which ACM sees that the zone is yours; and alias records that lead to the load
// balancer. A change of the names makes a new certificate, which the load balancer has
// before the old one goes.
type Domain struct {
	// Name is the name, such as "shop.example.com", which WebserverCluster.URL has: at
	// most 253 small letters, digits, hyphens and dots, and 64 in a certificate that the
	// cluster makes. It may be a reference, without AlternativeNames then. Required.
	Name string
	// AlternativeNames are other names of the cluster in the same zone, at most 99: in its
	// certificate, each with a record of its own. "*.example.com" is every name one level
	// below. ACM takes 9 without asking for more. Default: none.
	AlternativeNames []string
	// HostedZoneID is the Route 53 hosted zone that the names are in: a public one, unless
	// CertificateARN names a certificate. A plan fails if they are not in it. Default: none,
	// somebody else makes the records, and CertificateARN names the certificate.
	HostedZoneID string
}

const (
	maxHostName = 253
	// https://docs.aws.amazon.com/acm/latest/APIReference/API_RequestCertificate.html
	maxCommonName       = 64
	maxAlternativeNames = 100 - 1
)

var (
	// Labels of letters, digits and inner hyphens, of 63 characters at the most; small
	// letters, as Route 53 and ACM give names back. The last one is no number.
	// https://www.rfc-editor.org/rfc/rfc1035#section-2.3.1
	// https://docs.aws.amazon.com/acm/latest/APIReference/API_RequestCertificate.html
	hostNameRule = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]$`)
	// https://docs.aws.amazon.com/Route53/latest/APIReference/API_GetHostedZone.html
	hostedZoneRule = regexp.MustCompile(`^Z[A-Z0-9]{1,31}$`)
)

func isHostName(name string) bool { return hostNameRule.MatchString(name) && len(name) <= maxHostName }

// isHTTPS says whether the cluster serves HTTPS.
func (p WebserverClusterProps) isHTTPS() bool { return p.Domain != nil }

// makesCertificate says whether the cluster has a certificate of its own.
func (p WebserverClusterProps) makesCertificate() bool {
	return p.Domain != nil && p.Domain.HostedZoneID != "" && p.CertificateARN == ""
}

// checkDomain checks the cluster's names and what proves them.
func (p WebserverClusterProps) checkDomain(f *faults.List) {
	if p.CertificateARN != "" && !certificateRule.MatchString(p.CertificateARN) && !isToken(p.CertificateARN) {
		f.Add("CertificateARN", p.CertificateARN, "must be the ARN of a certificate, such as arn:aws:acm:eu-central-1:111122223333:certificate/0123abcd-…")
	}
	d := p.Domain
	if d == nil {
		if p.CertificateARN != "" {
			f.Missing("Domain", "the name that CertificateARN is for; no certificate of yours is for the load balancer's own name")
		}
		return
	}
	switch {
	case d.Name == "":
		f.Missing("Domain.Name", "the name that the cluster answers to")
	case isToken(d.Name):
	case strings.HasPrefix(d.Name, "*"):
		f.Add("Domain.Name", d.Name, "must be one name, which the URL has: put * into AlternativeNames")
	case !isHostName(d.Name):
		f.Add("Domain.Name", d.Name, "must be a host name such as shop.example.com: at most %d small letters, digits, hyphens and dots", maxHostName)
	case p.makesCertificate() && len(d.Name) > maxCommonName:
		f.Add("Domain.Name", d.Name, "has %d characters; the first name in a certificate can have %d: put it into AlternativeNames, and a shorter one here", len(d.Name), maxCommonName)
	}
	switch {
	case d.HostedZoneID == "" && p.CertificateARN == "":
		f.Missing("Domain.HostedZoneID", "the Route 53 hosted zone of the name; or give CertificateARN, and make the name's record elsewhere")
	case d.HostedZoneID != "" && !hostedZoneRule.MatchString(d.HostedZoneID) && !isToken(d.HostedZoneID):
		f.Add("Domain.HostedZoneID", d.HostedZoneID, "must be the id of a Route 53 hosted zone, such as Z0123456789ABCDEFGHIJ: Z and at most 31 capital letters and digits")
	}
	d.checkAlternativeNames(f)
}

func (d Domain) checkAlternativeNames(f *faults.List) {
	const field = "Domain.AlternativeNames"
	if len(d.AlternativeNames) > maxAlternativeNames {
		f.Add(field, len(d.AlternativeNames), "is their number; a certificate can have %d besides Name", maxAlternativeNames)
	}
	if len(d.AlternativeNames) > 0 && isToken(d.Name) {
		f.Given(field, "do not go with a Name that is a reference: write the Name")
	}
	if len(d.AlternativeNames) > 0 && d.HostedZoneID == "" {
		f.Given(field, "are for records in HostedZoneID: leave them out, or name the zone")
	}
	for i, name := range d.AlternativeNames {
		switch {
		case isToken(name):
			f.Add(field, name, "is a reference: name it here, resources are named after it")
		case !isHostName(strings.TrimPrefix(name, "*.")) || len(name) > maxHostName:
			f.Add(field, name, "must be a host name such as www.example.com or *.example.com: at most %d small letters, digits, hyphens and dots", maxHostName)
		case name == d.Name || slices.Contains(d.AlternativeNames[:i], name):
			f.Add(field, name, "is named twice")
		}
	}
}

// domain makes what leads the names to the load balancer, and returns the ARN of the
// certificate for them.
func (c *cluster) domain(alb lb.Lb) (certificate *string) {
	certificate = jsii.String(c.props.CertificateARN)
	if c.props.Domain.HostedZoneID == "" {
		return certificate
	}
	zone := c.zone()
	if c.props.makesCertificate() {
		certificate = c.certificate(zone)
	}
	c.records(zone, alb)
	return certificate
}

// names are all names, Name first.
func (d Domain) names() []string { return append([]string{d.Name}, d.AlternativeNames...) }

// domainRole is the role of a resource for one of the names, which is in it: what
// another order or another first name leaves as it is stays. No name has an underscore,
// so that each has a role of its own.
func domainRole(role, name string) string {
	if isToken(name) {
		return role
	}
	return role + "_" + strings.NewReplacer("*", "", ".", "_").Replace(name)
}

// zone is the id of the hosted zone. A plan fails if the names are not in it: Terraform
// would put shop.example.com.example.org into the zone example.org, and ACM wait for a
// record that never comes.
// https://github.com/hashicorp/terraform-provider-aws/blob/v5.99.1/internal/service/route53/record.go (expandRecordName)
func (c *cluster) zone() *string {
	d := c.props.Domain
	var quoted []string
	for _, name := range d.names() {
		quoted = append(quoted, `"`+name+`"`)
	}
	conditions := []*cdktf.Postcondition{{
		Condition: jsii.String(fmt.Sprintf(`${alltrue([for name in [%s] : endswith(".${name}", ".${trimsuffix(self.name, ".")}")])}`, strings.Join(quoted, ", "))),
		ErrorMessage: jsii.String(fmt.Sprintf("%s is not in the hosted zone of Domain.HostedZoneID, which is that of ${self.name}. "+
			"Name the zone that holds it.", strings.Join(d.names(), ", or one of the others: "))),
	}}
	if c.props.makesCertificate() {
		conditions = append(conditions, &cdktf.Postcondition{
			// Not !self.private_zone: it is null as long as the zone is not there.
			Condition: jsii.String("${self.private_zone != true}"),
			ErrorMessage: jsii.String("The hosted zone of Domain.HostedZoneID is private, where ACM cannot see the records that a certificate takes. " +
				"Name a public zone, or a certificate in CertificateARN."),
		})
	}
	looked := add(c.scope, "zone", dataawsroute53zone.NewDataAwsRoute53Zone, &dataawsroute53zone.DataAwsRoute53ZoneConfig{
		ZoneId:    jsii.String(d.HostedZoneID),
		Lifecycle: &cdktf.TerraformResourceLifecycle{Postcondition: &conditions},
	})
	if isToken(d.HostedZoneID) { // not there yet, perhaps: then nothing is put into it before it is looked at
		return looked.ZoneId()
	}
	return jsii.String(d.HostedZoneID)
}

// certificate is the ARN of a certificate of the cluster's own, once ACM has issued it.
// ACM looks for a record of each name, one for "*.example.com" and "example.com"
// together, and for it again at every renewal.
// https://docs.aws.amazon.com/acm/latest/userguide/dns-validation.html
func (c *cluster) certificate(zone *string) *string {
	d := c.props.Domain
	config := &acmcertificate.AcmCertificateConfig{
		DomainName:       jsii.String(d.Name),
		ValidationMethod: jsii.String("DNS"),
		Tags:             nameTag(c.props.Name),
		// The listener has the next one before this one goes: ACM keeps one that is in use.
		Lifecycle: &cdktf.TerraformResourceLifecycle{CreateBeforeDestroy: jsii.Bool(true)},
	}
	if len(d.AlternativeNames) > 0 {
		config.SubjectAlternativeNames = jsii.Strings(d.AlternativeNames...)
	}
	certificate := add(c.scope, "certificate", acmcertificate.NewAcmCertificate, config)
	var records []*string
	proven := map[string]bool{}
	for _, name := range d.names() {
		if base := strings.TrimPrefix(name, "*."); !proven[base] {
			proven[base] = true
		} else {
			continue
		}
		// ACM gives its options in no order, and Terraform knows their names, and no
		// more, before the certificate is there.
		option := func(attribute string) *string {
			return jsii.String(fmt.Sprintf(`${[for option in aws_acm_certificate.%scertificate.domain_validation_options : option.%s if option.domain_name == "%s"][0]}`, c.prefix, attribute, name))
		}
		// Named by what is proven, whichever of example.com and *.example.com is first.
		//
		// The record of a name is the same for every certificate of the account. With
		// another certificate, Terraform would not know that before it is there, and put the
		// record in place of itself: make it, which changes nothing, and then delete it.
		lifecycle := &cdktf.TerraformResourceLifecycle{IgnoreChanges: jsii.Strings("name", "type", "records")}
		if isToken(name) { // another name, perhaps, and the only one
			lifecycle = nil
		}
		records = append(records, add(c.scope, domainRole("certificate_record", strings.TrimPrefix(name, "*.")), route53record.NewRoute53Record, &route53record.Route53RecordConfig{
			ZoneId:  zone,
			Name:    option("resource_record_name"),
			Type:    option("resource_record_type"),
			Records: &[]*string{option("resource_record_value")},
			Ttl:     jsii.Number(60),
			// Another certificate has put it there, perhaps.
			AllowOverwrite: jsii.Bool(true),
			Lifecycle:      lifecycle,
		}).Fqdn())
	}
	return add(c.scope, "certificate_validation", acmcertificatevalidation.NewAcmCertificateValidation, &acmcertificatevalidation.AcmCertificateValidationConfig{
		CertificateArn:        certificate.Arn(),
		ValidationRecordFqdns: &records,
	}).CertificateArn()
}

// records lead the names to the load balancer, which has IPv4 addresses alone.
func (c *cluster) records(zone *string, alb lb.Lb) {
	d := c.props.Domain
	for _, name := range d.names() {
		add(c.scope, domainRole("alias", name), route53record.NewRoute53Record, &route53record.Route53RecordConfig{
			ZoneId: zone,
			Name:   jsii.String(name),
			Type:   jsii.String("A"),
			Alias: &route53record.Route53RecordAlias{
				Name: alb.DnsName(), ZoneId: alb.ZoneId(), EvaluateTargetHealth: jsii.Bool(true),
			},
		})
	}
}
