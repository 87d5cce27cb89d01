package fuzz_test

import (
	"encoding/json"
	"fmt"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"sync"

	"github.com/hashicorp/hcl/v2/hcldec"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
	ctyjson "github.com/zclconf/go-cty/cty/json"
)

// schema is what Terraform and the AWS provider know.
type schema struct {
	Resources map[string]kind              `json:"resource_schemas"`
	Data      map[string]kind              `json:"data_source_schemas"`
	Functions map[string]functionSignature `json:"function_signatures"`
}

// kind is the schema of a resource type or of a data source.
// https://developer.hashicorp.com/terraform/cli/commands/providers/schema
type kind struct {
	Block block `json:"block"`
}

type block struct {
	Attributes map[string]attribute   `json:"attributes"`
	Blocks     map[string]nestedBlock `json:"block_types"`
}

type attribute struct {
	Type     json.RawMessage `json:"type"`
	Required bool            `json:"required"`
	Optional bool            `json:"optional"`
}

type nestedBlock struct {
	Nesting string `json:"nesting_mode"`
	Block   block  `json:"block"`
	Min     int    `json:"min_items"`
	Max     int    `json:"max_items"`
}

type functionSignature struct {
	Return json.RawMessage `json:"return_type"`
}

// saveSchema asks Terraform for its functions and for the provider's schema, 14 MB,
// and writes to file what of it the constructs use.
func saveSchema(dir, file string) error {
	used, err := usedPackages()
	if err != nil {
		return err
	}
	const config = `{"terraform": {"required_providers": {"aws": {"source": "hashicorp/aws"}}}, "resource": {"terraform_data": {"any": {}}}}`
	if err := os.WriteFile(filepath.Join(dir, "main.tf.json"), []byte(config), 0o600); err != nil {
		return err
	}
	if output, err := terraform(dir, "init"); err != nil {
		return fmt.Errorf("terraform init: %w\n%s", err, output)
	}
	var kept schema
	output, err := terraform(dir, "metadata", "functions", "-json")
	if err == nil {
		err = json.Unmarshal(output, &kept)
	}
	if err != nil {
		return fmt.Errorf("terraform metadata functions: %w", err)
	}
	var all struct {
		Providers map[string]schema `json:"provider_schemas"`
	}
	output, err = terraform(dir, "providers", "schema", "-json")
	if err == nil {
		err = json.Unmarshal(output, &all)
	}
	if err != nil {
		return fmt.Errorf("terraform providers schema: %w", err)
	}
	kept.Resources, kept.Data = map[string]kind{}, map[string]kind{}
	for _, provider := range all.Providers {
		maps.Copy(kept.Resources, provider.Resources)
		maps.Copy(kept.Data, provider.Data)
	}
	maps.DeleteFunc(kept.Resources, func(name string, _ kind) bool { return name != "terraform_data" && !used[goPackage("", name)] })
	maps.DeleteFunc(kept.Data, func(name string, _ kind) bool { return !used[goPackage("data", name)] })
	content, err := json.Marshal(kept)
	if err != nil {
		return err
	}
	return os.WriteFile(file, content, 0o600)
}

// usedPackages are the packages of the bindings that the constructs import: lb for
// aws_lb, dataawsregion for the data source aws_region.
func usedPackages() (map[string]bool, error) {
	files, err := filepath.Glob("../../constructs/*.go")
	if err != nil {
		return nil, err
	}
	used := map[string]bool{}
	for _, file := range files {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		if err != nil {
			return nil, err
		}
		for _, imported := range parsed.Imports {
			if name, err := strconv.Unquote(imported.Path.Value); err == nil && strings.Contains(name, "cdktf-provider-aws-go") {
				used[path.Base(name)] = true
			}
		}
	}
	return used, nil
}

// goPackage is the package of the bindings for a type of Terraform's.
func goPackage(prefix, name string) string {
	if prefix == "" {
		name = strings.TrimPrefix(name, "aws_")
	}
	return prefix + strings.ReplaceAll(name, "_", "")
}

// loadSchema reads what saveSchema wrote, once.
var loadSchema = sync.OnceValues(func() (*schema, error) {
	content, err := os.ReadFile(os.Getenv(schemaVariable))
	if err != nil {
		return nil, err
	}
	s := &schema{}
	return s, json.Unmarshal(content, s)
})

// kinds are the types of a section of a stack: "resource" or "data".
func (s *schema) kinds(section string) map[string]kind {
	if section == "data" {
		return s.Data
	}
	return s.Resources
}

// spec tells HCL's decoder what may be given in a block, and with computed what
// others may read of it.
func (b block) spec(computed bool) hcldec.ObjectSpec {
	spec := hcldec.ObjectSpec{}
	for name, a := range b.Attributes {
		if a.Required || a.Optional || computed {
			spec[name] = &hcldec.AttrSpec{Name: name, Type: ctyType(a.Type), Required: a.Required}
		}
	}
	for name, n := range b.Blocks {
		nested := n.Block.spec(computed)
		switch n.Nesting {
		case "single":
			spec[name] = &hcldec.BlockSpec{TypeName: name, Nested: nested, Required: n.Min > 0}
		case "list":
			spec[name] = &hcldec.BlockListSpec{TypeName: name, Nested: nested, MinItems: n.Min, MaxItems: n.Max}
		case "set":
			spec[name] = &hcldec.BlockSetSpec{TypeName: name, Nested: nested, MinItems: n.Min, MaxItems: n.Max}
		default:
			panic(fmt.Sprintf("%s: blocks that nest as a %s: nothing here used any", name, n.Nesting))
		}
	}
	return spec
}

func ctyType(t json.RawMessage) cty.Type {
	parsed, err := ctyjson.UnmarshalType(t)
	if err != nil {
		panic(err)
	}
	return parsed
}

// functions are Terraform's functions, which return an unknown value of their type.
func (s *schema) functions() map[string]function.Function {
	all := map[string]function.Function{}
	for name, signature := range s.Functions {
		result := ctyType(signature.Return)
		all[name] = function.New(&function.Spec{
			VarParam: &function.Parameter{Type: cty.DynamicPseudoType, AllowNull: true, AllowUnknown: true, AllowDynamicType: true},
			Type:     func([]cty.Value) (cty.Type, error) { return result, nil },
			Impl:     func([]cty.Value, cty.Type) (cty.Value, error) { return cty.UnknownVal(result), nil },
		})
	}
	return all
}
