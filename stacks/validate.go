package stacks

import (
	"cmp"
	"maps"
	"net/netip"
	"regexp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws/arn"

	"example.com/webserver-cluster/constructs"
	"example.com/webserver-cluster/internal/faults"
	"example.com/webserver-cluster/internal/project"
)

var (
	environmentName = regexp.MustCompile(`^[a-z][a-z0-9]*$`)
	// https://docs.aws.amazon.com/IAM/latest/APIReference/API_Role.html
	roleRule = regexp.MustCompile(`^arn:aws[a-z-]*:iam::\d{12}:role/([A-Za-z0-9_+=,.@-]+/)*[A-Za-z0-9_+=,.@-]{1,64}$`)
	// What needs no quotes in the file, and no escape.
	// https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html
	profileRule = regexp.MustCompile(`^[A-Za-z0-9_.:/@+=,-]+( [A-Za-z0-9_.:/@+=,-]+)*$`)
)

// made stands for the network that an environment makes: references, which are
// known only when it is there.
var made = constructs.Network{
	VPCID:             "${vpc}",
	PublicSubnetIDs:   []string{"${public_1}", "${public_2}"},
	PrivateSubnetIDs:  []string{"${private_1}", "${private_2}"},
	DatabaseSubnetIDs: []string{"${database_1}", "${database_2}"},
}

// madeDatabase stands for the environment's database.
func (e Environment) madeDatabase() *constructs.MySQL {
	database := constructs.MySQL{Address: "${TfToken[address]}", Port: 3306, User: "admin", SecretARN: "${TfToken[secret]}", SecurityGroupID: "${TfToken[group]}"}
	if p := e.Database; p.ApplicationUser != "" && !p.ServersAsMaster {
		database.User, database.ConnectARN = p.ApplicationUser, "${TfToken[connect]}"
	}
	return &database
}

// standIn is a setting's value while the true one is at fault: project.Load has
// said so, and left it empty.
var standIn = project.Settings{Project: "p", StateBucket: "bucket", LockTable: "table"}

// Validate returns every fault of the settings' values and of the environments
// together, or nil. It takes milliseconds; nothing is made yet. A setting that is
// empty is not looked at: Load has refused it.
func Validate(s project.Settings, environments []Environment) error {
	s.Project = cmp.Or(s.Project, standIn.Project)
	s.StateBucket = cmp.Or(s.StateBucket, standIn.StateBucket)
	s.LockTable = cmp.Or(s.LockTable, standIn.LockTable)
	var f faults.List
	f.As(map[string]string{
		"BucketName": project.Place("stateBucket"),
		"TableName":  project.Place("lockTable"),
	}, stateStore(s).Validate())
	// Every environment has the same.
	f.As(map[string]string{"Email": project.Place("alertEmail")}, constructs.AlertsProps{Name: standIn.Project, Email: s.AlertEmail}.Validate())

	checkGitHub(&f, s, environments)

	names := map[string]bool{project.StateStack: true}
	for i, e := range environments {
		label := cmp.Or(e.Name, "environment")
		if !environmentName.MatchString(e.Name) {
			f.Add("environment.Name", e.Name, "must be lower-case letters and digits, a letter first")
			e.Name = "e" // what is made of it is no fault of its own
		} else if names[e.Name] {
			f.Add("environment.Name", e.Name, "is the name of another stack")
		} else {
			names[e.Name] = true
		}
		e.checkFilledIn(&f, label)
		e.checkIdentity(&f, label, s)
		e.checkConstructs(&f, label, s)
		e.checkRegion(&f, label, s.Region)
		for _, other := range environments[:i] {
			e.checkOverlap(&f, label, other)
			e.checkSameName(&f, label, other)
		}
	}
	return f.Err()
}

// checkIdentity adds the faults of what says as whom Terraform acts. A reference is no
// role: the provider is set up before anything is known.
func (e Environment) checkIdentity(f *faults.List, label string, s project.Settings) {
	rule := project.AccountRule(e.AccountID)
	if e.AccountID != "" && rule != "" {
		f.Add(label+".AccountID", e.AccountID, "%s", rule)
	}
	role, err := arn.Parse(e.AssumeRoleARN)
	switch {
	case err != nil || !roleRule.MatchString(e.AssumeRoleARN):
	case e.AccountID == "" && s.AccountID != "" && s.AccountID != role.AccountID:
		f.Add(label+".AssumeRoleARN", e.AssumeRoleARN, "is in another account than %s, %s: say so in AccountID", project.Place("accountId"), s.AccountID)
	case e.AccountID != "" && rule == "" && e.AccountID != role.AccountID:
		f.Add(label+".AccountID", e.AccountID, "is not the account of AssumeRoleARN, %s", role.AccountID)
	}
	if e.AssumeRoleARN != "" && !roleRule.MatchString(e.AssumeRoleARN) {
		f.Add(label+".AssumeRoleARN", e.AssumeRoleARN, "must be the ARN of an IAM role, such as arn:aws:iam::111122223333:role/deploy")
	}
	if e.Profile != "" && !profileRule.MatchString(e.Profile) {
		f.Add(label+".Profile", e.Profile, "must be the name of a profile: words of letters, digits and _ . : / @ + = , -")
	}
}

