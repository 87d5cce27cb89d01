package localaws

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/acm"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	route53types "github.com/aws/aws-sdk-go-v2/service/route53/types"

	"example.com/webserver-cluster/tests/localaws/front"
)

// issueWhenProven: moto issues every certificate after a minute. ACM issues one when it
// finds the record of each of its names in DNS, here in a public hosted zone,
// https://docs.aws.amazon.com/acm/latest/userguide/dns-validation.html. One that is
// issued stays so.
func (a *AWS) issueWhenProven() {
	var issued sync.Map // by ARN
	a.Front.Handle("acm", "DescribeCertificate", func(r *front.Request, next front.Next) (*front.Response, error) {
		resp, err := next(r)
		if err != nil || !resp.OK() {
			return resp, err
		}
		var answer map[string]map[string]any
		decoder := json.NewDecoder(bytes.NewReader(resp.Body))
		decoder.UseNumber() // times are numbers, given back as they are
		if err := decoder.Decode(&answer); err != nil {
			return nil, err
		}
		certificate := answer["Certificate"]
		if certificate["Type"] != "AMAZON_ISSUED" {
			return resp, nil
		}
		records, err := a.publicRecords(r.HTTP.Context())
		if err != nil {
			return nil, err
		}
		arn := certificate["CertificateArn"]
		_, all := issued.Load(arn)
		status := func(proven bool) string {
			if proven {
				return "SUCCESS"
			}
			return "PENDING_VALIDATION"
		}
		proven := true
		options, _ := certificate["DomainValidationOptions"].([]any)
		for _, o := range options {
			option, _ := o.(map[string]any)
			record, _ := option["ResourceRecord"].(map[string]any)
			name, _ := record["Name"].(string)
			found := records[name] == record["Value"]
			option["ValidationStatus"] = status(found || all)
			proven = proven && found
		}
		certificate["Status"] = "PENDING_VALIDATION"
		if proven || all {
			issued.Store(arn, true)
			certificate["Status"] = "ISSUED"
		} else {
			delete(certificate, "IssuedAt")
		}
		return front.JSON(answer)
	})
}

// publicRecords are the values of all CNAME records in public hosted zones, by name.
func (a *AWS) publicRecords(ctx context.Context) (map[string]string, error) {
	client, records := route53.NewFromConfig(a.MotoConfig()), map[string]string{}
	for zones := route53.NewListHostedZonesPaginator(client, &route53.ListHostedZonesInput{}); zones.HasMorePages(); {
		page, err := zones.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, zone := range page.HostedZones {
			if zone.Config != nil && zone.Config.PrivateZone {
				continue
			}
			sets, err := recordSets(ctx, client, zone.Id)
			if err != nil {
				return nil, err
			}
			for _, set := range sets {
				if set.Type == route53types.RRTypeCname && len(set.ResourceRecords) == 1 {
					records[aws.ToString(set.Name)] = aws.ToString(set.ResourceRecords[0].Value)
				}
			}
		}
	}
	return records, nil
}

// recordSets are all of a hosted zone.
func recordSets(ctx context.Context, client *route53.Client, zone *string) (sets []route53types.ResourceRecordSet, err error) {
	for pages := route53.NewListResourceRecordSetsPaginator(client, &route53.ListResourceRecordSetsInput{HostedZoneId: zone}); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		sets = append(sets, page.ResourceRecordSets...)
	}
	return sets, nil
}

// sameName says whether two names are one in DNS. Route 53 gives * back as \052,
// https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DomainNameFormat.html.
func sameName(a, b string) bool {
	normal := func(name string) string {
		return strings.ToLower(strings.TrimSuffix(strings.ReplaceAll(name, `\052`, "*"), "."))
	}
	return normal(a) == normal(b)
}

// certificateNames are the names that a certificate of ACM is for, none of another one.
func (a *AWS) certificateNames(ctx context.Context, certificate string) ([]string, error) {
	parsed, err := arn.Parse(certificate)
	if err != nil || parsed.Service != "acm" {
		return nil, err
	}
	client := acm.NewFromConfig(a.MotoConfig(), func(o *acm.Options) { o.Region = parsed.Region })
	found, err := client.DescribeCertificate(ctx, &acm.DescribeCertificateInput{CertificateArn: &certificate})
	if err != nil {
		return nil, err
	}
	return append(found.Certificate.SubjectAlternativeNames, aws.ToString(found.Certificate.DomainName)), nil
}
