package localaws

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/acm"
	acmtypes "github.com/aws/aws-sdk-go-v2/service/acm/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/route53"

	"example.com/webserver-cluster/tests/localaws/strict"
)

func (a *AWS) refuseDomain(g *strict.Gate) {
	g.Add("elasticloadbalancing", a.certificateIssued, "CreateListener", "ModifyListener", "AddListenerCertificates")
	g.Add("acm", a.certificateUsed, "DeleteCertificate")
	g.Add("route53", a.recordThere, "ChangeResourceRecordSets")
}

// certificateIssued: a listener takes a certificate that ACM has issued.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/https-listener-certificates.html
// No page has the words for one that is not; these are what users meet,
// https://repost.aws/knowledge-center/acm-certificate-fails-validation and
// https://github.com/hashicorp/terraform-provider-aws/issues/8503.
func (a *AWS) certificateIssued(call strict.Call) []strict.Fault {
	ctx, config := call.Request.HTTP.Context(), a.Config()
	config.Region = call.Request.Region
	var faults []strict.Fault
	for _, certificate := range call.Structures("Certificates") {
		arn := strict.Call{Input: certificate}.Text("CertificateArn")
		if !strings.Contains(arn, ":acm:") {
			continue
		}
		found, err := acm.NewFromConfig(config).DescribeCertificate(ctx, &acm.DescribeCertificateInput{CertificateArn: &arn})
		switch {
		case err != nil:
			faults = append(faults, strict.Faultf("CertificateNotFound", "Certificate '%s' not found", arn))
		case found.Certificate.Status != acmtypes.CertificateStatusIssued:
			faults = append(faults, strict.Faultf("UnsupportedCertificate", "The certificate '%s' must have a fully-qualified domain name, a supported signature, and a supported key size.", arn))
		}
	}
	return faults
}

// certificateUsed: ACM keeps a certificate that a listener has. moto deletes it.
// https://docs.aws.amazon.com/acm/latest/APIReference/API_DeleteCertificate.html
func (a *AWS) certificateUsed(call strict.Call) []strict.Fault {
	ctx, config := a.lookup(call)
	arn, client := call.Text("CertificateArn"), elb.NewFromConfig(config)
	balancers, err := client.DescribeLoadBalancers(ctx, &elb.DescribeLoadBalancersInput{})
	if err != nil {
		return nil
	}
	for _, balancer := range balancers.LoadBalancers {
		listeners, err := client.DescribeListeners(ctx, &elb.DescribeListenersInput{LoadBalancerArn: balancer.LoadBalancerArn})
		if err != nil {
			continue
		}
		for _, listener := range listeners.Listeners {
			for _, certificate := range listener.Certificates {
				if aws.ToString(certificate.CertificateArn) == arn {
					return []strict.Fault{strict.Faultf("ResourceInUseException", "Certificate %s is in use.", arn)}
				}
			}
		}
	}
	return nil
}

// recordThere: CREATE makes a record that there is not yet, within the zone. moto takes
// another one of the name and type, and one of a zone whose name ends alike.
// https://docs.aws.amazon.com/Route53/latest/APIReference/API_Change.html
func (a *AWS) recordThere(call strict.Call) []strict.Fault {
	ctx, config := a.lookup(call)
	id, client := call.Text("HostedZoneId"), route53.NewFromConfig(config)
	zone, err := client.GetHostedZone(ctx, &route53.GetHostedZoneInput{Id: &id})
	if err != nil {
		return nil
	}
	sets, err := recordSets(ctx, client, &id)
	if err != nil {
		return nil
	}
	zoneName := aws.ToString(zone.HostedZone.Name)
	var faults []strict.Fault
	batch, _ := call.Input["ChangeBatch"].(map[string]any)
	for _, change := range (strict.Call{Input: batch}).Structures("Changes") {
		set, _ := change["ResourceRecordSet"].(map[string]any)
		name, kind := strict.Call{Input: set}.Text("Name"), strict.Call{Input: set}.Text("Type")
		if full := "." + strings.TrimSuffix(name, "."); !strings.HasSuffix(full, "."+strings.TrimSuffix(zoneName, ".")) {
			faults = append(faults, strict.Faultf("InvalidChangeBatch", "RRSet with DNS name %s is not permitted in zone %s", name, zoneName))
		}
		if (strict.Call{Input: change}).Text("Action") != "CREATE" {
			continue
		}
		for _, there := range sets {
			if sameName(aws.ToString(there.Name), name) && string(there.Type) == kind && aws.ToString(there.SetIdentifier) == (strict.Call{Input: set}).Text("SetIdentifier") {
				faults = append(faults, strict.Faultf("InvalidChangeBatch", "Tried to create resource record set [name='%s', type='%s'] but it already exists", name, kind))
			}
		}
	}
	return faults
}
