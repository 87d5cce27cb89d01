package fuzz_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"

	"github.com/aws/jsii-runtime-go"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/dataawscalleridentity"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/provider"
	"github.com/hashicorp/terraform-cdk-go/cdktf"

	"example.com/webserver-cluster/constructs"
	"example.com/webserver-cluster/internal/faults"
	"example.com/webserver-cluster/internal/project"
	"example.com/webserver-cluster/stacks"
)

// sample is what somebody could write.
type sample interface {
	// validate is what the project says against it before anything is made.
	validate() error
	// make makes it in an app.
	make(cdktf.App)
	// refuses says whether a failure of make is a rule that only holds in a stack as
	// a whole, in clear words.
	refuses(failure string) bool
}

// environmentSample is an app's settings and an environment.
type environmentSample struct {
	Settings    project.Settings
	Environment stacks.Environment
}

func drawEnvironment(d *draw) sample {
	s := &environmentSample{}
	d.fill(&s.Settings)
	d.fill(&s.Environment, "Network", "Cluster", "Database")
	d.fill(&s.Environment.Network, "Name")
	d.fill(&s.Environment.Cluster, "Name", "Network", "Database", "Alerts", "DefaultTags")
	d.fill(&s.Environment.Database, "Name", "Network")
	d.reconcile(&s.Environment.Network, &s.Environment.Cluster)
	return s
}

// reconcile takes back what was drawn and only goes without something else. Mostly:
// that is refused, too.
func (d *draw) reconcile(network *constructs.NetworkProps, cluster *constructs.WebserverClusterProps) {
	if len(network.Zones) > 0 && !d.isOdd() {
		network.ZoneCount = 0
	}
	if cluster.AMI != "" && !d.isOdd() {
		cluster.AMIParameter, cluster.PinAMI = "", false
	}
	if cluster.UserData != "" && !d.isOdd() {
		cluster.ServerText = ""
	}
	if len(cluster.Checkpoints) == 0 && !d.isOdd() {
		cluster.CheckpointDelay = 0
	}
}

// validate reads the settings as the app does, from a file.
func (s *environmentSample) validate() error {
	dir, err := os.MkdirTemp("", "settings")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	content, err := json.Marshal(map[string]any{"context": s.Settings})
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, project.File), content, 0o600); err != nil {
		return err
	}
	settings, err := project.LoadFile(dir)
	if err != nil {
		return err
	}
	s.Settings = settings
	return stacks.Validate(s.Settings, []stacks.Environment{s.Environment})
}

func (s *environmentSample) make(app cdktf.App) {
	stacks.NewStateStack(app, s.Settings)
	addOther(stacks.NewEnvironment(app, s.Settings, s.Environment))
}

// addOther adds to a stack what reference names.
func addOther(stack cdktf.TerraformStack) {
	dataawscalleridentity.NewDataAwsCallerIdentity(stack, jsii.String("other"), &dataawscalleridentity.DataAwsCallerIdentityConfig{})
}

func (*environmentSample) refuses(string) bool { return false }

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
}

// existing is a network that somebody else made.
var existing = &constructs.Network{
	VPCID: "vpc-01234567", PublicSubnetIDs: []string{"subnet-0123456789abcdef1", "subnet-0123456789abcdef2"},
	PrivateSubnetIDs: []string{"subnet-0123456789abcdef3", "subnet-0123456789abcdef4"}, DatabaseSubnetIDs: []string{"subnet-0123456789abcdef5", reference},
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
		d.fill(s.Database, "Network")
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
	database := &constructs.MySQL{Address: "db.example.com", Port: 3306, DatabaseName: "app", SecretARN: "arn:aws:secretsmanager:eu-central-1:123456789012:secret:own-AbCdEf", SecurityGroupID: "sg-01234567"}
	if s.Database != nil {
		props := *s.Database
		props.Network = network
		database = constructs.NewMySQL(own, s.DatabaseID, props)
	}
	var alerts *constructs.Alerts
	if s.Alerts != nil {
		alerts = constructs.NewAlerts(own, s.AlertsID, *s.Alerts)
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

// errRefused is that the project refuses a sample.
var errRefused = errors.New("refused")

// maxShown is how many faults of a stack are shown: one cause may have a hundred.
const maxShown = 5

// check makes a sample and returns the stacks' JSON by their ids. It fails with
// errRefused for a sample that the project refuses, and otherwise for one that it
// accepts and that Terraform would not.
func check(s sample) (map[string][]byte, error) {
	err := s.validate()
	if err := readable(err); err != nil {
		return nil, err
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errRefused, err)
	}
	made, err := synthesize(s)
	if err != nil {
		return nil, err
	}
	var errs []error
	for id, content := range made {
		found, err := checkStack(content)
		errs = append(errs, err)
		for i, fault := range found {
			if i == maxShown {
				errs = append(errs, fmt.Errorf("stack %s: and %d more", id, len(found)-i))
				break
			}
			errs = append(errs, fmt.Errorf("stack %s: %s", id, fault))
		}
	}
	return made, errors.Join(errs...)
}

// readable is an error for faults that are not each a line.
func readable(err error) error {
	for _, fault := range faults.Each(err) {
		if text := fault.Error(); strings.ContainsAny(text, "\n\r\x00") || strings.Contains(text, "%!(") || text == "" {
			return fmt.Errorf("no clear line: %q", text)
		}
	}
	return nil
}

// synthesize makes a sample in an app of its own.
func synthesize(s sample) (made map[string][]byte, err error) {
	dir, err := os.MkdirTemp("", "fuzz")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	defer func() {
		failure := recover()
		if bug, ok := failure.(runtime.Error); ok {
			panic(bug)
		}
		if failure != nil {
			err = fmt.Errorf("synthesizing: %v", failure)
			if s.refuses(err.Error()) {
				err = fmt.Errorf("%w: %w", errRefused, err)
			}
		}
	}()
	app := cdktf.NewApp(&cdktf.AppConfig{Outdir: jsii.String(dir)})
	s.make(app)
	constructs.Synthesize(app)
	made = map[string][]byte{}
	files, err := filepath.Glob(filepath.Join(dir, "stacks", "*", "cdk.tf.json"))
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		made[filepath.Base(filepath.Dir(file))] = content
	}
	return made, err
}

// literal writes a sample as Go code, without what has its zero value.
func literal(v reflect.Value, indent string) string {
	switch v.Kind() {
	case reflect.Pointer:
		return "&" + literal(v.Elem(), indent)
	case reflect.Struct:
		var fields []string
		for i := range v.NumField() {
			if !v.Field(i).IsZero() {
				fields = append(fields, indent+"\t"+v.Type().Field(i).Name+": "+literal(v.Field(i), indent+"\t")+",\n")
			}
		}
		return v.Type().String() + "{\n" + strings.Join(fields, "") + indent + "}"
	case reflect.Slice:
		if v.Type().Elem().Kind() != reflect.Struct {
			break
		}
		var elements []string
		for i := range v.Len() {
			elements = append(elements, indent+"\t"+literal(v.Index(i), indent+"\t")+",\n")
		}
		return v.Type().String() + "{\n" + strings.Join(elements, "") + indent + "}"
	}
	return fmt.Sprintf("%#v", v.Interface())
}
