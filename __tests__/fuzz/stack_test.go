package fuzz_test

import (
	"fmt"
	"maps"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hcldec"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	hcljson "github.com/hashicorp/hcl/v2/json"
	"github.com/zclconf/go-cty/cty"
)

// element is a resource or a data source of a stack, as Terraform reads it.
type element struct {
	section, kind, name string // section is "resource" or "data"
	body                hcl.Body
	value               cty.Value // of its arguments; what Terraform does not know yet is unknown
}

func (e *element) address() string {
	if e.section == "data" {
		return "data." + e.kind + "." + e.name
	}
	return e.kind + "." + e.name
}

// stack is a stack's JSON, as Terraform reads it.
type stack struct {
	schema   *schema
	elements []*element
	provider hcl.Body
	outputs  []*hcl.Block
	locals   hcl.Attributes
	context  *hcl.EvalContext
	faults   []string
}

func (s *stack) fault(where, format string, arguments ...any) {
	s.faults = append(s.faults, where+": "+fmt.Sprintf(format, arguments...))
}

func (s *stack) diagnose(where string, found hcl.Diagnostics) {
	for _, d := range found {
		if d.Severity == hcl.DiagError {
			s.fault(where, "%s: %s", d.Summary, d.Detail)
		}
	}
}

// checkStack returns what Terraform or AWS would say against a stack's JSON.
func checkStack(content []byte) ([]string, error) {
	known, err := loadSchema()
	if err != nil {
		return nil, err
	}
	s := &stack{schema: known}
	file, found := hcljson.Parse(content, "cdk.tf.json")
	s.diagnose("cdk.tf.json", found)
	if file == nil {
		return s.faults, nil
	}
	s.read(file.Body)
	s.context = s.scope()
	for _, e := range s.elements {
		s.decode(e)
	}
	s.evaluateRest()
	s.checkNames()
	s.checkTags()
	return s.faults, nil
}

// read finds the elements of a stack and checks what they are called.
func (s *stack) read(body hcl.Body) {
	content, found := body.Content(&hcl.BodySchema{Blocks: []hcl.BlockHeaderSchema{
		{Type: "terraform"}, {Type: "locals"}, {Type: "moved"},
		{Type: "provider", LabelNames: []string{"name"}},
		{Type: "output", LabelNames: []string{"name"}},
		{Type: "resource", LabelNames: []string{"type", "name"}},
		{Type: "data", LabelNames: []string{"type", "name"}},
	}})
	s.diagnose("cdk.tf.json", found)
	defer s.checkMoved(content.Blocks.OfType("moved"))
	for _, b := range content.Blocks {
		if n := len(b.Labels); n > 0 && !hclsyntax.ValidIdentifier(b.Labels[n-1]) {
			s.fault(b.Type, "%q is no name in Terraform", b.Labels[n-1])
		}
		switch b.Type {
		case "provider":
			s.provider = b.Body
		case "output":
			s.outputs = append(s.outputs, b)
		case "locals":
			locals, found := b.Body.JustAttributes()
			s.diagnose("locals", found)
			s.locals = locals
			for name := range locals {
				if !hclsyntax.ValidIdentifier(name) {
					s.fault("locals", "%q is no name in Terraform", name)
				}
			}
		case "resource", "data":
			e := &element{section: b.Type, kind: b.Labels[0], name: b.Labels[1], body: b.Body}
			if _, ok := s.schema.kinds(e.section)[e.kind]; !ok {
				s.fault(e.address(), "Terraform knows no %s of this type", e.section)
				continue
			}
			s.elements = append(s.elements, e)
		}
	}
}

// checkMoved checks that each block "moved" is from a resource that is not there to one
// that is.
// https://developer.hashicorp.com/terraform/language/block/moved
func (s *stack) checkMoved(blocks hcl.Blocks) {
	there := map[string]bool{}
	for _, e := range s.elements {
		there[e.address()] = true
	}
	for _, b := range blocks {
		arguments, found := b.Body.JustAttributes()
		s.diagnose("moved", found)
		address := map[string]string{"from": "", "to": ""}
		for name := range address {
			if a, is := arguments[name]; is {
				value, found := a.Expr.Value(nil)
				s.diagnose("moved", found)
				address[name] = value.AsString()
			}
		}
		if there[address["from"]] || !there[address["to"]] {
			s.fault("moved", "from %q to %q: the one has to be gone, the other to be there", address["from"], address["to"])
		}
	}
}

// scope is what an expression in the stack may refer to, by name and type.
func (s *stack) scope() *hcl.EvalContext {
	resources, data := map[string]map[string]cty.Value{}, map[string]map[string]cty.Value{}
	for _, e := range s.elements {
		to := resources
		if e.section == "data" {
			to = data
		}
		if to[e.kind] == nil {
			to[e.kind] = map[string]cty.Value{}
		}
		to[e.kind][e.name] = s.unknown(e)
	}
	objects := func(kinds map[string]map[string]cty.Value) map[string]cty.Value {
		all := map[string]cty.Value{}
		for kind, named := range kinds {
			all[kind] = cty.ObjectVal(named)
		}
		return all
	}
	locals := map[string]cty.Value{}
	for name := range s.locals {
		locals[name] = cty.DynamicVal
	}
	text := cty.UnknownVal(cty.String)
	variables := objects(resources)
	variables["data"] = cty.ObjectVal(objects(data))
	variables["local"] = cty.ObjectVal(locals)
	variables["path"] = cty.ObjectVal(map[string]cty.Value{"root": text, "module": text, "cwd": text})
	variables["terraform"] = cty.ObjectVal(map[string]cty.Value{"workspace": text})
	return &hcl.EvalContext{Variables: variables, Functions: s.schema.functions()}
}

