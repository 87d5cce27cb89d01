// Command app is the app whose environments the changes are made in: the project's
// constructs, and the literal in the file that its argument names.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"

	"github.com/aws/jsii-runtime-go"
	"github.com/hashicorp/terraform-cdk-go/cdktf"

	"example.com/webserver-cluster/constructs"
	"example.com/webserver-cluster/internal/fastjsii"
	"example.com/webserver-cluster/internal/project"
	"example.com/webserver-cluster/stacks"
)

func main() {
	if err := synthesize(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func synthesize(file string) error {
	defer fastjsii.Close()
	var config struct {
		Environment stacks.Environment
		Overrides   map[string]any // values by their path in the stack's JSON
	}
	content, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(content, &config)
	}
	settings, loadErr := project.Load(".")
	if err := errors.Join(err, loadErr); err != nil {
		return err
	}
	if err := stacks.Validate(settings, []stacks.Environment{config.Environment}); err != nil {
		return err
	}
	fastjsii.Load()
	app := cdktf.NewApp(nil)
	stack := stacks.NewEnvironment(app, settings, config.Environment)
	for _, path := range slices.Sorted(maps.Keys(config.Overrides)) {
		stack.AddOverride(jsii.String(path), config.Overrides[path])
	}
	constructs.Synthesize(app)
	return nil
}
