package state_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	dbtypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	rdstypes "github.com/aws/aws-sdk-go-v2/service/rds/types"
	tagging "github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi"
	taggingtypes "github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi/types"

	"example.com/webserver-cluster/internal/state"
)

// servers is a stack with the kinds of resources that an environment has: some
// with a name of their own, some with one that AWS makes up, some that can
// have no tags. version changes what Terraform has to replace.
func servers(name string, version int) block {
	trust := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"Service":"ec2.amazonaws.com"}}]}`
	first := block{"create_before_destroy": true}
	resources := block{
		"aws_vpc":                            block{"network_vpc": block{"cidr_block": "10.1.0.0/16"}},
		"aws_subnet":                         block{"network_public_1": block{"vpc_id": "${aws_vpc.network_vpc.id}", "cidr_block": "10.1.0.0/24"}},
		"aws_internet_gateway":               block{"network_internet_gateway": block{"vpc_id": "${aws_vpc.network_vpc.id}"}},
		"aws_route_table":                    block{"network_public_routes": block{"vpc_id": "${aws_vpc.network_vpc.id}"}},
		"aws_route":                          block{"network_public_to_internet": block{"route_table_id": "${aws_route_table.network_public_routes.id}", "destination_cidr_block": "0.0.0.0/0", "gateway_id": "${aws_internet_gateway.network_internet_gateway.id}"}},
		"aws_route_table_association":        block{"network_public_1_association": block{"route_table_id": "${aws_route_table.network_public_routes.id}", "subnet_id": "${aws_subnet.network_public_1.id}"}},
		"aws_security_group":                 block{"web_instances_security_group": block{"name_prefix": name + "-", "vpc_id": "${aws_vpc.network_vpc.id}", "lifecycle": first}},
		"aws_vpc_security_group_egress_rule": block{"web_instances_to_https": block{"security_group_id": "${aws_security_group.web_instances_security_group.id}", "ip_protocol": "-1", "cidr_ipv4": "0.0.0.0/0"}},
		"aws_sns_topic":                      block{"alerts_topic": block{"name": name + "-alerts"}},
		"aws_cloudwatch_log_group":           block{"network_flow_logs": block{"name": "/" + name + "/logs"}},
		"aws_iam_role":                       block{"web_role": block{"name_prefix": name + "-", "assume_role_policy": trust}},
		"aws_iam_instance_profile":           block{"web_profile": block{"name_prefix": name + "-", "role": "${aws_iam_role.web_role.name}"}},
		"aws_lb_target_group":                block{"web_targets": block{"name_prefix": "web-", "port": 8000 + version, "protocol": "HTTP", "vpc_id": "${aws_vpc.network_vpc.id}", "lifecycle": first}},
		"aws_launch_template":                block{"web_template": block{"name_prefix": name + "-", "image_id": "ami-12c6146b", "instance_type": "t3.micro"}},
		"aws_autoscaling_group": block{"web_group": block{
			"name_prefix": name + "-", "min_size": 0, "max_size": 1,
			"vpc_zone_identifier": []string{"${aws_subnet.network_public_1.id}"},
			"target_group_arns":   []string{"${aws_lb_target_group.web_targets.arn}"},
			"launch_template":     []block{{"id": "${aws_launch_template.web_template.id}", "version": "${aws_launch_template.web_template.latest_version}"}},
		}},
	}
	for kind, named := range resources {
		for role, arguments := range named.(block) {
			tag(kind, role, name, arguments.(block))
		}
	}
	return resources
}

// nameTag is the tag with a resource's name in the configuration.
const nameTag = "TerraformName"

// tag gives a resource that tag, as the app does.
func tag(kind, role, project string, arguments block) {
	switch kind {
	case "aws_route", "aws_route_table_association": // have no tags
	case "aws_autoscaling_group":
		// The provider's default tags do not reach a group.
		arguments["tag"] = []block{
			{"key": nameTag, "value": role, "propagate_at_launch": false},
			{"key": "Project", "value": project, "propagate_at_launch": true},
			{"key": "Environment", "value": "stage", "propagate_at_launch": true},
		}
	default:
		arguments["tags"] = block{nameTag: role}
	}
}

// made are the resources of a stack that exist on AWS: by ARN, each one's name
// in the configuration. Routes and associations, which have no tags, are there under
// names of their own.
func (p *project) made(stack string) map[string]string {
	ctx, t := p.t.Context(), p.t
	t.Helper()
	found := map[string]string{}
	pages := tagging.NewGetResourcesPaginator(tagging.NewFromConfig(cloud.Config()), &tagging.GetResourcesInput{TagFilters: []taggingtypes.TagFilter{
		{Key: aws.String("Project"), Values: []string{p.name}}, {Key: aws.String("Environment"), Values: []string{stack}}, {Key: aws.String(nameTag)},
	}})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		must(t, err)
		for _, r := range page.ResourceTagMappingList {
			for _, tag := range r.Tags {
				// RDS copies a database's tags to its snapshots.
				if *tag.Key == nameTag && !strings.Contains(*r.ResourceARN, ":snapshot:") {
					found[*r.ResourceARN] = *tag.Value
				}
			}
		}
	}
	groups, err := autoscaling.NewFromConfig(cloud.Config()).DescribeAutoScalingGroups(ctx, &autoscaling.DescribeAutoScalingGroupsInput{})
	must(t, err)
	for _, g := range groups.AutoScalingGroups {
		if strings.HasPrefix(*g.AutoScalingGroupName, p.name+"-") {
			found[*g.AutoScalingGroupARN] = "the group"
		}
	}
	client := iam.NewFromConfig(cloud.Config())
	roles, err := client.ListRoles(ctx, &iam.ListRolesInput{})
	must(t, err)
	for _, r := range roles.Roles {
		if strings.HasPrefix(*r.RoleName, p.name+"-") {
			tags, err := client.ListRoleTags(ctx, &iam.ListRoleTagsInput{RoleName: r.RoleName})
			must(t, err)
			for _, tag := range tags.Tags {
				if *tag.Key == nameTag {
					found[*r.Arn] = *tag.Value
				}
			}
		}
	}
	profiles, err := client.ListInstanceProfiles(ctx, &iam.ListInstanceProfilesInput{})
	must(t, err)
	for _, profile := range profiles.InstanceProfiles {
		if strings.HasPrefix(*profile.InstanceProfileName, p.name+"-") {
			found[*profile.Arn] = "the instance profile"
		}
	}
	tables, err := ec2.NewFromConfig(cloud.Config()).DescribeRouteTables(ctx, &ec2.DescribeRouteTablesInput{Filters: []ec2types.Filter{
		{Name: aws.String("tag:Project"), Values: []string{p.name}},
	}})
	must(t, err)
	for _, table := range tables.RouteTables {
		for _, r := range table.Routes {
			if aws.ToString(r.GatewayId) != "local" {
				found["route/"+*table.RouteTableId+" "+*r.DestinationCidrBlock] = "route " + *table.RouteTableId + *r.DestinationCidrBlock
			}
		}
		for _, a := range table.Associations {
			if a.SubnetId != nil {
				found["association/"+*a.RouteTableAssociationId] = "association of " + *a.SubnetId
			}
		}
	}
	return found
}

// account is how what exists on AWS fits a state.
type account struct {
	there   int // resources on AWS
	unknown int // of these, those that the state does not know
	twice   int // of these, those of which there is another one
}

func (a account) String() string {
	return fmt.Sprintf("%d there, unknown to the state: %d, made twice: %d", a.there, a.unknown, a.twice)
}

// settable are types that a killed apply leaves nothing of: to make one that is
// there already just sets it.
var settable = regexp.MustCompile(`^(terraform_data|aws_autoscaling_policy|aws_iam_role_policy(_attachment)?)$`)

// accounted checks that the state and AWS have the same resources, each of
// them once.
func (p *project) accounted(stack string) account {
	p.t.Helper()
	known := map[string]string{} // what a resource may be known by, to its address
	missing := map[string]bool{}
	for _, r := range p.newest(stack).Resources {
		if r.Mode != "managed" || settable.MatchString(r.Type) {
			continue
		}
		address := r.Type + "." + r.Name
		missing[address] = true
		for _, i := range r.Instances {
			for _, key := range []string{"arn", "id"} {
				if s, ok := i.Attributes[key].(string); ok {
					known[s] = address
				}
			}
			if r.Type == "aws_route" {
				known[fmt.Sprint(i.Attributes["route_table_id"], " ", i.Attributes["destination_cidr_block"])] = address
			}
		}
	}
	names := map[string]string{}
	made := p.made(stack)
	a := account{there: len(made)}
	for arn, name := range made {
		address := cmp.Or(known[arn], known[arn[strings.LastIndexAny(arn, "/:")+1:]], known[strings.TrimPrefix(arn, "route/")])
		if address == "" {
			p.t.Errorf("the state does not know %s %s", name, arn)
			a.unknown++
		}
		delete(missing, address)
		if other := names[name]; other != "" {
			p.t.Errorf("%s was made twice: %s and %s", name, arn, other)
			a.twice++
		}
		names[name] = arn
	}
	for address := range missing {
		p.t.Errorf("the state knows %s, AWS does not", address)
	}
	return a
}

// kill is a point in the course of a command at which it is killed.
type kill struct {
	name string
	at   func(c call) bool
	// acted: AWS has done what the call asks for; nobody hears of it.
	acted bool
	// digest: the digest is left behind the state.
	digest bool
}

const (
	sawLock   = "Error acquiring the state lock"
	sawDigest = "state data in S3 does not have the expected content"
)

func isPut(suffix string) func(call) bool {
	return func(c call) bool {
		return c.Service == "s3" && c.Action == http.MethodPut && strings.HasSuffix(c.Object, suffix)
	}
}

func isItem(action, suffix string) func(call) bool {
	return func(c call) bool { return c.Action == action && strings.HasSuffix(c.Object, suffix) }
}

func is(action string) func(call) bool { return func(c call) bool { return c.Action == action } }

// Any apply comes by these points …
var stateKills = []kill{
	{name: "half of the lock taken", at: isPut(".tflock"), acted: true},
	{name: "lock taken", at: isItem("PutItem", "/terraform.tfstate"), acted: true},
	{name: "state on its way", at: isPut("/terraform.tfstate")},
	{name: "state written, digest not", at: isPut("/terraform.tfstate"), acted: true, digest: true},
	{name: "all written, lock not released", at: isItem("PutItem", "-md5"), acted: true},
	{name: "half of the lock released", at: func(c call) bool { return c.Service == "s3" && c.Action == http.MethodDelete }, acted: true},
}

// … and one of servers by these, too.
var resourceKills = []kill{
	{name: "first resource made, nobody told", at: is("CreateVpc"), acted: true},
	{name: "nearly all made", at: is("CreateAutoScalingGroup"), acted: true},
	{name: "first resource asked for", at: is("CreateVpc")},
	{name: "instance profile made", at: is("CreateInstanceProfile"), acted: true},
	{name: "some made", at: is("CreateLaunchTemplate"), acted: true},
}

// killedAt runs an apply of a stack and kills it at a point.
func (p *project) killedAt(stack string, k kill) {
	p.t.Helper()
	p.killedIn(k, func() *process { return p.apply(stack) })
}

// killedIn starts a process and kills it at a point.
func (p *project) killedIn(k kill, start func() *process) {
	p.t.Helper()
	var proc *process
	started := make(chan struct{})
	var reached atomic.Bool
	p.wire.watch(func(c call, _ http.ResponseWriter, pass func()) {
		if !k.at(c) || !reached.CompareAndSwap(false, true) {
			pass()
			return
		}
		if k.acted {
			pass()
		}
		<-started
		proc.kill()
	})
	proc = start()
	close(started)
	<-proc.ended
	p.wire.watch(nil)
	if !reached.Load() {
		p.t.Fatalf("it ended without reaching the point %q:\n%s", k.name, proc.said())
	}
}

// An apply is killed in the middle of it; one command mends what it left, and
// the next apply ends as if nothing had happened.
func TestKilled(t *testing.T) {
	t.Parallel()
	kills := 0
	for _, k := range stateKills {
		t.Run(k.name, func(t *testing.T) {
			p := newProject(t, map[string]block{"stage": data(1)})
			p.init("stage")
			p.want(0)(p.apply("stage").result()) // so that there is a digest to lag behind
			p.stack("stage", "both", data(3))
			p.mended(k)
			kills++
		})
	}
	figure(t, "%d kills of an apply between taking and releasing its lock; mended by unlock and one more deploy: %d", len(stateKills), kills)
}

// The same while it makes resources: none is forgotten, none made twice.
func TestKilledWhileMaking(t *testing.T) {
	t.Parallel()
	kills, unrecorded := 0, 0
	var all account
	points := resourceKills[:2]
	if *long {
		points = append(resourceKills, stateKills...)
	}
	for _, k := range points {
		t.Run(k.name, func(t *testing.T) {
			p := newProject(t, nil)
			p.stack("stage", "both", servers(p.name, 1))
			p.init("stage")
			k.digest = false // there is none yet
			readIn := p.mended(k)
			a := p.complete("stage")
			t.Logf("%d resources made and not recorded; afterwards %v", readIn, a)
			kills++
			unrecorded += readIn
			all = account{all.there + a.there, all.unknown + a.unknown, all.twice + a.twice}
		})
	}
	figure(t, "%d kills of an apply that makes resources; %d resources made and not recorded; after unlock and one more deploy %v", kills, unrecorded, all)
}

// The same with the lock in one place only.
func TestKilledInOtherModes(t *testing.T) {
	t.Parallel()
	for mode, points := range map[string][]kill{
		"dynamodb": {
			{name: "lock taken", at: isItem("PutItem", "/terraform.tfstate"), acted: true},
			{name: "state written, digest not", at: isPut("/terraform.tfstate"), acted: true, digest: true},
		},
		"s3": {
			{name: "lock taken", at: isPut(".tflock"), acted: true},
			{name: "state written", at: isPut("/terraform.tfstate"), acted: true},
		},
	} {
		for _, k := range points {
			t.Run(mode+", "+k.name, func(t *testing.T) {
				p := newProject(t, nil)
				p.setting("stateLock", mode)
				p.stack("stage", mode, data(1))
				p.init("stage")
				p.want(0)(p.apply("stage").result())
				p.stack("stage", mode, data(3))
				p.mended(k)
				if table := p.item(p.bucket+"/stage/terraform.tfstate-md5") != nil; table != (mode == "dynamodb") {
					t.Errorf("there is a digest in the table: %v", table)
				}
				p.want(0, "state of stage")(p.state("check"))
				p.want(0, "as serial ")(p.state("rollback", "stage", "1", "--yes"))
				p.want(0, "2 to add")(p.terraform("stage", "plan"))
			})
		}
	}
}

// mended kills an apply of stage at a point and mends what it left. It returns
// how many resources were read in.
func (p *project) mended(k kill) int {
	p.t.Helper()
	p.killedAt("stage", k)
	// What the next user sees, and what they do about it:
	saw, repaired := sawLock, "is free"
	if k.digest { // the CLI begins with an init, which reads the state
		saw, repaired = sawDigest, "The digest in the lock table did not fit what is in the bucket: repaired."
	}
	p.want(1, saw)(p.cdktf("deploy", "stage", "--auto-approve").result())
	output := p.want(0, "stage is locked: by "+me(), repaired, "stage is free")(p.state("unlock", "stage", "--yes"))
	p.want(0)(p.apply("stage").result())
	p.want(0, "No changes.")(p.terraform("stage", "plan"))
	if n := p.locks("stage"); n != 0 {
		p.t.Errorf("%d locks lie there", n)
	}
	return strings.Count(output, " read in\n")
}

// complete checks that all of a stack of servers is there, once, and known.
func (p *project) complete(stack string) account {
	p.t.Helper()
	a := p.accounted(stack)
	if a.there != 15 {
		p.t.Errorf("there are %d resources, want 15", a.there)
	}
	return a
}

// The credentials expire in the middle of an apply: Terraform can neither write
// the state nor release the lock. What it left in a file is not lost.
func TestExpiredMeanwhile(t *testing.T) {
	t.Parallel()
	p := newProject(t, nil)
	p.stack("stage", "both", servers(p.name, 1))
	p.init("stage")
	var expired atomic.Bool
	p.wire.watch(func(c call, w http.ResponseWriter, pass func()) {
		if expired.Load() {
			refuse(c, w, expiredToken)
			return
		}
		if is("CreateAutoScalingGroup")(c) {
			expired.Store(true)
		}
		pass()
	})
	p.want(1, "ExpiredToken", "Failed to persist state to backend", "errored.tfstate")(p.cdktf("deploy", "stage", "--auto-approve").result())
	p.want(1, "the AWS credentials have expired: log in again")(p.state("unlock", "stage", "--yes"))
	p.wire.watch(nil)
	p.want(1, sawLock)(p.apply("stage").result())
	p.want(4, "errored.tfstate is what a deploy from here could not write: serial 1", "not confirmed", "stage stays locked")(p.start(".", "yes\nno\n", stateAt, "unlock", "stage").result())
	if n := p.locks("stage"); n != 2 {
		t.Errorf("%d locks lie there, want 2", n)
	}
	p.want(0, "Write it to the bucket?", "Written: the state has serial 1", "stage is free")(p.start(".", strings.Repeat("yes\n", 3), stateAt, "unlock", "stage").result())
	p.want(0)(p.apply("stage").result())
	p.complete("stage")
	if files, _ := filepath.Glob(filepath.Join(p.dir, stackFolder("stage"), "errored*")); len(files) > 0 {
		t.Errorf("left behind: %v", files)
	}
}

// The state alone cannot be written: no lock is left, but the next deploy
// must not go on without it.
func TestStateNotWritten(t *testing.T) {
	t.Parallel()
	p := newProject(t, map[string]block{"stage": data(2)})
	p.init("stage")
	denied := answer(isPut("/terraform.tfstate"), accessDenied)
	denied(p)
	p.want(1, "AccessDenied", "errored.tfstate")(p.apply("stage").result())
	p.wire.watch(nil)
	p.want(4, "Write it to the bucket?", "not confirmed")(p.start(".", "no\n", stateAt, "unlock", "stage").result())
	if n := p.locks("stage"); n != 0 {
		t.Errorf("%d locks lie there, where none was before", n)
	}
	p.want(0, "stage is not locked", "Written: the state has serial 1 now and knows 2 resources")(p.state("unlock", "stage", "--yes"))
	p.want(0, "No changes.")(p.terraform("stage", "plan"))

	// Somebody else has deployed since: theirs stays.
	p.stack("stage", "both", data(3))
	denied(p)
	p.want(1, "errored.tfstate")(p.apply("stage").result())
	p.wire.watch(nil)
	time.Sleep(time.Second) // S3 tells times to the second
	p.want(0)(p.apply("stage").result())
	serial := p.newest("stage").Serial
	p.want(0, "does not go on from the state in the bucket", "not written, kept as errored.")(p.state("unlock", "stage", "--yes"))

	// Even if Terraform tried again and again before it gave up, which raises the serial.
	path := filepath.Join(p.dir, stackFolder("stage"), "errored.tfstate")
	kept, err := filepath.Glob(filepath.Join(filepath.Dir(path), "errored.*Z.tfstate"))
	if err != nil || len(kept) != 1 {
		t.Fatalf("kept: %v, %v", kept, err)
	}
	must(t, os.Rename(kept[0], path))
	info, err := os.Stat(path)
	must(t, err)
	content, err := os.ReadFile(path)
	must(t, err)
	higher := strings.Replace(string(content), `"serial": 2`, `"serial": 9`, 1)
	if higher == string(content) {
		t.Fatalf("no serial 2:\n%s", content)
	}
	must(t, os.WriteFile(path, []byte(higher), 0o600))
	must(t, os.Chtimes(path, info.ModTime(), info.ModTime()))
	p.want(0, "serial 9) does not go on from the state in the bucket", "not written, kept as errored.")(p.state("unlock", "stage", "--yes"))
	if s := p.newest("stage"); s.Serial != serial {
		t.Errorf("serial %d, want %d", s.Serial, serial)
	}
}

// A lock is not taken from somebody who may still be at work.
func TestUnlockRefuses(t *testing.T) {
	t.Parallel()
	p := newProject(t, map[string]block{"stage": slow(), "prod": data(1)})
	p.init("stage")
	holder := p.apply("stage")
	within(t, 30*time.Second, "the lock is taken", func() bool { return p.locks("stage") == 2 })
	p.want(3, "stage is locked: by "+me(), "may still be at work: terraform has been running", "state unlock stage --force")(p.state("unlock", "stage", "--yes"))
	// Not even if its data folder was cleared away.
	data := filepath.Join(p.dir, stackFolder("stage"), ".terraform")
	must(t, os.Rename(data, data+".away"))
	p.want(3, "may still be at work: terraform has been running")(p.state("unlock", "stage", "--yes"))
	must(t, os.Rename(data+".away", data))
	// Nor if, moving a state, it works in a folder whose record names another backend.
	record, err := os.ReadFile(filepath.Join(data, "terraform.tfstate"))
	must(t, err)
	must(t, os.WriteFile(filepath.Join(data, "terraform.tfstate"), bytes.ReplaceAll(record, []byte(p.bucket), []byte("elsewhere")), 0o600))
	p.lockedFor("prod", me(), "migration destination state", time.Now().UTC())
	p.want(3, "may still be at work: terraform has been running")(p.state("unlock", "prod", "--yes"))
	must(t, os.WriteFile(filepath.Join(data, "terraform.tfstate"), record, 0o600))
	p.want(0, "prod is free")(p.state("unlock", "prod", "--force", "--yes"))
	p.write(stackFolder("stage")+"/go", "")
	p.want(0)(holder.result())

	p.lockedBy("stage", "alice@laptop")
	p.want(3, "by alice@laptop", "cannot be seen from here", "Ask alice@laptop")(p.state("unlock", "stage", "--yes"))
	p.want(4, "Take the lock away?", "not confirmed")(p.state("unlock", "stage", "--force"))
	if n := p.locks("stage"); n != 1 {
		t.Errorf("%d locks lie there, want alice's", n)
	}
	p.want(0, "stage is free")(p.state("unlock", "stage", "--force", "--yes"))
	p.want(0, "stage is not locked")(p.state("unlock", "stage"))
	p.want(1, "prod: no state in bucket")(p.state("unlock", "prod"))
}

// What the page tells a user to type.
func TestMakeUnlock(t *testing.T) {
	t.Parallel()
	p := newProject(t, map[string]block{"stage": data(1)})
	for _, name := range []string{"Makefile", "go.mod", "go.sum", "cmd", "internal"} {
		must(t, os.Symlink(filepath.Join(root, name), filepath.Join(p.dir, name)))
	}
	p.lockedBy("stage", me())
	p.want(0, "stage is locked", "Take the lock away?", "stage is free.")(p.start(".", "yes\n", "make", "-o", "node_modules/.package-lock.json", "unlock", "ENV=stage").result())
	if n := p.locks("stage"); n != 0 {
		t.Errorf("%d locks lie there", n)
	}
}

// aliceLock is the id of the lock that lockedBy lays.
const aliceLock = "11111111-2222-3333-4444-555555555555"

// lockedBy lays a lock of an apply, an hour old, into the table as Terraform does,
// and returns since when it lies there.
func (p *project) lockedBy(stack, who string) time.Time {
	since := time.Now().Add(-time.Hour).UTC()
	p.lockedFor(stack, who, "OperationTypeApply", since)
	return since
}

// lockedFor lays a lock of an operation.
func (p *project) lockedFor(stack, who, operation string, created time.Time) {
	info, err := json.Marshal(block{
		"ID": aliceLock, "Operation": operation, "Info": "", "Who": who,
		"Version": "1.11.4", "Created": created, "Path": p.bucket + "/" + stack + "/terraform.tfstate",
	})
	must(p.t, err)
	_, err = dynamodb.NewFromConfig(cloud.Config()).PutItem(p.t.Context(), &dynamodb.PutItemInput{
		TableName: &p.table,
		Item: map[string]dbtypes.AttributeValue{
			"LockID": &dbtypes.AttributeValueMemberS{Value: p.bucket + "/" + stack + "/terraform.tfstate"},
			"Info":   &dbtypes.AttributeValueMemberS{Value: string(info)},
		},
	})
	must(p.t, err)
}

// A deploy that replaces a resource is killed: the state knows the old one,
// AWS has the new one, too. The next deploy, which makes one, deletes both.
func TestKilledWhileReplacing(t *testing.T) {
	t.Parallel()
	p := newProject(t, nil)
	stack := func(version int) block {
		all := servers(p.name, version)
		return block{"aws_vpc": all["aws_vpc"], "aws_lb_target_group": all["aws_lb_target_group"]}
	}
	p.stack("stage", "both", stack(1))
	p.init("stage")
	p.want(0)(p.apply("stage").result())
	p.stack("stage", "both", stack(2))
	p.killedAt("stage", kill{name: "new target group made", at: is("CreateTargetGroup"), acted: true})
	if n := len(p.made("stage")); n != 3 {
		t.Fatalf("there are %d resources after the kill, want 3", n)
	}
	p.want(0, "aws_lb_target_group.web_targets", "Read in: 1 resource.")(p.state("unlock", "stage", "--yes"))
	p.want(1, "the last deploy did not finish aws_lb_target_group.web_targets: npx cdktf deploy stage")(p.state("check", "stage"))
	p.want(0, "(deposed object", "1 to add, 0 to change, 2 to destroy")(p.apply("stage").result())
	p.want(0, "state of stage")(p.state("check", "stage"))
	if a := p.accounted("stage"); a.there != 2 {
		t.Errorf("there are %d resources, want 2", a.there)
	}
}

// What cannot be read in is named and keeps the stack locked; the rest is read in.
func TestReadingInFails(t *testing.T) {
	t.Parallel()
	p := newProject(t, nil)
	p.stack("stage", "both", topics(p.name, "a", "b"))
	p.init("stage")
	p.killedAt("stage", kill{name: "state on its way", at: isPut("/terraform.tfstate")})
	p.wire.watch(func(c call, w http.ResponseWriter, pass func()) {
		if c.Action == "GetTopicAttributes" && strings.Contains(c.Body, p.name+"-b") {
			refuse(c, w, refusal{http.StatusForbidden, "AuthorizationError", "User: alice is not authorized to perform: SNS:GetTopicAttributes"})
			return
		}
		pass()
	})
	p.want(1, "aws_sns_topic.a read in", "aws_sns_topic.b cannot be read in", "read in aws_sns_topic.b", "is not authorized",
		"Read in: 1 resource.", "To free stage without reading in: --no-adopt", "stage stays locked; go on with: go run ./cmd/state unlock stage")(p.state("unlock", "stage", "--yes"))
	if n := p.locks("stage"); n != 2 {
		t.Errorf("%d locks lie there, want 2", n)
	}
	p.want(0, "stage is free")(p.state("unlock", "stage", "--yes", "--no-adopt"))
	if got := strings.Join(p.newest("stage").addresses(), " "); got != "aws_sns_topic.a" {
		t.Errorf("the state knows %s", got)
	}
	p.wire.watch(nil)
	p.want(0, "aws_sns_topic.b read in")(p.state("adopt", "stage", "--yes"))
	p.want(0)(p.apply("stage").result())
	if a := p.accounted("stage"); a.there != 2 {
		t.Errorf("there are %d resources, want 2", a.there)
	}
}

// topics is a stack of cheap resources of AWS.
func topics(project string, roles ...string) block {
	named := block{}
	for _, role := range roles {
		named[role] = block{"name": project + "-" + role}
		tag("aws_sns_topic", role, project, named[role].(block))
	}
	return block{"aws_sns_topic": named}
}

// AWS's list of tags does not know yet what the dead deploy made. The network, of
// which everything could be made twice, is found all the same.
func TestTagsLag(t *testing.T) {
	t.Parallel()
	p := newProject(t, nil)
	all := servers(p.name, 1)
	p.stack("stage", "both", block{"aws_vpc": all["aws_vpc"], "aws_subnet": all["aws_subnet"], "aws_sns_topic": all["aws_sns_topic"]})
	p.init("stage")
	p.killedAt("stage", kill{name: "state on its way", at: isPut("/terraform.tfstate")})
	p.wire.watch(func(c call, w http.ResponseWriter, pass func()) {
		if c.Action == "GetResources" {
			w.Header().Set("Content-Type", "application/x-amz-json-1.1")
			fmt.Fprint(w, `{"ResourceTagMappingList": []}`)
			return
		}
		pass()
	})
	p.want(0, "aws_vpc.network_vpc", "aws_subnet.network_public_1", "Read in: 2 resources.", "AWS lists new resources some minutes late")(p.state("unlock", "stage", "--yes"))
	p.wire.watch(nil) // the minutes are over
	p.want(0, "Read in: 1 resource.")(p.state("adopt", "stage", "--yes"))
	p.want(0)(p.apply("stage").result())
	if a := p.accounted("stage"); a.there != 3 {
		t.Errorf("there are %d resources, want 3", a.there)
	}
}

// RDS gives a restored database the tags of the one it was. It is not taken for
// that one, or the next deploy would destroy it.
func TestRestoredDatabase(t *testing.T) {
	t.Parallel()
	p := newProject(t, nil)
	p.stack("stage", "both", block{"aws_db_instance": block{"database": block{"identifier": p.name + "-stage", "tags": block{nameTag: "database"}}}})
	state, err := state.New().WithSerial(1)
	must(t, err)
	p.putState("stage", string(state.Bytes()))
	tags := []rdstypes.Tag{}
	for key, value := range map[string]string{"Project": p.name, "Environment": "stage", nameTag: "database"} {
		tags = append(tags, rdstypes.Tag{Key: &key, Value: &value})
	}
	_, err = rds.NewFromConfig(cloud.Config()).CreateDBInstance(t.Context(), &rds.CreateDBInstanceInput{
		DBInstanceIdentifier: aws.String(p.name + "-stage-restored"), DBInstanceClass: aws.String("db.t4g.micro"), Engine: aws.String("mysql"),
		AllocatedStorage: aws.Int32(20), MasterUsername: aws.String("admin"), ManageMasterUserPassword: aws.Bool(true), Tags: tags,
	})
	must(t, err)
	p.want(0, ":db:"+p.name+"-stage-restored has the tags of aws_db_instance.database, but that is called "+p.name+"-stage: left alone",
		"Nothing that was made is missing")(p.state("adopt", "stage", "--yes"))
}

// The network loses AWS's answer to a write of the command, which then tries again
// and finds the write done: by itself.
func TestAnswerLost(t *testing.T) {
	t.Parallel()
	for name, at := range map[string]func(call) bool{
		"state": isPut("/terraform.tfstate"), "lock in the bucket": isPut(".tflock"), "lock in the table": isItem("PutItem", "/terraform.tfstate"),
		"release in the bucket": func(c call) bool { return c.Service == "s3" && c.Action == http.MethodDelete },
		"release in the table":  isItem("DeleteItem", "/terraform.tfstate"),
	} {
		t.Run(name, func(t *testing.T) {
			p := newProject(t, map[string]block{"stage": data(1)})
			p.init("stage")
			p.want(0)(p.apply("stage").result())
			p.stack("stage", "both", data(2))
			p.want(0)(p.apply("stage").result())
			var lost atomic.Bool
			p.wire.watch(func(c call, _ http.ResponseWriter, pass func()) {
				pass()
				if at(c) && lost.CompareAndSwap(false, true) {
					panic(http.ErrAbortHandler)
				}
			})
			p.want(0, "stage is back at serial 1, as serial 3")(p.state("rollback", "stage", "1", "--yes"))
			p.wire.watch(nil)
			if !lost.Load() {
				t.Error("no answer was lost")
			}
			if n := p.locks("stage"); n != 0 {
				t.Errorf("%d locks lie there", n)
			}
			p.want(0, "1 to add")(p.terraform("stage", "plan"))
		})
	}
}

// Ctrl-C at a question ends the command.
func TestInterruptedAtQuestion(t *testing.T) {
	t.Parallel()
	p := newProject(t, map[string]block{"stage": data(1)})
	p.lockedBy("stage", me())
	input, answers, err := os.Pipe()
	must(t, err)
	defer answers.Close()
	proc := p.startWith(".", input, stateAt, "unlock", "stage")
	within(t, 30*time.Second, "it asks", func() bool { return strings.Contains(proc.said(), "Take the lock away?") })
	must(t, proc.Process.Signal(os.Interrupt))
	within(t, 30*time.Second, "it ends", func() bool {
		select {
		case <-proc.ended:
			return true
		default:
			return false
		}
	})
	p.want(4, "not confirmed")(proc.result())
	if n := p.locks("stage"); n != 1 {
		t.Errorf("%d locks lie there, want the one that was there", n)
	}
}
