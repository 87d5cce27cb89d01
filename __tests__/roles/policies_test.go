package roles_test

import (
	"encoding/json"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"

	"example.com/webserver-cluster/tests/localaws/access/reference"
)

// policy is one of a role's, or a boundary.
type policy struct {
	role, name string
	managed    bool
	text       string
	Statement  []statement
}

type statement struct {
	Sid              string
	Effect           string
	Action, Resource words
	Condition        map[string]map[string]words
}

// words is a list of strings in JSON, or one string in its place.
type words []string

func (w *words) UnmarshalJSON(data []byte) error {
	if strings.HasPrefix(string(data), "[") {
		return json.Unmarshal(data, (*[]string)(w))
	}
	*w = words{""}
	return json.Unmarshal(data, &(*w)[0])
}

// policies are those of the roles that the state stack made, as IAM has them.
func (w *world) policies() []policy {
	w.Helper()
	client, ctx := iam.NewFromConfig(w.cloud.Config()), w.Context()
	fail := func(err error) {
		w.Helper()
		if err != nil {
			w.Fatal(err)
		}
	}
	var all []policy
	add := func(role, name string, managed bool, encoded *string) {
		w.Helper()
		text, err := url.PathUnescape(aws.ToString(encoded))
		fail(err)
		p := policy{role: role, name: name, managed: managed, text: text}
		fail(json.Unmarshal([]byte(text), &p))
		all = append(all, p)
	}
	document := func(arn *string) *string {
		w.Helper()
		got, err := client.GetPolicy(ctx, &iam.GetPolicyInput{PolicyArn: arn})
		fail(err)
		version, err := client.GetPolicyVersion(ctx, &iam.GetPolicyVersionInput{PolicyArn: arn, VersionId: got.Policy.DefaultVersionId})
		fail(err)
		return version.PolicyVersion.Document
	}
	for _, role := range []string{"webservers-review", "webservers-deploy-stage"} {
		inline, err := client.ListRolePolicies(ctx, &iam.ListRolePoliciesInput{RoleName: &role})
		fail(err)
		for _, name := range inline.PolicyNames {
			got, err := client.GetRolePolicy(ctx, &iam.GetRolePolicyInput{RoleName: &role, PolicyName: &name})
			fail(err)
			add(role, name, false, got.PolicyDocument)
		}
		attached, err := client.ListAttachedRolePolicies(ctx, &iam.ListAttachedRolePoliciesInput{RoleName: &role})
		fail(err)
		for _, p := range attached.AttachedPolicies {
			add(role, *p.PolicyName, true, document(p.PolicyArn))
		}
	}
	local, err := client.ListPolicies(ctx, &iam.ListPoliciesInput{Scope: iamtypes.PolicyScopeTypeLocal})
	fail(err)
	for _, p := range local.Policies {
		if strings.HasSuffix(*p.PolicyName, "-boundary") {
			add("", *p.PolicyName, true, document(p.Arn))
		}
	}
	return all
}

// Characters that policies can have, white space apart, and managed policies a role.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
const maxInline, maxManaged, maxAttached = 10240, 6144, 10

var space = regexp.MustCompile(`\s`)

// checkPolicies holds the policies against IAM's limits and AWS's reference: each action
// exists, is allowed for resources that it applies to, and knows the keys of its conditions.
func checkPolicies(t *testing.T, policies []policy) {
	t.Helper()
	inline, attached := map[string]int{}, map[string]int{}
	for _, p := range policies {
		size := len(space.ReplaceAllString(p.text, ""))
		t.Logf("%s %s: %d characters", p.role, p.name, size)
		switch {
		case !p.managed:
			inline[p.role] += size
		case p.role != "":
			attached[p.role]++
			fallthrough
		default:
			if size > maxManaged {
				t.Errorf("%s has %d characters; a managed policy can have %d", p.name, size, maxManaged)
			}
		}
		for _, s := range p.Statement {
			for _, fault := range faults(s) {
				t.Errorf("%s %s %s: %s", p.role, p.name, s.Sid, fault)
			}
			for _, action := range s.Action {
				if a := reference.Load().Find(action); p.role == "webservers-review" && a != nil && a.Level != "Read" && a.Level != "List" && !strings.Contains(a.Level, "List") && !strings.Contains(a.Level, "Read") {
					t.Errorf("a review may %s, whose level is %s", action, a.Level)
				}
			}
		}
	}
	for role, size := range inline {
		if size > maxInline {
			t.Errorf("the inline policies of %s have %d characters; a role's can have %d together", role, size, maxInline)
		}
	}
	for role, n := range attached {
		if n > maxAttached {
			t.Errorf("%s has %d managed policies; a role can have %d", role, n, maxAttached)
		}
	}
}

// global are condition keys that every action knows.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
var global = []string{"aws:SecureTransport", "aws:PrincipalAccount", "aws:PrincipalArn", "aws:RequestedRegion"}

