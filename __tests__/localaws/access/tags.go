package access

import (
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/acm"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
)

// requestTags are the tags that the request gives a kind of resource.
func (c call) requestTags(kind string) map[string]string {
	tags := map[string]string{}
	lists := []any{c.input["Tags"], c.input["tags"]}
	if c.prefix == "ec2" && c.name != "CreateTags" && c.name != "DeleteTags" {
		lists = c.specified(kind)
	}
	for _, list := range lists {
		switch list := list.(type) {
		case map[string]any:
			for key, value := range list {
				tags[key], _ = value.(string)
			}
		case []any:
			for _, item := range list {
				pair, _ := item.(map[string]any)
				key, value := "", ""
				for member, text := range pair {
					switch strings.ToLower(member) {
					case "key", "tagkey":
						key, _ = text.(string)
					case "value", "tagvalue":
						value, _ = text.(string)
					}
				}
				tags[key] = value
			}
		}
	}
	return tags
}

// specified are the lists of tags that a request to EC2 has for a kind of resource.
func (c call) specified(kind string) (lists []any) {
	specifications, _ := c.input["TagSpecifications"].([]any)
	for _, s := range specifications {
		if s, _ := s.(map[string]any); s["ResourceType"] == kind {
			lists = append(lists, s["Tags"])
		}
	}
	return lists
}

// tagsOf are the tags that a resource has.
func (c call) tagsOf(r resource) (map[string]string, error) {
	tags := map[string]string{}
	if r.made || r.arn == "*" {
		return tags, nil
	}
	config := c.judge.config
	config.Region = c.region
	id := r.arn[strings.LastIndexByte(r.arn, '/')+1:]
	switch c.prefix {
	case "ec2":
		out, err := ec2.NewFromConfig(config).DescribeTags(c.ctx, &ec2.DescribeTagsInput{Filters: []ec2types.Filter{
			{Name: aws.String("resource-id"), Values: []string{id}},
		}})
		if err != nil {
			return nil, err
		}
		for _, t := range out.Tags {
			tags[aws.ToString(t.Key)] = aws.ToString(t.Value)
		}
	case "elasticloadbalancing":
		out, err := elb.NewFromConfig(config).DescribeTags(c.ctx, &elb.DescribeTagsInput{ResourceArns: []string{r.arn}})
		if err != nil {
			return tags, nil // there is no such one, as AWS will say
		}
		for _, d := range out.TagDescriptions {
			for _, t := range d.Tags {
				tags[aws.ToString(t.Key)] = aws.ToString(t.Value)
			}
		}
	case "kms":
		out, err := kms.NewFromConfig(config).ListResourceTags(c.ctx, &kms.ListResourceTagsInput{KeyId: &id})
		if err != nil {
			return tags, nil
		}
		for _, t := range out.Tags {
			tags[aws.ToString(t.TagKey)] = aws.ToString(t.TagValue)
		}
	case "acm":
		out, err := acm.NewFromConfig(config).ListTagsForCertificate(c.ctx, &acm.ListTagsForCertificateInput{CertificateArn: &r.arn})
		if err != nil {
			return tags, nil
		}
		for _, t := range out.Tags {
			tags[aws.ToString(t.Key)] = aws.ToString(t.Value)
		}
	case "secretsmanager":
		out, err := secretsmanager.NewFromConfig(config).DescribeSecret(c.ctx, &secretsmanager.DescribeSecretInput{SecretId: &r.arn})
		if err != nil {
			return tags, nil
		}
		for _, t := range out.Tags {
			tags[aws.ToString(t.Key)] = aws.ToString(t.Value)
		}
	default:
		return nil, fmt.Errorf("the tags of %s are not known to the local AWS", r.arn)
	}
	return tags, nil
}
