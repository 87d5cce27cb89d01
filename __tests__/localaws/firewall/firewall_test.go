package firewall

import (
	"net/netip"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// rule lets a protocol and ports through, to blocks or groups (sg-…).
func rule(protocol string, from, to int32, others ...string) types.IpPermission {
	p := types.IpPermission{IpProtocol: &protocol, FromPort: &from, ToPort: &to}
	for _, o := range others {
		if o[:3] == "sg-" {
			p.UserIdGroupPairs = append(p.UserIdGroupPairs, types.UserIdGroupPair{GroupId: &o})
		} else {
			p.IpRanges = append(p.IpRanges, types.IpRange{CidrIp: &o})
		}
	}
	return p
}

func TestAllows(t *testing.T) {
	everything := rule("-1", 0, 0, "0.0.0.0/0")
	web := func(ports ...types.IpPermission) types.SecurityGroup {
		return types.SecurityGroup{GroupId: aws.String("sg-web"), VpcId: aws.String("vpc-1"), GroupName: aws.String("web"), IpPermissionsEgress: ports}
	}
	db := func(ports ...types.IpPermission) types.SecurityGroup {
		return types.SecurityGroup{GroupId: aws.String("sg-db"), VpcId: aws.String("vpc-1"), GroupName: aws.String("default"), IpPermissions: ports}
	}
	from := Party{Region: "r", VPC: "vpc-1", Groups: []string{"sg-web"}, Addresses: At(netip.MustParseAddr("10.0.0.5"))}
	to := Party{Region: "r", VPC: "vpc-1", Groups: []string{"sg-db"}, Addresses: At(netip.MustParseAddr("10.0.1.5"))}
	byDefault := to
	byDefault.Groups = nil
	outside := Party{Addresses: At(netip.MustParseAddr("198.51.100.1"))}
	balancer := Party{Region: "r", VPC: "vpc-1", Groups: []string{"sg-web"}, Addresses: []netip.Prefix{netip.MustParsePrefix("10.0.2.0/24"), netip.MustParsePrefix("10.0.3.0/24")}}
	for _, test := range []struct {
		name     string
		out, in  types.SecurityGroup
		from, to Party
		want     bool
	}{
		{"by group", web(rule("tcp", 3306, 3306, "sg-db")), db(rule("tcp", 3306, 3306, "sg-web")), from, to, true},
		{"by block", web(rule("tcp", 3000, 4000, "10.0.1.0/24")), db(rule("6", 3306, 3306, "10.0.0.0/24")), from, to, true},
		{"everything", web(everything), db(everything), from, to, true},
		{"no rule out", web(), db(everything), from, to, false},
		{"no rule in", web(everything), db(), from, to, false},
		{"another port out", web(rule("tcp", 3307, 3400, "sg-db")), db(everything), from, to, false},
		{"another port in", web(everything), db(rule("tcp", 443, 443, "sg-web")), from, to, false},
		{"another group", web(everything), db(rule("tcp", 3306, 3306, "sg-other")), from, to, false},
		{"another block", web(everything), db(rule("tcp", 3306, 3306, "10.0.1.0/24")), from, to, false},
		{"another protocol", web(everything), db(rule("udp", 3306, 3306, "sg-web")), from, to, false},
		{"the default group", web(everything), db(rule("tcp", 3306, 3306, "sg-web")), from, byDefault, true},
		{"outside, where nobody asks", web(rule("tcp", 3306, 3306, "0.0.0.0/0")), db(), from, outside, true},
		{"outside, by group", web(rule("tcp", 3306, 3306, "sg-db")), db(), from, outside, false},
		{"all of a balancer's subnets", web(everything), db(rule("tcp", 3306, 3306, "10.0.2.0/23")), balancer, to, true},
		{"one of a balancer's subnets", web(everything), db(rule("tcp", 3306, 3306, "10.0.2.0/24")), balancer, to, false},
		{"a part of a balancer's subnets", web(everything), db(rule("tcp", 3306, 3306, "10.0.2.0/25", "10.0.3.0/25")), balancer, to, false},
	} {
		f := New(aws.Config{})
		f.regions["r"] = region{read: time.Now(), groups: map[string]types.SecurityGroup{"sg-web": test.out, "sg-db": test.in}}
		got, err := f.Allows(t.Context(), test.from, test.to, 3306)
		if err != nil || got != test.want {
			t.Errorf("%s: %v, %v, want %v", test.name, got, err, test.want)
		}
	}
}
