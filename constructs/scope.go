// Package constructs holds what an environment is made of: Network, MySQL,
// WebserverCluster, Alerts, and the StateStore that keeps the Terraform state of all of
// them. A construct knows nothing of stage or prod, nor of where its state lies: the
// package stacks puts constructs together.
//
// Every construct has the same form:
//
//   - a struct of plain Go props, whose Validate names every fault at once. The zero
//     value of a field means its default. A reference to another resource's attribute
//     ("${…}", what cdktf calls a token) is taken as it is wherever AWS's value may come
//     from elsewhere: what it will be, only Terraform knows.
//   - a New function that makes the resources, and panics if the props are not valid.
//   - a struct of what others need: ids, ARNs, names; and the main resources
//     themselves, to set what no prop offers.
//   - verbs for what joins two constructs, such as AllowFrom and GrantRead.
//
// An app that uses them is synthesized by Synthesize.
package constructs

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"reflect"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
	"github.com/hashicorp/terraform-cdk-go/cdktf"

	"example.com/webserver-cluster/internal/project"
)

// scope is a construct's own place in the construct tree, the prefix that its
// resources' Terraform names share, and the tags that they all get.
type scope struct {
	constructs.Construct
	path   string
	prefix string
	tags   map[string]string
	names  *names
}

// newScope makes the place for a construct: id below parent.
func newScope(parent constructs.Construct, id string, tags map[string]string) scope {
	defer at(id)
	construct := constructs.NewConstruct(parent, jsii.String(id))
	stack := cdktf.TerraformStack_Of(construct)
	path := *construct.Node().Path()
	inStack := strings.TrimPrefix(path, *stack.Node().Path()+"/")
	return scope{construct, path, terraformName(inStack) + "_", tags, namesIn(stack)}
}

// at, deferred, names the construct in what jsii panics with: jsii's own message
// says neither which stack nor which construct. A programming error stays one.
func at(path string) {
	failure := recover()
	if failure == nil {
		return
	}
	if bug, ok := failure.(runtime.Error); ok {
		panic(bug)
	}
	panic(fmt.Errorf("%s: %v", path, failure))
}

// add makes a resource (or data source) by its L1 constructor and gives it the
// Terraform name that its place spells: the role "vpc" in the construct "network"
// becomes aws_vpc.network_vpc. CDKTF's own names end in a hash
// (network_vpc_8D2A6B1C), which tells a reviewer nothing.
func add[Config any, Resource cdktf.TerraformElement](
	s scope, role string,
	create func(constructs.Construct, *string, *Config) Resource,
	config *Config,
) Resource {
	defer at(s.path + "/" + role)
	name := s.prefix + role
	s.tag(config, name)
	resource := create(s.Construct, jsii.String(role), config)
	resource.OverrideLogicalId(jsii.String(name))
	s.names.made[resource] = name
	noteBlocks(config)
	return resource
}

// tag adds project.TerraformNameTag and the construct's own tags to those in the config of a
// resource that can have any.
func (s scope) tag(config any, name string) {
	v := reflect.ValueOf(config).Elem()
	field := v.FieldByName("Tags")
	// Tags of a data source are a filter, and an object in S3 has 10 tags at the most.
	// https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-tagging.html
	if name := v.Type().Name(); !field.IsValid() || strings.HasPrefix(name, "DataAws") || name == "S3ObjectConfig" {
		return
	}
	tags := map[string]*string{project.TerraformNameTag: jsii.String(name)}
	for key, value := range s.tags {
		tags[key] = jsii.String(value)
	}
	if given, ok := field.Interface().(*map[string]*string); ok && given != nil {
		maps.Copy(tags, *given)
	}
	field.Set(reflect.ValueOf(&tags))
}

// remember keeps the value that an expression has when the resource is first made,
// until somebody has Terraform replace it. It returns the reference to the value.
func remember(s scope, role string, expression *string) (reference string) {
	// Not cdktf.DataResource: that one runs "terraform version" at every synth.
	memory := add(s, role, cdktf.NewTerraformResource, &cdktf.TerraformResourceConfig{
		TerraformResourceType: jsii.String("terraform_data"),
		Lifecycle:             &cdktf.TerraformResourceLifecycle{IgnoreChanges: jsii.Strings("input")},
	})
	memory.AddOverride(jsii.String("input"), expression)
	return "terraform_data." + s.prefix + role + ".output"
}

// fixed is the lifecycle of a resource that keeps an argument as it was made. A
// plan with another value fails, before anything has changed; a reference, which
// nobody changes by hand, is not compared.
func fixed(argument string, value any, what string) *cdktf.TerraformResourceLifecycle {
	lifecycle := &cdktf.TerraformResourceLifecycle{}
	keep(lifecycle, argument, value, what+" cannot change", "or make an environment beside this one and move there.")
	return lifecycle
}

// keep adds one more argument to what a lifecycle keeps; rule and way out are a part
// of the error.
func keep(lifecycle *cdktf.TerraformResourceLifecycle, argument string, value any, rule, wayOut string) {
	ignored := []*string{jsii.String(argument)}
	if list, ok := lifecycle.IgnoreChanges.(*[]*string); ok {
		ignored = append(*list, ignored...)
	}
	lifecycle.IgnoreChanges = &ignored
	text := fmt.Sprint(value)
	if isToken(text) {
		return
	}
	literal := text
	if _, ok := value.(string); ok {
		literal = strconv.Quote(text)
	}
	var conditions []*cdktf.Postcondition
	if lifecycle.Postcondition != nil {
		conditions = *lifecycle.Postcondition
	}
	conditions = append(conditions, &cdktf.Postcondition{
		Condition: jsii.String(fmt.Sprintf("${self.%s == %s}", argument, literal)),
		ErrorMessage: jsii.String(fmt.Sprintf("%s: this one was made with ${self.%s}, and the code says %s. "+
			"Put the old value back, %s", rule, argument, text, wayOut)),
	})
	lifecycle.Postcondition = &conditions
}

// mustBeValid stops a construct from being made of wrong props. The app validates
// everything before the first construct is made, so this panics only for a caller
// that did not.
func mustBeValid(id string, err error) {
	if err != nil {
		panic(errors.New(id + ": " + err.Error()))
	}
}

// orDefault is value, or fallback where value is its type's zero value.
func orDefault[T comparable](value, fallback T) T {
	var zero T
	if value == zero {
		return fallback
	}
	return value
}

// optional is a string's pointer, nil for the empty one.
func optional(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// nameTagKey is the tag that AWS's console shows as a resource's name.
const nameTagKey = "Name"

func nameTag(name string) *map[string]*string {
	return &map[string]*string{nameTagKey: jsii.String(name)}
}

// isToken says whether s is (or has in it) a reference that only Terraform
// resolves, so that its text says nothing.
func isToken(s string) bool { return strings.Contains(s, "${") }

// seconds is a duration as AWS takes it.
func seconds(d time.Duration) *float64 { return jsii.Number(math.Round(d.Seconds())) }
