// Package firewall tells by the rules of security groups who may connect to whom.
//
// https://docs.aws.amazon.com/vpc/latest/userguide/vpc-security-groups.html
package firewall

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// memory is how long rules are remembered, in real time. On AWS a change takes
// "a short period" to be in force:
// https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html
const memory = time.Second

// Party is one end of a connection. Without Groups and VPC it is outside of AWS's
// networks, where no security group asks.
type Party struct {
	Region    string
	VPC       string         // its id
	Groups    []string       // ids of its security groups; none: the VPC's default one
	Addresses []netip.Prefix // those that it may have; a rule has to cover all of them
}

// At is the prefix that holds one address.
func At(a netip.Addr) []netip.Prefix { return []netip.Prefix{netip.PrefixFrom(a, a.BitLen())} }

// Firewall knows the security groups of an AWS.
type Firewall struct {
	config aws.Config

	mu      sync.Mutex
	regions map[string]region
	subnets map[string]types.Subnet // by id
}

type region struct {
	read   time.Time
	groups map[string]types.SecurityGroup // by id
}

// New returns a firewall for the AWS that config leads to.
func New(config aws.Config) *Firewall {
	return &Firewall{config: config, regions: map[string]region{}, subnets: map[string]types.Subnet{}}
}

// Allows tells whether from may open a connection to a TCP port of to: from's groups
// have to let it out, and those of to have to let it in.
func (f *Firewall) Allows(ctx context.Context, from, to Party, port int) (bool, error) {
	out, err := f.groups(ctx, from)
	if err != nil {
		return false, err
	}
	in, err := f.groups(ctx, to)
	if err != nil {
		return false, err
	}
	return (out == nil || slices.ContainsFunc(out, func(g types.SecurityGroup) bool { return covers(g.IpPermissionsEgress, to, in, port) })) &&
		(in == nil || slices.ContainsFunc(in, func(g types.SecurityGroup) bool { return covers(g.IpPermissions, from, out, port) })), nil
}

// covers tells whether one of the rules lets the port and the other party through.
func covers(rules []types.IpPermission, other Party, groups []types.SecurityGroup, port int) bool {
	return slices.ContainsFunc(rules, func(rule types.IpPermission) bool {
		// -1 is every protocol, with every port.
		// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_IpPermission.html
		switch protocol := aws.ToString(rule.IpProtocol); protocol {
		case "-1":
		case "tcp", "6":
			if from, to := int(aws.ToInt32(rule.FromPort)), int(aws.ToInt32(rule.ToPort)); port < from || port > to {
				return false
			}
		default:
			return false
		}
		for _, pair := range rule.UserIdGroupPairs {
			if slices.ContainsFunc(groups, func(g types.SecurityGroup) bool { return aws.ToString(g.GroupId) == aws.ToString(pair.GroupId) }) {
				return true
			}
		}
		return len(other.Addresses) > 0 && !slices.ContainsFunc(other.Addresses, func(a netip.Prefix) bool {
			return !slices.ContainsFunc(rule.IpRanges, func(r types.IpRange) bool {
				block, err := netip.ParsePrefix(aws.ToString(r.CidrIp))
				return err == nil && block.Bits() <= a.Bits() && block.Contains(a.Addr())
			})
		})
	})
}

// groups are those of a party; nil for one that has none.
func (f *Firewall) groups(ctx context.Context, p Party) ([]types.SecurityGroup, error) {
	if len(p.Groups) == 0 && p.VPC == "" {
		return nil, nil
	}
	known, err := f.read(ctx, p.Region)
	if err != nil {
		return nil, err
	}
	found := []types.SecurityGroup{}
	for _, g := range known {
		// "If you don't specify a security group …, Amazon EC2 uses the default
		// security group": https://docs.aws.amazon.com/vpc/latest/userguide/default-security-group.html
		isDefault := len(p.Groups) == 0 && aws.ToString(g.VpcId) == p.VPC && aws.ToString(g.GroupName) == "default"
		if isDefault || slices.Contains(p.Groups, aws.ToString(g.GroupId)) {
			found = append(found, g)
		}
	}
	return found, nil
}

func (f *Firewall) read(ctx context.Context, name string) (map[string]types.SecurityGroup, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if r := f.regions[name]; time.Since(r.read) < memory {
		return r.groups, nil
	}
	r := region{read: time.Now(), groups: map[string]types.SecurityGroup{}}
	pages := ec2.NewDescribeSecurityGroupsPaginator(f.client(name), &ec2.DescribeSecurityGroupsInput{})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("security groups of %s: %w", name, err)
		}
		for _, g := range page.SecurityGroups {
			r.groups[aws.ToString(g.GroupId)] = g
		}
	}
	f.regions[name] = r
	return r.groups, nil
}

func (f *Firewall) client(region string) *ec2.Client {
	return ec2.NewFromConfig(f.config, func(o *ec2.Options) { o.Region = region })
}

// In is a party with an address in each of the subnets, whatever it is.
func (f *Firewall) In(ctx context.Context, region string, groups, subnets []string) (Party, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	p := Party{Region: region, Groups: groups}
	for _, id := range subnets {
		subnet, known := f.subnets[id]
		if !known {
			out, err := f.client(region).DescribeSubnets(ctx, &ec2.DescribeSubnetsInput{SubnetIds: []string{id}})
			if err != nil {
				return p, fmt.Errorf("subnet %s: %w", id, err)
			}
			subnet = out.Subnets[0]
			f.subnets[id] = subnet
		}
		block, err := netip.ParsePrefix(aws.ToString(subnet.CidrBlock))
		if err != nil {
			return p, fmt.Errorf("subnet %s: %w", id, err)
		}
		p.VPC = aws.ToString(subnet.VpcId)
		p.Addresses = append(p.Addresses, block)
	}
	return p, nil
}

// String is for messages.
func (p Party) String() string {
	var addresses []string
	for _, a := range p.Addresses {
		addresses = append(addresses, strings.TrimSuffix(a.String(), "/32"))
	}
	return fmt.Sprintf("%s (%s)", strings.Join(addresses, ", "), strings.Join(p.Groups, ", "))
}
