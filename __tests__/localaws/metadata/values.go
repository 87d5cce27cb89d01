package metadata

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// values are all items, by path.
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-categories.html
func (s *Service) values(ctx context.Context, i Instance, withTags bool) (map[string]string, error) {
	zone := ""
	if i.Placement != nil {
		zone = aws.ToString(i.Placement.AvailabilityZone)
	}
	var groups []string
	for _, g := range i.SecurityGroups {
		groups = append(groups, aws.ToString(g.GroupName))
	}
	meta := map[string]string{
		"ami-id":                      aws.ToString(i.ImageId),
		"ami-launch-index":            fmt.Sprint(aws.ToInt32(i.AmiLaunchIndex)),
		"hostname":                    aws.ToString(i.PrivateDnsName),
		"instance-action":             "none",
		"instance-id":                 aws.ToString(i.InstanceId),
		"instance-life-cycle":         "on-demand",
		"instance-type":               string(i.InstanceType),
		"local-hostname":              aws.ToString(i.PrivateDnsName),
		"local-ipv4":                  aws.ToString(i.PrivateIpAddress),
		"placement/availability-zone": zone,
		"placement/region":            i.Region,
		"security-groups":             strings.Join(groups, "\n"),
	}
	if i.InstanceLifecycle != "" {
		meta["instance-life-cycle"] = string(i.InstanceLifecycle)
	}
	if withTags {
		for _, t := range i.Tags {
			meta["tags/instance/"+aws.ToString(t.Key)] = aws.ToString(t.Value)
		}
	}
	if err := s.addRole(ctx, i, meta); err != nil {
		return nil, err
	}
	all := map[string]string{}
	for path, value := range meta {
		if value != "" {
			all["/latest/meta-data/"+path] = value
		}
	}
	// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-identity-documents.html
	all["/latest/dynamic/instance-identity/document"] = document(map[string]any{
		"accountId":        i.Account,
		"architecture":     string(i.Architecture),
		"availabilityZone": zone,
		"imageId":          meta["ami-id"],
		"instanceId":       meta["instance-id"],
		"instanceType":     meta["instance-type"],
		"pendingTime":      stamp(aws.ToTime(i.LaunchTime)),
		"privateIp":        meta["local-ipv4"],
		"region":           i.Region,
		"version":          "2017-09-30",
	})
	return all, nil
}

// addRole adds the items below iam, which an instance without a profile has not.
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-metadata-security-credentials.html
func (s *Service) addRole(ctx context.Context, i Instance, meta map[string]string) error {
	if i.IamInstanceProfile == nil {
		return nil
	}
	info := map[string]any{
		"Code":               "Success",
		"InstanceProfileArn": aws.ToString(i.IamInstanceProfile.Arn),
		"InstanceProfileId":  aws.ToString(i.IamInstanceProfile.Id),
	}
	c, err := s.config.Credentials(ctx, i)
	if err != nil {
		// https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_iam-ec2.html
		info["Code"], info["Message"], info["LastUpdated"] = "AssumeRoleUnauthorizedAccess", err.Error(), stamp(time.Now())
		meta["iam/info"] = document(info)
		return nil
	}
	info["LastUpdated"] = stamp(c.Issued)
	meta["iam/info"] = document(info)
	meta["iam/security-credentials/"+c.Role] = document(map[string]any{
		"Code":            "Success",
		"LastUpdated":     stamp(c.Issued),
		"Type":            "AWS-HMAC",
		"AccessKeyId":     c.AccessKeyID,
		"SecretAccessKey": c.SecretAccessKey,
		"Token":           c.Token,
		"Expiration":      stamp(c.Expires),
	})
	return nil
}

func document(fields map[string]any) string {
	text, err := json.MarshalIndent(fields, "", "  ")
	if err != nil {
		panic(err) // strings can be marshalled
	}
	return string(text)
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// below lists the names right below a path; those that have more below them end
// in a slash.
func below(values map[string]string, path string) []string {
	var names []string
	for key := range values {
		if rest, ok := strings.CutPrefix(key, path); ok {
			name, _, deeper := strings.Cut(rest, "/")
			if deeper {
				name += "/"
			}
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
