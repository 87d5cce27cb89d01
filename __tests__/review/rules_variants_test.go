package review_test

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"testing"

	"github.com/aws/jsii-runtime-go"
	"github.com/hashicorp/terraform-cdk-go/cdktf"

	"example.com/webserver-cluster/constructs"
	"example.com/webserver-cluster/internal/project"
	"example.com/webserver-cluster/internal/review"
	"example.com/webserver-cluster/stacks"
)

// variants are environments that together set each argument that the constructs can set,
// besides stage and prod.
func variants() []stacks.Environment {
	made := 0
	variant := func(name string, change func(*stacks.Environment)) stacks.Environment {
		made++
		e := stacks.Environment{
			Name: name, Network: constructs.NetworkProps{CIDR: fmt.Sprintf("10.%d.0.0/16", 90+made)}, Database: &constructs.MySQLProps{},
		}
		change(&e)
		return e
	}
	return []stacks.Environment{
		variant("domain", func(e *stacks.Environment) {
			e.Cluster.Domain = &constructs.Domain{Name: "shop.example.com", HostedZoneID: "Z0123456789ABCDEFGHIJ", AlternativeNames: []string{"www.example.com"}}
			e.Cluster.LogRetentionDays, e.Cluster.DeletionProtection = 30, true
			e.Cluster.Internal, e.Cluster.AllowedCIDRs = true, []string{"10.0.0.0/8"}
			e.Cluster.Spot = &constructs.Spot{OnDemandBase: 1, OnDemandPercentage: 50}
			e.Cluster.InstanceTypes = []string{"t3a.micro"}
			e.Cluster.RequestsTarget, e.Cluster.AlarmsStopRefresh = 1000, true
			e.Database.ApplicationUser, e.Database.PerformanceInsights = "app", true
			e.Database.InstanceClass = "db.m7g.large"
		}),
		variant("application", func(e *stacks.Environment) {
			e.Cluster.Application = &constructs.Application{Path: ".", Command: []string{"/bin/true"}, Pin: true}
			e.Cluster.PinAMI, e.Cluster.DetailedMonitoring = true, true
			e.Cluster.AccessLogsBucket = "logs-of-ours"
			e.Cluster.InstanceTypes = []string{"t3a.micro"}
			e.Cluster.Domain = &constructs.Domain{Name: "shop.example.org"}
			e.Cluster.CertificateARN = "arn:aws:acm:eu-central-1:111122223333:certificate/00000000-0000-0000-0000-000000000000"
			e.Cluster.Schedules = []constructs.Schedule{{Name: "evening", Recurrence: "0 20 * * *", MinSize: 2, MaxSize: 3, DesiredCapacity: 3}}
			e.Database.Restore = &constructs.Restore{Snapshot: "nightly"}
		}),
		variant("restored", func(e *stacks.Environment) {
			e.Network.NAT = constructs.NATPerZone
			e.Network.FlowLogRetentionDays = 30
			e.Cluster.Spot = &constructs.Spot{AllocationStrategy: "lowest-price", NoCapacityRebalance: true}
			e.Cluster.Application = &constructs.Application{Path: ".", Command: []string{"/bin/true"}}
			e.Database.Restore = &constructs.Restore{Instance: "shop", Time: "2027-01-31T23:45:00Z"}
			e.Database.AllowMajorVersionUpgrade, e.Database.ApplyImmediately = true, true
		}),
		variant("moment", func(e *stacks.Environment) {
			e.Database.Restore = &constructs.Restore{ResourceID: "db-ABCDEFGHIJKLMNOPQRSTUVWXYZ"}
		}),
	}
}

// synthesized are all stacks: the app's own, and the variants'.
var synthesized = sync.OnceValues(func() (all []*review.Stack, err error) {
	defer func() {
		failure := recover()
		if bug, ok := failure.(runtime.Error); ok {
			panic(bug)
		}
		if failure != nil {
			err = fmt.Errorf("synthesizing: %v", failure)
		}
	}()
	settings, err := project.LoadFile("../..")
	if err != nil {
		return nil, err
	}
	settings.AlertEmail = "ops@example.com"
	environments := slices.Concat(stacks.Environments(), variants())
	if err := stacks.Validate(settings, environments); err != nil {
		return nil, err
	}
	for _, lock := range project.LockModes {
		settings.StateLock = lock
		dir, err := os.MkdirTemp("", "review")
		if err != nil {
			return nil, err
		}
		defer os.RemoveAll(dir)
		app := cdktf.NewApp(&cdktf.AppConfig{Outdir: jsii.String(filepath.Join(dir, "out"))})
		stacks.NewStateStack(app, settings, environments)
		if lock == project.LockBoth {
			for _, e := range environments {
				stacks.NewEnvironment(app, settings, e)
			}
		}
		constructs.Synthesize(app)
		made, err := review.ReadStacks(filepath.Join(dir, "out"))
		if err != nil {
			return nil, err
		}
		all = append(all, made...)
	}
	return all, nil
})

// synthesize returns all stacks.
func synthesize(t *testing.T) []*review.Stack {
	t.Helper()
	all, err := synthesized()
	if err != nil {
		t.Fatal(err)
	}
	return all
}
