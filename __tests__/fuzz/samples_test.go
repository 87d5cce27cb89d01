package fuzz_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"

	"github.com/aws/jsii-runtime-go"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/dataawscalleridentity"
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
	d.fill(&s.Environment.Network, "Name", "PermissionsBoundaryARN")
	d.fill(&s.Environment.Cluster, "Name", "Environment", "Network", "Database", "Alerts", "DefaultTags", "PermissionsBoundaryARN")
	if d.below(4) > 0 {
		s.Environment.Database = &constructs.MySQLProps{}
		d.fill(s.Environment.Database, "Name", "Network", "Alerts")
		d.reconcileDatabase(s.Environment.Database)
	}
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
	if cluster.UserDataFrom != nil && !d.isOdd() {
		cluster.UserData, cluster.ServerText = "", ""
	}
	if cluster.Application != nil && !d.isOdd() {
		cluster.UserData, cluster.UserDataFrom, cluster.ServerText = "", nil, ""
	}
	if cluster.UserData != "" && !d.isOdd() {
		cluster.ServerText = ""
	}
	if len(cluster.Checkpoints) == 0 && !d.isOdd() {
		cluster.CheckpointDelay = 0
	}
	if cluster.CertificateARN != "" && cluster.Domain == nil && !d.isOdd() {
		cluster.Domain = &constructs.Domain{Name: "shop.example.com"}
	}
	if cluster.LogRetentionDays != 0 && !d.isOdd() {
		cluster.AccessLogsBucket = ""
	}
	if cluster.AlarmsStopRefresh && !d.isOdd() {
		cluster.Alarms.Target5XX = 0
	}
	if cluster.Alarms.LatencyP99 >= cluster.IdleTimeout && cluster.IdleTimeout > 0 && !d.isOdd() {
		cluster.Alarms.LatencyP99 = 0
	}
	if len(cluster.InstanceTypes) > 0 && !d.isOdd() {
		cluster.InstanceTypes = []string{"t3a.micro", "m7i.large"}
		if strings.Contains(cluster.InstanceType, "g.") {
			cluster.InstanceTypes = []string{"t4g.medium", "c7gn.large"}
		}
	}
}

// reconcileDatabase does the same for a database.
func (d *draw) reconcileDatabase(p *constructs.MySQLProps) {
	if p.PerformanceInsights && !d.isOdd() {
		p.InstanceClass = "db.m7g.large"
	}
	if !p.PerformanceInsights && !d.isOdd() {
		p.PerformanceInsightsRetentionDays = 0
	}
	if p.AllowMajorVersionUpgrade && !d.isOdd() {
		p.ApplyImmediately = true
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
	stacks.NewStateStack(app, s.Settings, []stacks.Environment{s.Environment})
	addOther(stacks.NewEnvironment(app, s.Settings, s.Environment))
}

// addOther adds to a stack what reference names.
func addOther(stack cdktf.TerraformStack) {
	dataawscalleridentity.NewDataAwsCallerIdentity(stack, jsii.String("other"), &dataawscalleridentity.DataAwsCallerIdentityConfig{})
}

func (*environmentSample) refuses(string) bool { return false }

// existing is a network that somebody else made.
var existing = &constructs.Network{
	VPCID: "vpc-01234567", PublicSubnetIDs: []string{"subnet-0123456789abcdef1", "subnet-0123456789abcdef2"},
	PrivateSubnetIDs: []string{"subnet-0123456789abcdef3", "subnet-0123456789abcdef4"}, DatabaseSubnetIDs: []string{"subnet-0123456789abcdef5", reference},
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