// checkConstructs adds the faults of the environment's constructs, each by what its
// author wrote.
func (e Environment) checkConstructs(f *faults.List, label string, s project.Settings) {
	e = e.named(s)
	e.Cluster.Network, e.Cluster.Alerts = &made, nil
	var database constructs.MySQLProps
	if e.Database != nil {
		e.Cluster.Database = e.madeDatabase()
		database = *e.Database
		database.Network, database.Alerts = &made, nil
	}
	var found faults.List
	found.In(label+".Network", e.Network.Validate())
	found.In(label+".Cluster", e.Cluster.Validate())
	if e.Database != nil {
		found.In(label+".Database", database.Validate())
	}
	// The cluster's are checked with its own.
	for _, own := range []struct {
		field string
		tags  map[string]string
	}{{"Network", e.Network.Tags}, {"Database", database.Tags}} {
		all := maps.Clone(e.Tags)
		if maps.Copy(all, own.tags); len(own.tags) > 0 && len(all) > constructs.AllTags {
			found.Add(label+"."+own.field+".Tags", len(all), "is their number together with the environment's Tags; a resource can have %d besides those that it gets anyway", constructs.AllTags)
		}
	}
	const name = " and environment.Name"
	f.As(map[string]string{
		label + ".Network.Name":             project.Place("project") + name,
		label + ".Cluster.Name":             project.Place("project") + name,
		label + ".Database.Name":            project.Place("project") + name,
		label + ".Cluster.DefaultTags":      label + ".Tags",
		label + ".Cluster.RolloutPlatforms": project.Place("rolloutPlatforms"),
	}, found.Err())
}

// checkRegion adds a fault for what is in another region than the environment.
func (e Environment) checkRegion(f *faults.List, label, region string) {
	if region == "" {
		return
	}
	// NetworkProps has the others in the region of the first.
	if zones := e.Network.Zones; len(zones) > 0 {
		if in := constructs.ZoneRegion(zones[0]); in != "" && in != region {
			f.Add(label+".Network.Zones", zones, "must be in %s, the region in %s", region, project.File)
		}
	}
	// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/https-listener-certificates.html
	certificate, err := arn.Parse(e.Cluster.CertificateARN)
	if err == nil && certificate.Service == "acm" && certificate.Region != region {
		f.Add(label+".Cluster.CertificateARN", e.Cluster.CertificateARN, "is not in %s, the region in %s: a load balancer takes certificates of its own region only", region, project.File)
	}
}

// checkOverlap refuses two networks that overlap: they could never be connected,
// and by the time that one wants to, both are full of servers.
func (e Environment) checkOverlap(f *faults.List, label string, other Environment) {
	block, err := netip.ParsePrefix(e.Network.CIDR)
	otherBlock, otherErr := netip.ParsePrefix(other.Network.CIDR)
	if err == nil && otherErr == nil && block.Overlaps(otherBlock) {
		f.Add(label+".Network.CIDR", e.Network.CIDR, "overlaps %v of %s", otherBlock, other.Name)
	}
}

// checkSameName refuses a name that leads to two environments, and one that proves itself
// to ACM by the record of the other's: example.com and *.example.com have one. Where one
// environment ended, the other's would be gone.
func (e Environment) checkSameName(f *faults.List, label string, other Environment) {
	mine, theirs := e.Cluster.Domain, other.Cluster.Domain
	if mine == nil || theirs == nil {
		return
	}
	check := func(field, name string) {
		for _, theirName := range append([]string{theirs.Name}, theirs.AlternativeNames...) {
			switch {
			case name == "":
			case name == theirName:
				f.Add(label+".Cluster.Domain."+field, name, "is a name of %s, too", other.Name)
			case strings.TrimPrefix(name, "*.") == strings.TrimPrefix(theirName, "*."):
				f.Add(label+".Cluster.Domain."+field, name, "is proven to ACM by the same record as %s of %s: take a name of its own for one of them", theirName, other.Name)
			}
		}
	}
	check("Name", mine.Name)
	for _, name := range mine.AlternativeNames {
		check("AlternativeNames", name)
	}
}

// checkFilledIn adds a fault for each field that a literal sets and NewEnvironment
// would overwrite.
func (e Environment) checkFilledIn(f *faults.List, label string) {
	for _, field := range []struct {
		name  string
		given bool
	}{
		{"Network.Name", e.Network.Name != ""},
		{"Network.PermissionsBoundaryARN", e.Network.PermissionsBoundaryARN != ""},
		{"Cluster.Name", e.Cluster.Name != ""},
		{"Cluster.Environment", e.Cluster.Environment != ""},
		{"Cluster.Network", e.Cluster.Network != nil},
		{"Cluster.Database", e.Cluster.Database != nil},
		{"Cluster.Alerts", e.Cluster.Alerts != nil},
		{"Cluster.DefaultTags", e.Cluster.DefaultTags != nil},
		{"Cluster.RolloutPlatforms", e.Cluster.RolloutPlatforms != nil},
		{"Cluster.PermissionsBoundaryARN", e.Cluster.PermissionsBoundaryARN != ""},
		{"Database.Name", e.Database != nil && e.Database.Name != ""},
		{"Database.Network", e.Database != nil && e.Database.Network != nil},
		{"Database.Alerts", e.Database != nil && e.Database.Alerts != nil},
	} {
		if field.given {
			f.Given(label+"."+field.name, "follows from the environment: leave it out")
		}
	}
}
