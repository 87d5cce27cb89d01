package review_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	tfjson "github.com/hashicorp/terraform-json"

	"example.com/webserver-cluster/tests/localaws"
	"example.com/webserver-cluster/tests/provider"
)

// closedPort is where the provider believes AWS to be: a port on which nobody listens
// (discard), so that what a plan asks of AWS fails and is seen.
const closedPort = "http://127.0.0.1:9"

// planner has Terraform and the AWS provider plan, without AWS.
type planner struct {
	t       *testing.T
	dir     string
	env     []string
	schemas *tfjson.ProviderSchema
}

func newPlanner(t *testing.T) *planner {
	t.Helper()
	cloud, err := localaws.Start(context.Background(), localaws.Options{}) // for Terraform's settings alone
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cloud.Stop)
	p := &planner{t: t, dir: t.TempDir(), env: slices.Concat(os.Environ(), cloud.Environ(), []string{provider.LessGC, "AWS_ENDPOINT_URL=" + closedPort})}
	p.configure(nil)
	p.terraform("init", "-no-color")
	process, err := provider.Start(p.dir, p.env)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(process.Stop)
	p.env = append(p.env, process.Environ()...)
	var schemas tfjson.ProviderSchemas
	if err := json.Unmarshal(p.terraform("providers", "schema", "-json"), &schemas); err != nil {
		t.Fatal(err)
	}
	p.schemas = schemas.Schemas["registry.terraform.io/hashicorp/aws"]
	return p
}

// configure writes a configuration of these resources by type and name.
func (p *planner) configure(resources map[string]map[string]object) {
	aws := object{
		"region": "eu-central-1", "access_key": "local", "secret_key": "local", "max_retries": 1,
		"skip_credentials_validation": true, "skip_requesting_account_id": true, "skip_metadata_api_check": true, "skip_region_validation": true,
	}
	config := object{
		"terraform": object{"required_providers": object{"aws": object{"source": "hashicorp/aws"}}},
		"provider":  object{"aws": aws},
	}
	if len(resources) > 0 {
		config["resource"] = resources
	}
	p.write("main.tf.json", config)
}

func (p *planner) write(file string, content any) {
	p.t.Helper()
	text, err := json.Marshal(content)
	if err == nil {
		err = os.WriteFile(filepath.Join(p.dir, file), text, 0o600)
	}
	if err != nil {
		p.t.Fatal(err)
	}
}

func (p *planner) run(arguments ...string) ([]byte, error) {
	cmd := exec.Command("terraform", arguments...)
	cmd.Dir, cmd.Env = p.dir, p.env
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	output, err := cmd.Output()
	if err != nil {
		err = fmt.Errorf("terraform %s: %w\n%s", strings.Join(arguments, " "), err, stderr.String())
	}
	return output, err
}

func (p *planner) terraform(arguments ...string) []byte {
	p.t.Helper()
	output, err := p.run(arguments...)
	if err != nil {
		p.t.Fatalf("%v\n%s", err, output)
	}
	return output
}

// refusal is an error of Terraform's or the provider's about a resource.
type refusal struct{ address, text string }

type diagnostic struct {
	Severity, Summary, Detail string
	Address                   string
	Snippet                   struct{ Context string }
}

// resourceContext is how Terraform names the block that an error is about.
var resourceContext = regexp.MustCompile(`^resource\.(\w+)\.(\w+)|^resource "(\w+)" "(\w+)"`)

func refusals(all []diagnostic) []refusal {
	var found []refusal
	for _, d := range all {
		if d.Severity != "error" {
			continue
		}
		address := d.Address
		if m := resourceContext.FindStringSubmatch(d.Snippet.Context); address == "" && m != nil {
			address = m[1] + m[3] + "." + m[2] + m[4]
		}
		found = append(found, refusal{address, d.Summary + ": " + d.Detail})
	}
	return found
}

// validate returns what Terraform and the provider refuse of the configuration.
func (p *planner) validate() []refusal {
	p.t.Helper()
	output, err := p.run("validate", "-json")
	var result struct{ Diagnostics []diagnostic }
	if json.Unmarshal(output, &result) != nil {
		p.t.Fatalf("%v\n%s", err, output)
	}
	return refusals(result.Diagnostics)
}

// plan returns the plan of the configuration, by address, or what is refused.
func (p *planner) plan() (map[string]*tfjson.ResourceChange, []refusal) {
	p.t.Helper()
	output, err := p.run("plan", "-refresh=false", "-lock=false", "-out=plan", "-json", "-input=false")
	if err != nil {
		var all []diagnostic
		for line := range bytes.Lines(output) {
			var message struct{ Diagnostic *diagnostic }
			if json.Unmarshal(line, &message) == nil && message.Diagnostic != nil {
				all = append(all, *message.Diagnostic)
			}
		}
		found := refusals(all)
		if len(found) == 0 {
			p.t.Fatalf("%v\n%s", err, output)
		}
		return nil, found
	}
	var plan tfjson.Plan
	if err := json.Unmarshal(p.terraform("show", "-json", "plan"), &plan); err != nil {
		p.t.Fatal(err)
	}
	changes := map[string]*tfjson.ResourceChange{}
	for _, c := range plan.ResourceChanges {
		changes[c.Address] = c
	}
	return changes, nil
}

// made writes the state in which resources are as they were planned to be made, by type
// and name.
func (p *planner) made(planned map[string]map[string]object) {
	var resources []object
	for kind, named := range planned {
		for name, attributes := range named {
			resources = append(resources, object{
				"mode": "managed", "type": kind, "name": name, "provider": `provider["registry.terraform.io/hashicorp/aws"]`,
				"instances": []object{{"schema_version": p.schemas.ResourceSchemas[kind].Version, "attributes": attributes}},
			})
		}
	}
	p.write("terraform.tfstate", object{
		"version": 4, "terraform_version": "1.10.0", "serial": 1, "lineage": "00000000-0000-0000-0000-000000000000", "outputs": object{}, "resources": resources,
	})
}

// filled is a value of a plan, with made-up values for what becomes known when it is
// made.
func filled(value, unknown any, block *tfjson.SchemaBlock) object {
	o, _ := value.(object)
	u, _ := unknown.(object)
	if o == nil {
		o = object{}
	}
	for name, isUnknown := range u {
		if a, is := block.Attributes[name]; is && isUnknown == true {
			o[name] = madeUp(name, a)
		}
		nested, is := block.NestedBlocks[name]
		list, _ := isUnknown.([]any)
		values, _ := o[name].([]any)
		for i := range list {
			if is && i < len(values) {
				values[i] = filled(values[i], list[i], nested.Block)
			}
		}
	}
	return o
}

// words are values of attributes of which the provider knows all that there can be.
var words = map[string]string{"fifo_throughput_scope": "", "stream_view_type": "", "protocol_version": "HTTP1"}

func madeUp(name string, a *tfjson.SchemaAttribute) any {
	switch kind := a.AttributeType.FriendlyName(); {
	case kind == "string":
		if word, is := words[name]; is {
			return word
		}
		return "known-once-made"
	case kind == "number":
		return 0
	case kind == "bool":
		return false
	case strings.HasPrefix(kind, "map"), strings.HasPrefix(kind, "object"):
		return object{}
	}
	return []any{}
}
