package access

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
)

// memory is how long a role's policies are remembered, in real time. AWS itself
// says that a change takes a while to be seen everywhere.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_general.html#troubleshoot_general_eventual-consistency
const memory = time.Second

// roles reads roles and their policies.
type roles struct {
	client *iam.Client

	mu    sync.Mutex
	known map[string]role // by name
}

type role struct {
	read        time.Time
	arn         string
	trust       document
	longest     time.Duration // of a session
	policies    []document
	boundary    []document // one; none for no boundary
	boundaryARN string
}

// get returns the policies of a role.
func (r *roles) get(ctx context.Context, name string) (role, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if known := r.known[name]; time.Since(known.read) < memory {
		return known, nil
	}
	found, err := r.read(ctx, name)
	if err != nil {
		return role{}, fmt.Errorf("policies of the role %s: %w", name, err)
	}
	r.known[name] = found
	return found, nil
}

func (r *roles) read(ctx context.Context, name string) (role, error) {
	found := role{read: time.Now()}
	got, err := r.client.GetRole(ctx, &iam.GetRoleInput{RoleName: &name})
	if err != nil {
		return found, err
	}
	found.arn = aws.ToString(got.Role.Arn)
	found.longest = time.Duration(aws.ToInt32(got.Role.MaxSessionDuration)) * time.Second
	if found.trust, err = decode(got.Role.AssumeRolePolicyDocument); err != nil {
		return found, err
	}
	if b := got.Role.PermissionsBoundary; b != nil {
		found.boundaryARN = aws.ToString(b.PermissionsBoundaryArn)
		d, err := r.managed(ctx, b.PermissionsBoundaryArn)
		if err != nil {
			return found, err
		}
		found.boundary = []document{d}
	}
	inline := iam.NewListRolePoliciesPaginator(r.client, &iam.ListRolePoliciesInput{RoleName: &name})
	for inline.HasMorePages() {
		page, err := inline.NextPage(ctx)
		if err != nil {
			return found, err
		}
		for _, policy := range page.PolicyNames {
			out, err := r.client.GetRolePolicy(ctx, &iam.GetRolePolicyInput{RoleName: &name, PolicyName: &policy})
			if err != nil {
				return found, err
			}
			if err := found.add(out.PolicyDocument); err != nil {
				return found, err
			}
		}
	}
	attached := iam.NewListAttachedRolePoliciesPaginator(r.client, &iam.ListAttachedRolePoliciesInput{RoleName: &name})
	for attached.HasMorePages() {
		page, err := attached.NextPage(ctx)
		if err != nil {
			return found, err
		}
		for _, policy := range page.AttachedPolicies {
			d, err := r.managed(ctx, policy.PolicyArn)
			if err != nil {
				return found, err
			}
			found.policies = append(found.policies, d)
		}
	}
	return found, nil
}

func (f *role) add(encoded *string) error {
	d, err := decode(encoded)
	f.policies = append(f.policies, d)
	return err
}

// managed reads the version of a managed policy that is in force.
func (r *roles) managed(ctx context.Context, arn *string) (document, error) {
	policy, err := r.client.GetPolicy(ctx, &iam.GetPolicyInput{PolicyArn: arn})
	if err != nil {
		return document{}, err
	}
	version, err := r.client.GetPolicyVersion(ctx, &iam.GetPolicyVersionInput{PolicyArn: arn, VersionId: policy.Policy.DefaultVersionId})
	if err != nil {
		return document{}, err
	}
	return decode(version.PolicyVersion.Document)
}

// decode reads a policy, which IAM answers with in the form of a URL's part.
func decode(encoded *string) (document, error) {
	text, err := url.PathUnescape(aws.ToString(encoded))
	if err != nil {
		return document{}, err
	}
	return parse(text)
}

// ofProfile returns the name and ARN of the role in an instance profile, or an error
// if EC2 may not take it on.
func (r *roles) ofProfile(ctx context.Context, profileARN string) (name, arn string, err error) {
	profile := profileARN[strings.LastIndexByte(profileARN, '/')+1:]
	out, err := r.client.GetInstanceProfile(ctx, &iam.GetInstanceProfileInput{InstanceProfileName: &profile})
	if err != nil {
		return "", "", err
	}
	if len(out.InstanceProfile.Roles) == 0 {
		return "", "", fmt.Errorf("the instance profile %s has no role", profile)
	}
	found := out.InstanceProfile.Roles[0]
	trust, err := decode(found.AssumeRolePolicyDocument)
	if err != nil {
		return "", "", err
	}
	for _, s := range trust.Statement {
		if s.Effect == "Allow" && strings.Contains(string(s.Principal), `"ec2.amazonaws.com`) && about(s.Action, nil, func(p string) bool { return Matches(p, "sts:AssumeRole") }) {
			return aws.ToString(found.RoleName), aws.ToString(found.Arn), nil
		}
	}
	return "", "", fmt.Errorf("EC2 cannot assume the role %s: its trust policy does not let ec2.amazonaws.com", aws.ToString(found.RoleName))
}
