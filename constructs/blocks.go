package constructs

import (
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
	for i := range v.NumField() {
		field := v.Type().Field(i)
		if strings.HasPrefix(v.Type().Name(), "DataAws") || field.Name == "Lifecycle" { // Terraform's own
			continue
		}
		if value, found := listed(v.Field(i)); found {
			resource.AddOverride(jsii.String(attribute(field)), value)
		}
	}
}

// listed is a value of a config as Terraform takes it, each block a list, and
// whether there is a block in it that CDKTF would write as an object.
func listed(v reflect.Value) (value any, found bool) {
	if v.Kind() == reflect.Interface {
		v = v.Elem()
	}
	switch {
	case !v.IsValid() || v.Kind() == reflect.Pointer && v.IsNil():
		return nil, false
	case isBlock(v):
		block, _ := listedBlock(v)
		return []any{block}, true
	case v.Kind() == reflect.Slice:
		var list []any
		for i := range v.Len() {
			element := v.Index(i)
			if !isBlock(element) {
				return v.Interface(), false
			}
			block, nested := listedBlock(element)
			list, found = append(list, block), found || nested
		}
		return list, found
	}
	return v.Interface(), false
}

func isBlock(v reflect.Value) bool {
	return v.Kind() == reflect.Pointer && v.Elem().Kind() == reflect.Struct
}

// listedBlock is a block's attributes and the blocks in it, and whether there are
// any of the latter.
func listedBlock(v reflect.Value) (block map[string]any, nested bool) {
	block = map[string]any{}
	v = v.Elem()
	for i := range v.NumField() {
		if v.Field(i).IsZero() {
			continue
		}
		value, found := listed(v.Field(i))
		block[attribute(v.Type().Field(i))], nested = value, nested || found
	}
	return block, nested
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
