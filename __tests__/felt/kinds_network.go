package felt

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"example.com/webserver-cluster/constructs"
	"example.com/webserver-cluster/internal/review"
)

// networkStart is an environment with no more instances than zones, so that one more zone
// has the group replace none.
func networkStart() Config {
	c := Small("third", 30)
	c.Environment.Cluster.MaxSize = 2
	return c
}

// networkKinds are changes of the network, of who may call, and of the state's lock.
var networkKinds = []Kind{
	{Name: "who may call, one more (AllowedCIDRs)", Level: review.Nothing, Short: true, Change: cluster(func(p *clusterProps) { p.AllowedCIDRs = []string{"10.0.0.0/8", "0.0.0.0/0"} })},
	{Name: "who may call, one less", Level: review.Interruption, Short: true, Back: true, Change: cluster(func(p *clusterProps) { p.AllowedCIDRs = []string{"10.0.0.0/8"} })},
	{Name: "NAT gateway per zone", Level: review.Nothing, Change: func(c *Config) { c.Environment.Network.NAT = constructs.NATPerZone }},
	{Name: "no NAT gateway", Level: review.Nothing, Change: func(c *Config) { c.Environment.Network.NAT = constructs.NATNone }},
	{Name: "flow logs, kept shorter", Level: review.Nothing, Change: func(c *Config) { c.Environment.Network.FlowLogRetentionDays = 7 }},
	{Name: "one more zone (ZoneCount)", Level: review.Nothing, Change: func(c *Config) { c.Environment.Network.ZoneCount = 3 }},
	{Name: "one zone less", Level: review.Unknown, Change: func(c *Config) { c.Environment.Network.ZoneCount = 2 }},
	{Name: "addresses (CIDR)", Level: review.Refused, Change: func(c *Config) { c.Environment.Network.CIDR = "10.99.0.0/16" }},
	{Name: "lock mode (stateLock)", Level: review.Nothing, Change: func(c *Config) { c.Settings = map[string]string{"stateLock": "s3"} }},
}

// frontStart is an environment without a database, whose front door changes.
func frontStart() Config {
	c := Small("front", 40)
	c.Environment.Database = nil
	return c
}

// frontKinds are changes of the load balancer, of names and certificates.
func frontKinds(zone string) []Kind {
	return []Kind{
		{Name: "protection of the load balancer, on", Level: review.Nothing, Change: cluster(func(p *clusterProps) { p.DeletionProtection = true })},
		{Name: "load balancer replaced under protection (Internal)", Level: review.Refused, Change: cluster(func(p *clusterProps) { p.Internal = true })},
		{Name: "protection of the load balancer, off", Level: review.Nothing, Change: cluster(func(p *clusterProps) { p.DeletionProtection = false })},
		{Name: "logs of the load balancer, on", Level: review.Nothing, Change: cluster(func(p *clusterProps) { p.LogRetentionDays = 30 })},
		{Name: "logs of the load balancer, kept shorter", Level: review.Nothing, Change: func(c *Config) { c.Environment.Cluster.LogRetentionDays = 7 }},
		{Name: "logs of the load balancer, off", Level: review.DataAtRisk, Change: cluster(func(p *clusterProps) { p.LogRetentionDays = 0 }), Risk: func(ctx context.Context, e *Env) error {
			buckets, err := s3.NewFromConfig(e.world.Cloud.Config()).ListBuckets(ctx, &s3.ListBucketsInput{})
			for _, b := range buckets.Buckets {
				if e.owns(*b.Name) {
					err = errors.Join(err, fmt.Errorf("the bucket %s is there", *b.Name))
				}
			}
			return err
		}},
		{Name: "HTTPS (Domain)", Level: review.Interruption, Change: cluster(func(p *clusterProps) {
			p.Domain = &constructs.Domain{Name: "shop.example.com", HostedZoneID: zone}
		})},
		{Name: "certificate (AlternativeNames)", Level: review.Nothing, Change: cluster(func(p *clusterProps) {
			p.Domain = &constructs.Domain{Name: "shop.example.com", HostedZoneID: zone, AlternativeNames: []string{"www.example.com"}}
		})},
		{Name: "name that users call by (Domain.Name)", Level: review.Interruption, Change: cluster(func(p *clusterProps) {
			p.Domain = &constructs.Domain{Name: "store.example.com", HostedZoneID: zone, AlternativeNames: []string{"www.example.com"}}
		})},
		{Name: "project's name (every name)", Level: review.Interruption, Change: func(c *Config) { c.Settings = map[string]string{"project": "shop"} }},
	}
}
