package constructs

import (
	"fmt"
	"reflect"
	"strings"
	"unicode"

	"github.com/aws/jsii-runtime-go"
	"github.com/hashicorp/terraform-cdk-go/cdktf"
)

// listBlocks has a resource's blocks stand in the JSON as lists. CDKTF writes a
// block of which there can be only one as an object, which Terraform reads just as
// well; scanners do not, and report that encryption or IMDSv2 is missing.
// https://developer.hashicorp.com/terraform/language/syntax/json#nested-block-mapping
func listBlocks(resource cdktf.TerraformElement, config any) {
	v := reflect.ValueOf(config).Elem()
	if strings.HasPrefix(v.Type().Name(), "DataAws") {
		return
	}
	overrideBlocks(resource, "", v)
}

// overrideBlocks does it for the blocks that stand at a path: "" in the resource
// itself, "rule.0." in its first rule.
func overrideBlocks(resource cdktf.TerraformElement, path string, v reflect.Value) {
	for i := range v.NumField() {
		field, value := v.Type().Field(i), v.Field(i)
		if field.Name == "Lifecycle" { // Terraform's own
			continue
		}
		if isBlock(value) {
			resource.AddOverride(jsii.String(path+attribute(field)), listed(value))
		}
		// Block by block: CDKTF appends a list to the one that is there already.
		for i, block := range blocksIn(value) {
			overrideBlocks(resource, fmt.Sprintf("%s%s.%d.", path, attribute(field), i), block.Elem())
		}
	}
}

// listed is a value of a config as Terraform takes it, each block a list.
func listed(v reflect.Value) any {
	if isBlock(v) {
		return []any{attributes(v)}
	}
	if blocks := blocksIn(v); len(blocks) > 0 {
		list := make([]any, len(blocks))
		for i, block := range blocks {
			list[i] = attributes(block)
		}
		return list
	}
	return v.Interface()
}

// attributes are a block's attributes and the blocks in it.
func attributes(block reflect.Value) map[string]any {
	values := map[string]any{}
	v := block.Elem()
	for i := range v.NumField() {
		if !v.Field(i).IsZero() {
			values[attribute(v.Type().Field(i))] = listed(v.Field(i))
		}
	}
	return values
}

// isBlock tells a block that is there; a map of tags points to no struct.
func isBlock(v reflect.Value) bool {
	return v.Kind() == reflect.Pointer && v.Elem().Kind() == reflect.Struct
}

// blocksIn are the blocks in a list of them. Where a config takes such a list, its
// field's type is any.
func blocksIn(v reflect.Value) []reflect.Value {
	if v.Kind() == reflect.Interface {
		v = v.Elem()
	}
	var blocks []reflect.Value
	if v.Kind() == reflect.Slice {
		for i := range v.Len() {
			if isBlock(v.Index(i)) {
				blocks = append(blocks, v.Index(i))
			}
		}
	}
	return blocks
}

// attribute is a field's name in Terraform: that of its tag, httpTokens, with
// underscores.
func attribute(field reflect.StructField) string {
	var name strings.Builder
	for _, r := range field.Tag.Get("json") {
		if unicode.IsUpper(r) {
			name.WriteRune('_')
		}
		name.WriteRune(unicode.ToLower(r))
	}
	return name.String()
}
