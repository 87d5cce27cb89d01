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
// well; scanners cannot tell it from a map, and report that encryption or IMDSv2 is
// missing.
// https://developer.hashicorp.com/terraform/language/syntax/json#nested-block-mapping
func listBlocks(resource cdktf.TerraformElement, config any) {
	block := reflect.ValueOf(config).Elem()
	if !strings.HasPrefix(block.Type().Name(), "DataAws") {
		overrideBlocks(resource, "", block)
	}
}

// overrideBlocks does so for the blocks in a block, which stands at path.
func overrideBlocks(resource cdktf.TerraformElement, path string, block reflect.Value) {
	for i := range block.NumField() {
		field, value := block.Type().Field(i), block.Field(i)
		switch path := path + attribute(field); {
		case field.Name == "Lifecycle": // Terraform's own
		case isBlock(value): // not in an interface, where a pointer is CDKTF's: a provider, a token
			resource.AddOverride(jsii.String(path), listed(value))
		case elem(value).Kind() == reflect.Slice: // a list already, but perhaps not what is in it
			for i, list := 0, elem(value); i < list.Len(); i++ {
				if isBlock(list.Index(i)) {
					overrideBlocks(resource, fmt.Sprintf("%s.%d.", path, i), list.Index(i).Elem())
				}
			}
		}
	}
}

// listed is a block, or several, as a list of what is in them.
func listed(blocks ...reflect.Value) []any {
	var list []any
	for _, block := range blocks {
		attributes := map[string]any{}
		for i := range block.Elem().NumField() {
			value := elem(block.Elem().Field(i))
			if !value.IsValid() || value.IsZero() {
				continue
			}
			name := attribute(block.Elem().Type().Field(i))
			switch attributes[name] = value.Interface(); {
			case isBlock(block.Elem().Field(i)):
				attributes[name] = listed(value)
			case value.Kind() == reflect.Slice && value.Len() > 0 && isBlock(value.Index(0)):
				var nested []reflect.Value
				for i := range value.Len() {
					nested = append(nested, value.Index(i))
				}
				attributes[name] = listed(nested...)
			}
		}
		list = append(list, attributes)
	}
	return list
}

// elem is what an interface holds: fields that take more than one type are one.
func elem(v reflect.Value) reflect.Value {
	if v.Kind() == reflect.Interface {
		return v.Elem()
	}
	return v
}

func isBlock(v reflect.Value) bool {
	return v.Kind() == reflect.Pointer && v.Type().Elem().Kind() == reflect.Struct && !v.IsNil()
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
