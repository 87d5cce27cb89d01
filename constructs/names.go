package constructs

import (
	"fmt"
	"hash/crc32"
	"regexp"
	"strings"

	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
	"github.com/hashicorp/terraform-cdk-go/cdktf"
)

// names are the elements of a stack by their Terraform names. Two elements of one
// name would be one in the JSON, with the arguments of both, and Terraform would
// take it: names lets no stack be synthesized that has two, whoever made them.
type names struct {
	stack cdktf.TerraformStack
	made  map[cdktf.TerraformElement]string // by add, which gave them the name
}

// namesOf has the names of every stack that a construct of this package is in. The
// runtime has one Go value for each stack.
var namesOf = map[cdktf.TerraformStack]*names{}

func namesIn(stack cdktf.TerraformStack) *names {
	n := namesOf[stack]
	if n == nil {
		n = &names{stack: stack, made: map[cdktf.TerraformElement]string{}}
		namesOf[stack] = n
		stack.Node().AddValidation(n)
	}
	return n
}

// Validate returns a line for each name that two elements of the stack have. CDKTF
// calls it before it writes the stack.
func (n *names) Validate() *[]*string {
	var faults []*string
	named := map[string][]cdktf.TerraformElement{}
	for _, construct := range *n.stack.Node().FindAll(constructs.ConstructOrder_PREORDER) {
		element, ok := construct.(cdktf.TerraformElement)
		if !ok || block(element) == "" {
			continue
		}
		name, ok := n.made[element] // known without asking jsii
		if !ok {
			name = *element.FriendlyUniqueId()
		}
		for _, other := range named[name] {
			if a := address(element, name); a == address(other, name) {
				faults = append(faults, jsii.String(fmt.Sprintf("%s is two: %s and %s. A name stands for one thing in Terraform: rename one of them",
					a, *other.Node().Path(), *element.Node().Path())))
			}
		}
		named[name] = append(named[name], element)
	}
	return &faults
}

// notInNames is what no Terraform name may have.
// https://developer.hashicorp.com/terraform/language/syntax/configuration#identifiers
var notInNames = regexp.MustCompile(`[^A-Za-z0-9_/-]`)

// terraformName makes a Terraform name of a path of ids. What had to be replaced is
// told apart by a hash: "a b" and "a.b" do not become one.
func terraformName(path string) string {
	name := notInNames.ReplaceAllString(path, "_")
	if name != path {
		name += fmt.Sprintf("_%08x", crc32.ChecksumIEEE([]byte(path)))
	}
	if first := name[0]; first == '-' || '0' <= first && first <= '9' {
		name = "_" + name
	}
	return strings.ReplaceAll(name, "/", "_")
}

// A label is what a verb's caller calls a client or a grant. It is part of names and
// descriptions in AWS and in Terraform, so it has characters that all of them take.
var labelRule = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]{0,63}$`)

// labelRole is a label as part of a Terraform name. It panics for what is no label.
func labelRole(verb, label string) string {
	if !labelRule.MatchString(label) {
		panic(fmt.Errorf("%s: %q: must be 1 to 64 letters, digits, hyphens and underscores, a letter first: it names rules and policies", verb, label))
	}
	return strings.ReplaceAll(label, "-", "_")
}

// block is the kind of block that an element is in Terraform, as addresses begin with
// it; "" for what has no name: a stack, a backend, a provider.
func block(element cdktf.TerraformElement) string {
	switch element.(type) {
	case cdktf.TerraformResource: // before the data source, whose methods it has, too
		return "resource"
	case cdktf.TerraformDataSource:
		return "data"
	case cdktf.TerraformOutput:
		return "output"
	case cdktf.TerraformVariable:
		return "var"
	case cdktf.TerraformLocal:
		return "local"
	case cdktf.TerraformModule:
		return "module"
	}
	return ""
}

// address is an element's address in Terraform.
// https://developer.hashicorp.com/terraform/cli/state/resource-addressing
func address(element cdktf.TerraformElement, name string) string {
	switch e := element.(type) {
	case cdktf.TerraformResource:
		return *e.TerraformResourceType() + "." + name
	case cdktf.TerraformDataSource:
		return "data." + *e.TerraformResourceType() + "." + name
	}
	return block(element) + "." + name
}
