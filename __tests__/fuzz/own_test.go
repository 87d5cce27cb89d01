package fuzz_test

import (
	"slices"
	"strings"

	"github.com/aws/jsii-runtime-go"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/provider"
	"github.com/hashicorp/terraform-cdk-go/cdktf"

	"example.com/webserver-cluster/constructs"
	"example.com/webserver-cluster/internal/faults"
)

// ownSample is a stack of somebody's own: the constructs, without an Environment.
type ownSample struct {
	NetworkID, DatabaseID, AlertsID, StoreID string
	// What is nil exists already, or there is none.
	Network  *constructs.NetworkProps
	Database *constructs.MySQLProps
	Alerts   *constructs.AlertsProps
	Store    *constructs.StateStoreProps
	Clusters []clusterSample
}

type clusterSample struct {
	ID       string
	Props    constructs.WebserverClusterProps
	Database bool   // it is the cluster's
	Grant    string // a label, as the others: "" for none
	Allow    string // who may call it
	Client   string // what the database calls it
	Read     bool   // it may read the database's secret
	// Dashboard is one for it, if it is not nil.
	Dashboard *constructs.DashboardProps
}

func drawOwn(d *draw) sample {
	s := &ownSample{}
	id := func(good ...string) string {
		name := pick(d, good...)
		if d.isOdd() {
			name = d.oddText(name)
		}
		return name
	}
	s.NetworkID, s.DatabaseID, s.AlertsID, s.StoreID = id("network", "1", "the net"), id("mysql", "my.sql", "d-b"), id("alerts", "é"), id("store")
	if d.below(2) == 1 {
		s.Network = &constructs.NetworkProps{}
		d.fill(s.Network)
		d.reconcile(s.Network, &constructs.WebserverClusterProps{})
	}
	if d.below(2) == 1 {
		s.Database = &constructs.MySQLProps{}
		d.fill(s.Database, "Network", "Alerts")
		d.reconcileDatabase(s.Database)
	}
	if d.below(2) == 1 {
		s.Alerts = &constructs.AlertsProps{}
		d.fill(s.Alerts)
	}
	if d.below(4) == 3 {
		s.Store = &constructs.StateStoreProps{}
		d.fill(s.Store)
	}
	for i := range 1 + d.below(2) {
		c := clusterSample{ID: id("web", "w-1", "w_1", "7", "a b") + []string{"", "2"}[i], Grant: id("", "uploads", "a-b"), Allow: id("", "batch"), Client: id("", "jobs", "j_2")}
		d.fill(&c.Props, "Network", "Database", "Alerts")
		d.reconcile(&constructs.NetworkProps{}, &c.Props)
		c.Props.Name += []string{"", "2"}[i] // AWS has one namespace for all load balancers
		c.Database, c.Read = d.below(2) == 1, d.below(2) == 1
		if d.below(2) == 1 {
			c.Dashboard = &constructs.DashboardProps{}
			d.fill(c.Dashboard, "Cluster", "Database")
			c.Dashboard.Name += []string{"", "2"}[i]
		}
		s.Clusters = append(s.Clusters, c)
	}
	return s
}

// placed is a cluster's props with what NewWebserverCluster gets besides.
func (s *ownSample) placed(c clusterSample, network *constructs.Network, database *constructs.MySQL, alerts *constructs.Alerts) constructs.WebserverClusterProps {
	c.Props.Network, c.Props.Alerts = network, alerts
	if c.Database {
		c.Props.Database = database
	}
	return c.Props
}

// validate asks each construct for itself: that is all there is.
func (s *ownSample) validate() error {
	var f faults.List
	if s.Network != nil {
		f.In("Network", s.Network.Validate())
	}
	if s.Database != nil {
		props := *s.Database
		props.Network = existing
		f.In("Database", props.Validate())
	}
	if s.Alerts != nil {
		f.In("Alerts", s.Alerts.Validate())
	}
	if s.Store != nil {
		f.In("Store", s.Store.Validate())
	}
	for _, c := range s.Clusters {
		f.In("Cluster", s.placed(c, existing, nil, nil).Validate())
		if c.Dashboard != nil {
			props := *c.Dashboard
			props.Cluster = &constructs.WebserverCluster{}
			f.In("Dashboard", props.Validate())
		}
	}
	return f.Err()
}

func (s *ownSample) make(app cdktf.App) {
	own := cdktf.NewTerraformStack(app, jsii.String("own"))
	provider.NewAwsProvider(own, jsii.String("aws"), &provider.AwsProviderConfig{Region: jsii.String("eu-central-1")})
	addOther(own)
	if s.Store != nil {
		constructs.NewStateStore(own, s.StoreID, *s.Store)
	}
	network := existing
	if s.Network != nil {
		network = constructs.NewNetwork(own, s.NetworkID, *s.Network)
	}
	var alerts *constructs.Alerts
	if s.Alerts != nil {
		alerts = constructs.NewAlerts(own, s.AlertsID, *s.Alerts)
	}
	database := &constructs.MySQL{Address: "db.example.com", Port: 3306, DatabaseName: "app", SecretARN: "arn:aws:secretsmanager:eu-central-1:123456789012:secret:own-AbCdEf", SecurityGroupID: "sg-01234567"}
	if s.Database != nil {
		props := *s.Database
		props.Network, props.Alerts = network, alerts
		database = constructs.NewMySQL(own, s.DatabaseID, props)
	}
	for _, c := range s.Clusters {
		cluster := constructs.NewWebserverCluster(own, c.ID, s.placed(c, network, database, alerts))
		if c.Grant != "" {
			cluster.Grant(c.Grant, []string{"s3:GetObject"}, "arn:aws:s3:::uploads/*")
		}
		if c.Allow != "" {
			cluster.AllowFrom(c.Allow, "sg-0123456789abcdef0")
		}
		if c.Client != "" && s.Database != nil {
			database.AllowFrom(c.Client, cluster.InstanceSecurityGroupID)
		}
		if c.Read {
			database.GrantRead(cluster)
		}
		if c.Dashboard != nil {
			props := *c.Dashboard
			props.Cluster = cluster
			if c.Database {
				props.Database = database
			}
			constructs.NewDashboard(own, c.ID+" dashboard", props)
		}
	}
}

// refuses knows the rules for what is in a stack: ids, labels, and names.
func (s *ownSample) refuses(failure string) bool {
	return slices.ContainsFunc([]string{
		"There is already a Construct with name",
		"Only root constructs may have an empty ID",
		"it names rules and policies",
		"A name stands for one thing in Terraform",
	}, func(rule string) bool { return strings.Contains(failure, rule) })
}
