package constructs

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"unicode"

	"github.com/hashicorp/terraform-cdk-go/cdktf"
)

// Synthesize writes the app's stacks, as app.Synth does, and then has their blocks
// stand in the JSON as lists. CDKTF writes a block of which there can be only one as
// an object, which Terraform reads just as well; scanners cannot tell it from a map,
// and report that encryption or IMDSv2 is missing.
// https://developer.hashicorp.com/terraform/language/syntax/json#nested-block-mapping
//
// It panics where app.Synth does, and if a file cannot be written.
func Synthesize(app cdktf.App) {
	app.Synth()
	files, err := filepath.Glob(filepath.Join(*app.Outdir(), "stacks", "*", "cdk.tf.json"))
	for _, file := range files {
		if err == nil {
			err = listBlocks(file)
		}
	}
	if err != nil {
		panic(err)
	}
}

// blocks are the paths of the blocks that this package's resources have, such as
// "block_device_mappings.ebs", by the resource's type as Go packages spell it.
var blocks = map[string]map[string]bool{}

// noteBlocks notes the blocks in the config of a resource.
func noteBlocks(config any) {
	block := reflect.ValueOf(config).Elem()
	if strings.HasPrefix(block.Type().Name(), "DataAws") {
		return
	}
	paths := blocks[goPackage(block)]
	if paths == nil {
		paths = map[string]bool{}
		blocks[goPackage(block)] = paths
	}
	notePaths(paths, "", block)
}

func notePaths(paths map[string]bool, parent string, block reflect.Value) {
	for i := range block.NumField() {
		field, value := block.Type().Field(i), block.Field(i)
		path := parent + attribute(field)
		if field.Name == "Lifecycle" { // Terraform's own
			continue
		}
		if isBlock(value) { // not in an interface, where a pointer is CDKTF's: a provider, a token
			paths[path] = true
			notePaths(paths, path+".", value.Elem())
		}
		if value.Kind() == reflect.Interface {
			value = value.Elem()
		}
		if value.Kind() == reflect.Slice { // a list already, but perhaps not what is in it
			for i := range value.Len() {
				if isBlock(value.Index(i)) {
					notePaths(paths, path+".", value.Index(i).Elem())
				}
			}
		}
	}
}

func isBlock(v reflect.Value) bool {
	return v.Kind() == reflect.Pointer && v.Type().Elem().Kind() == reflect.Struct && !v.IsNil()
}

// goPackage is the package of a config's type: lbtargetgroup for aws_lb_target_group.
func goPackage(config reflect.Value) string {
	path := config.Type().PkgPath()
	return path[strings.LastIndexByte(path, '/')+1:]
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

// listBlocks rewrites a stack's JSON, whose keys CDKTF sorts, as Go does.
func listBlocks(file string) error {
	content, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var stack map[string]any
	decoder := json.NewDecoder(bytes.NewReader(content))
	decoder.UseNumber() // as it was written
	if err := decoder.Decode(&stack); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	resources, _ := stack["resource"].(map[string]any)
	for kind, named := range resources {
		paths := blocks[strings.ReplaceAll(strings.TrimPrefix(kind, "aws_"), "_", "")]
		for _, resource := range named.(map[string]any) {
			list(paths, "", resource)
		}
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(stack); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	return os.WriteFile(file, bytes.TrimSuffix(out.Bytes(), []byte("\n")), 0o644)
}

// list has the blocks at paths in value, a block or several, stand as lists.
func list(paths map[string]bool, parent string, value any) {
	switch value := value.(type) {
	case []any:
		for _, block := range value {
			list(paths, parent, block)
		}
	case map[string]any:
		for name, nested := range value {
			list(paths, parent+name+".", nested)
			if _, alone := nested.(map[string]any); alone && paths[parent+name] {
				value[name] = []any{nested}
			}
		}
	}
}