// unknown is an element that others refer to: nothing is known but its type.
func (s *stack) unknown(e *element) cty.Value {
	return cty.UnknownVal(hcldec.ImpliedType(s.schema.kinds(e.section)[e.kind].Block.spec(true)))
}

// meta is what Terraform itself takes in every resource.
var meta = &hcl.BodySchema{
	Attributes: []hcl.AttributeSchema{{Name: "depends_on"}, {Name: "provider"}, {Name: "count"}, {Name: "for_each"}},
	Blocks:     []hcl.BlockHeaderSchema{{Type: "lifecycle"}, {Type: "provisioner", LabelNames: []string{"type"}}, {Type: "connection"}},
}

// decode checks an element's arguments by the schema.
func (s *stack) decode(e *element) {
	content, rest, found := e.body.PartialContent(meta)
	s.diagnose(e.address(), found)
	spec := s.schema.kinds(e.section)[e.kind].Block.spec(false)
	e.value, found = hcldec.Decode(rest, spec, s.context)
	s.diagnose(e.address(), found)
	if dependencies := content.Attributes["depends_on"]; dependencies != nil {
		list, found := hcl.ExprList(dependencies.Expr)
		s.diagnose(e.address(), found)
		for _, expression := range list {
			traversal, found := hcl.AbsTraversalForExpr(expression)
			s.diagnose(e.address(), found)
			if !found.HasErrors() {
				_, found = traversal.TraverseAbs(s.context)
				s.diagnose(e.address()+": depends_on", found)
			}
		}
	}
	own := s.context.NewChild()
	own.Variables = map[string]cty.Value{"self": s.unknown(e)}
	for _, b := range content.Blocks {
		switch b.Type {
		case "lifecycle":
			s.decodeLifecycle(e, b.Body, own)
		case "provisioner":
			attributes, found := b.Body.JustAttributes()
			s.diagnose(e.address(), found)
			s.evaluate(e.address()+": provisioner", attributes, own)
		}
	}
}

// decodeLifecycle checks what a lifecycle refers to.
func (s *stack) decodeLifecycle(e *element, body hcl.Body, own *hcl.EvalContext) {
	condition := hcldec.ObjectSpec{
		"condition":     &hcldec.AttrSpec{Name: "condition", Type: cty.Bool, Required: true},
		"error_message": &hcldec.AttrSpec{Name: "error_message", Type: cty.String, Required: true},
	}
	content, rest, found := body.PartialContent(&hcl.BodySchema{Attributes: []hcl.AttributeSchema{{Name: "ignore_changes"}}})
	s.diagnose(e.address(), found)
	_, found = hcldec.Decode(rest, hcldec.ObjectSpec{
		"create_before_destroy": &hcldec.AttrSpec{Name: "create_before_destroy", Type: cty.Bool},
		"prevent_destroy":       &hcldec.AttrSpec{Name: "prevent_destroy", Type: cty.Bool},
		"precondition":          &hcldec.BlockListSpec{TypeName: "precondition", Nested: condition},
		"postcondition":         &hcldec.BlockListSpec{TypeName: "postcondition", Nested: condition},
	}, own)
	s.diagnose(e.address()+": lifecycle", found)
	if ignored := content.Attributes["ignore_changes"]; ignored != nil {
		list, found := hcl.ExprList(ignored.Expr)
		s.diagnose(e.address(), found)
		for _, expression := range list {
			traversal, found := hcl.AbsTraversalForExpr(expression)
			s.diagnose(e.address(), found)
			if b := s.schema.kinds(e.section)[e.kind].Block; !found.HasErrors() && b.Attributes[traversal.RootName()].Type == nil && b.Blocks[traversal.RootName()].Nesting == "" {
				s.fault(e.address(), "ignore_changes names %s, which it does not have", traversal.RootName())
			}
		}
	}
}

// evaluateRest checks what the locals, the outputs and the provider refer to.
func (s *stack) evaluateRest() {
	s.evaluate("locals", s.locals, s.context)
	for _, o := range s.outputs {
		attributes, found := o.Body.JustAttributes()
		s.diagnose("output "+o.Labels[0], found)
		s.evaluate("output "+o.Labels[0], attributes, s.context)
	}
}

func (s *stack) evaluate(where string, attributes hcl.Attributes, context *hcl.EvalContext) {
	for _, name := range slices.Sorted(maps.Keys(attributes)) {
		_, found := attributes[name].Expr.Value(context)
		s.diagnose(where+": "+name, found)
	}
}
