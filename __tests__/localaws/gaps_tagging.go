package localaws

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/rds"

	"example.com/webserver-cluster/tests/localaws/front"
)

// listAllTagged: moto's tagging API knows a few types of resources only. AWS's
// GetResources lists all that have tags, but for Auto Scaling groups and IAM
// roles; and IAM's instance profiles, which belong to no region, not in every region,
// https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/supported-services.html.
func (a *AWS) listAllTagged() {
	a.Front.Handle("tagging", "GetResources", func(r *front.Request, next front.Next) (*front.Response, error) {
		var wanted struct {
			PaginationToken string
			TagFilters      []tagFilter
		}
		if err := json.Unmarshal(r.Body, &wanted); err != nil {
			return nil, front.Errorf("InvalidParameterException", "%v", err)
		}
		resp, err := next(r)
		if err != nil || !resp.OK() || wanted.PaginationToken != "" { // all that is missing comes with the first page
			return resp, err
		}
		var answer struct {
			PaginationToken        string
			ResourceTagMappingList []tagged
		}
		if err := json.Unmarshal(resp.Body, &answer); err != nil {
			return nil, err
		}
		cfg := a.MotoConfig()
		cfg.Region = r.Region
		more, err := missingTagged(r.HTTP.Context(), cfg)
		if err != nil {
			return nil, err
		}
		known := map[string]bool{}
		for _, t := range answer.ResourceTagMappingList {
			known[t.key()] = true
		}
		for _, t := range more {
			if !known[t.key()] && t.matches(wanted.TagFilters) {
				answer.ResourceTagMappingList = append(answer.ResourceTagMappingList, t)
			}
		}
		return front.JSON(answer)
	})
}

// tagged is a resource and its tags, as GetResources answers it.
type tagged struct {
	ResourceARN string
	Tags        []tag
}

// key is what tells the resource from others: its ARN; in EC2 the id at the
// ARN's end, before which moto has nat-gateway where AWS has natgateway.
func (t tagged) key() string {
	if strings.HasPrefix(t.ResourceARN, "arn:aws:ec2:") {
		return t.ResourceARN[strings.LastIndexByte(t.ResourceARN, '/')+1:]
	}
	return t.ResourceARN
}

type tag struct{ Key, Value string }

type tagFilter struct {
	Key    string
	Values []string
}

// matches tells whether the resource has all the tags wanted, each with one of
// its values; none means any.
func (t tagged) matches(filters []tagFilter) bool {
	for _, f := range filters {
		has := func(t tag) bool {
			return t.Key == f.Key && (len(f.Values) == 0 || slices.Contains(f.Values, t.Value))
		}
		if !slices.ContainsFunc(t.Tags, has) {
			return false
		}
	}
	return true
}

// missingTagged lists the types that moto leaves out and that the stacks have.
func missingTagged(ctx context.Context, cfg aws.Config) ([]tagged, error) {
	var all []tagged
	for _, list := range []func(context.Context, aws.Config) ([]tagged, error){taggedEC2, taggedRDS, taggedListeners} {
		some, err := list(ctx, cfg)
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	return all, nil
}

// motoAccount is the account that everything in moto belongs to.
const motoAccount = "123456789012"

func taggedEC2(ctx context.Context, cfg aws.Config) ([]tagged, error) {
	output, err := ec2.NewFromConfig(cfg).DescribeTags(ctx, &ec2.DescribeTagsInput{})
	if err != nil {
		return nil, err
	}
	var arns []string
	tags := map[string][]tag{}
	for _, t := range output.Tags {
		kind := string(t.ResourceType)
		if kind == "vpc-elastic-ip" { // moto's name for it
			kind = "elastic-ip"
		}
		arn := fmt.Sprintf("arn:aws:ec2:%s:%s:%s/%s", cfg.Region, motoAccount, kind, *t.ResourceId)
		if tags[arn] == nil {
			arns = append(arns, arn)
		}
		tags[arn] = append(tags[arn], tag{*t.Key, aws.ToString(t.Value)})
	}
	list := make([]tagged, len(arns))
	for i, arn := range arns {
		list[i] = tagged{arn, tags[arn]}
	}
	return list, nil
}

func taggedRDS(ctx context.Context, cfg aws.Config) ([]tagged, error) {
	client := rds.NewFromConfig(cfg)
	subnetGroups, err := client.DescribeDBSubnetGroups(ctx, &rds.DescribeDBSubnetGroupsInput{})
	if err != nil {
		return nil, err
	}
	parameterGroups, err := client.DescribeDBParameterGroups(ctx, &rds.DescribeDBParameterGroupsInput{})
	if err != nil {
		return nil, err
	}
	var arns []string
	for _, g := range subnetGroups.DBSubnetGroups {
		arns = append(arns, *g.DBSubnetGroupArn)
	}
	for _, g := range parameterGroups.DBParameterGroups {
		arns = append(arns, *g.DBParameterGroupArn)
	}
	var list []tagged
	for _, arn := range arns {
		output, err := client.ListTagsForResource(ctx, &rds.ListTagsForResourceInput{ResourceName: &arn})
		if err != nil {
			return nil, err
		}
		t := tagged{ResourceARN: arn}
		for _, pair := range output.TagList {
			t.Tags = append(t.Tags, tag{*pair.Key, aws.ToString(pair.Value)})
		}
		list = append(list, t)
	}
	return list, nil
}

func taggedListeners(ctx context.Context, cfg aws.Config) ([]tagged, error) {
	client := elb.NewFromConfig(cfg)
	balancers, err := client.DescribeLoadBalancers(ctx, &elb.DescribeLoadBalancersInput{})
	if err != nil {
		return nil, err
	}
	var list []tagged
	for _, b := range balancers.LoadBalancers {
		listeners, err := client.DescribeListeners(ctx, &elb.DescribeListenersInput{LoadBalancerArn: b.LoadBalancerArn})
		if err != nil {
			return nil, err
		}
		for _, l := range listeners.Listeners {
			output, err := client.DescribeTags(ctx, &elb.DescribeTagsInput{ResourceArns: []string{*l.ListenerArn}})
			if err != nil {
				return nil, err
			}
			t := tagged{ResourceARN: *l.ListenerArn}
			for _, description := range output.TagDescriptions {
				for _, pair := range description.Tags {
					t.Tags = append(t.Tags, tag{*pair.Key, aws.ToString(pair.Value)})
				}
			}
			list = append(list, t)
		}
	}
	return list, nil
}
