package access

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"example.com/webserver-cluster/tests/localaws/access/reference"
)

// resource is one that a request names, or is to make.
type resource struct {
	kind   string // by the reference
	arn    string
	keys   []string // condition keys of the action for the kind
	values map[string]string
	made   bool // by the request: it has no tags yet but those in the request
}

// ids are the kinds of EC2's resources by the beginning of their ids.
var ids = map[string]string{
	"ami": "image", "eipalloc": "elastic-ip", "eni": "network-interface", "fl": "vpc-flow-log", "i": "instance",
	"igw": "internet-gateway", "lt": "launch-template", "nat": "natgateway", "rtb": "route-table", "sg": "security-group",
	"sgr": "security-group-rule", "subnet": "subnet", "vol": "volume", "vpc": "vpc", "vpce": "vpc-endpoint",
}

var idRule = regexp.MustCompile(`^([a-z]+)-[0-9a-f]+$`)

// members are where a request has the value of a variable in an ARN. Those that stand in
// ARNs or, in EC2, in ids are found without.
var members = map[string][]string{
	"Alias":                            {"AliasName"},
	"AlarmName":                        {"AlarmName", "AlarmNames"},
	"DashboardName":                    {"DashboardName", "DashboardNames"},
	"DbInstanceName":                   {"DBInstanceIdentifier"},
	"GroupFriendlyName":                {"AutoScalingGroupName", "ResourceId"},
	"Id":                               {"Id", "HostedZoneId"},
	"InstanceProfileNameWithPath":      {"InstanceProfileName"},
	"KeyId":                            {"KeyId"},
	"LoadBalancerName":                 {"Name"},
	"LogGroupName":                     {"logGroupName"},
	"OptionGroupName":                  {"OptionGroupName"},
	"ParameterGroupName":               {"DBParameterGroupName"},
	"ParameterNameWithoutLeadingSlash": {"Name", "Names", "Path", "ResourceId"},
	"RoleNameWithPath":                 {"RoleName"},
	"SecretId":                         {"SecretId"},
	"SnapshotName":                     {"DBSnapshotIdentifier", "FinalDBSnapshotIdentifier"},
	"SubnetGroupName":                  {"DBSubnetGroupName"},
	"TableName":                        {"TableName"},
	"TargetGroupName":                  {"Name"},
	"TopicName":                        {"Name"},
}

// resources are what an action of the request applies to.
func (c call) resources(action string) []resource {
	known := reference.Load().Find(c.prefix + ":" + action)
	if known == nil {
		return nil
	}
	var found, lacking []resource
	for _, t := range known.Types {
		form := reference.Load().ARN(c.prefix+":"+action, t.Name)
		named := c.named(t.Name, form)
		for _, arn := range named {
			if r := (resource{kind: t.Name, arn: arn, keys: t.Keys}); !slices.ContainsFunc(found, func(f resource) bool { return f.arn == arn }) {
				found = append(found, r)
			}
		}
		if len(named) > 0 {
			continue
		}
		r := resource{kind: t.Name, arn: reference.Fill(form, c.variables(nil)), keys: t.Keys, made: true}
		switch makes := reference.Knows(t.Keys, "aws:RequestTag/"); {
		case makes && (t.Required || len(c.specified(t.Name)) > 0):
			found = append(found, r)
		case t.Required:
			lacking = append(lacking, r)
		}
	}
	if len(found) == 0 {
		return lacking // AWS asks for any of them; so may be refused here what AWS allows
	}
	return found
}

// named are the ARNs of the resources of a kind that the request names.
func (c call) named(kind, form string) []string {
	var arns []string
	pattern := reference.Fill(form, map[string]string{"Region": c.region, "Account": c.account, "Partition": "aws"})
	walk(c.input, "", func(_, text string) {
		text = c.owner(strings.TrimSuffix(text, ":*"))
		switch id := idRule.FindStringSubmatch(text); {
		case c.prefix == "ec2":
			if id != nil && ids[id[1]] == kind {
				arns = append(arns, reference.Fill(form, c.variables(map[string]string{last(form): text})))
			}
		case strings.HasPrefix(text, "arn:") && Matches(pattern, text) && strings.Count(text, "/") == strings.Count(pattern, "/"):
			arns = append(arns, text)
		}
	})
	if len(arns) > 0 || c.prefix == "ec2" {
		return arns
	}
	if strings.Contains(kind, "/net") || strings.Contains(kind, "/gwy") {
		return nil // load balancers of other types, unless an ARN says so
	}
	for _, variable := range reference.Variables(form) {
		for _, member := range members[variable] {
			names := c.texts(member)
			if variable == "Id" { // not that of an alias' target
				names = []string{c.text(member)}
			}
			for _, name := range names {
				if arn := c.byName(variable, form, name); arn != "" {
					arns = append(arns, arn)
				}
			}
		}
	}
	return arns
}