// faults are what is wrong with a statement by AWS's reference.
func faults(s statement) []string {
	var all []string
	known := reference.Load()
	used := make([]bool, len(s.Resource))
	for _, name := range s.Action {
		action := known.Find(name)
		if action == nil {
			all = append(all, name+" does not exist")
			continue
		}
		if prefix, short, _ := strings.Cut(name, ":"); short != action.Name || prefix != strings.ToLower(prefix) {
			all = append(all, name+" is written "+action.Name)
		}
		var keys []string
		applies := false
		for i, resource := range s.Resource {
			if resource == "*" {
				// Where an action could be allowed for some resources alone, a condition has to
				// say which, unless it only reads.
				applies, used[i] = true, true
				for _, t := range action.Types {
					keys = append(keys, t.Keys...)
				}
				continue
			}
			for _, t := range action.Types {
				form := reference.Fill(known.ARN(name, t.Name), nil)
				if overlap(form, resource) {
					applies, used[i] = true, true
					keys = append(keys, t.Keys...)
				}
			}
		}
		if !applies {
			all = append(all, name+" does not apply to any of "+strings.Join(s.Resource, ", "))
		}
		keys = append(append(keys, action.Keys...), global...)
		for _, condition := range s.Condition {
			for key := range condition {
				if !reference.Knows(keys, key) {
					all = append(all, name+" does not know the condition key "+key)
				}
			}
		}
	}
	for i, is := range used {
		if !is {
			all = append(all, "none of the actions applies to "+s.Resource[i])
		}
	}
	return all
}

// overlap tells whether an ARN can be like both patterns: part by part of the first five
// between colons, in none of which a colon is, and then like both of the rests.
func overlap(a, b string) bool {
	as, bs := strings.SplitN(a, ":", 6), strings.SplitN(b, ":", 6)
	if len(as) != 6 || len(bs) != 6 {
		return false
	}
	for i := range as {
		if !meet(as[i], bs[i]) {
			return false
		}
	}
	return true
}

// meet tells whether a text can be like both patterns.
func meet(a, b string) bool {
	switch {
	case a == "" && b == "":
		return true
	case strings.HasPrefix(a, "*"):
		return meet(a[1:], b) || b != "" && meet(a, b[1:])
	case strings.HasPrefix(b, "*"):
		return meet(b, a)
	}
	return a != "" && b != "" && a[0] == b[0] && meet(a[1:], b[1:])
}

// TestFaults shows that a policy which AWS would not understand is found.
func TestFaults(t *testing.T) {
	const subnet, tag = "arn:aws:ec2:eu-central-1:123456789012:subnet/*", "aws:ResourceTag/Project"
	when := func(key string) map[string]map[string]words {
		return map[string]map[string]words{"StringEquals": {key: {"x"}}}
	}
	for _, test := range []struct {
		s    statement
		want string
	}{
		{statement{Action: words{"ec2:DeleteSubnet"}, Resource: words{subnet}, Condition: when(tag)}, ""},
		{statement{Action: words{"ec2:DeleteSubnets"}, Resource: words{subnet}}, "ec2:DeleteSubnets does not exist"},
		{statement{Action: words{"monitoring:PutMetricAlarm"}, Resource: words{"*"}}, "does not exist"},
		{statement{Action: words{"ec2:deleteSubnet"}, Resource: words{subnet}}, "is written DeleteSubnet"},
		{statement{Action: words{"ec2:DescribeSubnets"}, Resource: words{subnet}}, "does not apply to any of"},
		{statement{Action: words{"ec2:DescribeSubnets"}, Resource: words{"*"}, Condition: when(tag)}, "does not know the condition key " + tag},
		{statement{Action: words{"ec2:CreateInternetGateway"}, Resource: words{"*"}, Condition: when(tag)}, "does not know the condition key " + tag},
		{statement{Action: words{"rds:CreateDBInstance"}, Resource: words{"*"}, Condition: when("iam:PermissionsBoundary")}, "does not know the condition key iam:PermissionsBoundary"},
		{statement{Action: words{"ec2:DeleteSubnet"}, Resource: words{subnet, "arn:aws:s3:::b"}}, "none of the actions applies to arn:aws:s3:::b"},
	} {
		got := strings.Join(faults(test.s), "; ")
		if (test.want == "") != (got == "") || !strings.Contains(got, test.want) {
			t.Errorf("%v: %q, want %q", test.s, got, test.want)
		}
	}
}

// exempt are statements that no deploy on the local AWS needs.
var exempt = map[string]string{
	"ServiceRoles": "moto makes no service-linked roles",
}

// unused fails the test for each statement without which everything had gone as well: of what
// was asked, nothing was allowed by it alone.
func (w *world) unused(policies []policy) {
	w.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	needed := map[string]bool{}
	for _, a := range w.asked {
		needed[a.Role+" "+a.Only] = true
		if a.Refused != "" && strings.HasPrefix(a.Role, "webservers-stage-") {
			w.Errorf("the boundary or policies of %s refuse: %s", a.Role, a.Refused)
		}
	}
	for _, p := range policies {
		for _, s := range p.Statement {
			// What both roles read, one of them has to need.
			roles := []string{p.role}
			if strings.HasSuffix(p.name, "-read") {
				roles = []string{"webservers-review", "webservers-deploy-stage"}
			}
			is := slices.ContainsFunc(roles, func(role string) bool { return needed[role+" "+s.Sid] })
			if p.role != "" && !is && exempt[s.Sid] == "" {
				w.Errorf("%s: nothing that was asked needs the statement %s of %s", p.role, s.Sid, p.name)
			}
		}
	}
}