// byName is the ARN of a resource whose name, the value of a variable, is in the request.
func (c call) byName(variable, form, name string) string {
	switch {
	case name == "":
		return ""
	case strings.HasPrefix(name, "arn:"):
		if variable == "SecretId" || variable == "ParameterNameWithoutLeadingSlash" {
			return name
		}
		return "" // of another kind
	case variable == "SecretId":
		return c.judge.secretARN(c.ctx, c.region, c.account, name)
	case variable == "RoleNameWithPath" && c.name != "CreateRole":
		if role, err := c.judge.roles.client.GetRole(c.ctx, &iam.GetRoleInput{RoleName: &name}); err == nil {
			return aws.ToString(role.Role.Arn)
		}
	}
	if strings.HasPrefix(name, "/aws/") && variable == "ParameterNameWithoutLeadingSlash" {
		// https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-public-parameters.html
		return "arn:aws:ssm:" + c.region + "::parameter" + name
	}
	switch variable {
	case "Alias":
		name = strings.TrimPrefix(name, "alias/")
	case "Id":
		name = strings.TrimPrefix(name, "/hostedzone/")
	case "ParameterNameWithoutLeadingSlash":
		name = strings.TrimPrefix(name, "/")
	}
	if path := strings.TrimPrefix(c.text("Path"), "/"); variable == "RoleNameWithPath" || variable == "InstanceProfileNameWithPath" {
		name = path + name
	}
	return reference.Fill(form, c.variables(map[string]string{variable: name}))
}

func (c call) variables(more map[string]string) map[string]string {
	values := map[string]string{"Partition": "aws", "Region": c.region, "Account": c.account}
	for name, value := range more {
		values[name] = value
	}
	return values
}

// texts are the strings in a member, wherever in the request it is.
func (c call) texts(member string) []string {
	var all []string
	walk(c.input, "", func(name, text string) {
		if name == member {
			all = append(all, text)
		}
	})
	return all
}

// owner is what an association's id leads to: the route table, the address.
func (c call) owner(id string) string {
	client := func() *ec2.Client {
		return ec2.NewFromConfig(c.judge.config, func(o *ec2.Options) { o.Region = c.region })
	}
	switch prefix, _, _ := strings.Cut(id, "-"); prefix {
	case "rtbassoc":
		out, err := client().DescribeRouteTables(c.ctx, &ec2.DescribeRouteTablesInput{Filters: []ec2types.Filter{
			{Name: aws.String("association.route-table-association-id"), Values: []string{id}},
		}})
		if err == nil && len(out.RouteTables) > 0 {
			return aws.ToString(out.RouteTables[0].RouteTableId)
		}
	case "eipassoc":
		out, err := client().DescribeAddresses(c.ctx, &ec2.DescribeAddressesInput{Filters: []ec2types.Filter{
			{Name: aws.String("association-id"), Values: []string{id}},
		}})
		if err == nil && len(out.Addresses) > 0 {
			return aws.ToString(out.Addresses[0].AllocationId)
		}
	}
	return id
}

// last is the last variable in an ARN's form.
func last(form string) string {
	names := reference.Variables(form)
	return names[len(names)-1]
}

// walk tells of each string in a value, by the member that it is in.
func walk(value any, name string, tell func(name, text string)) {
	switch v := value.(type) {
	case map[string]any:
		for key, member := range v {
			walk(member, key, tell)
		}
	case []any:
		for _, item := range v {
			walk(item, name, tell)
		}
	case string:
		tell(name, v)
	case fmt.Stringer:
		tell(name, v.String())
	}
}
