// Command app is an app with one environment, whose literal is in a file: its first
// argument, environment.json without one. See package literal.
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
	file := "environment.json"
	if len(os.Args) > 1 {
		file = os.Args[1]
	}
	if err := synthesize(file); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func synthesize(file string) error {
	defer fastjsii.Close()
	var literal struct {
		Environment stacks.Environment
		Overrides   map[string]any
	}
	content, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(content, &literal)
	}
	settings, loadErr := project.Load(".")
	if err := errors.Join(err, loadErr); err != nil {
		return err
	}
	if err := stacks.Validate(settings, []stacks.Environment{literal.Environment}); err != nil {
		return err
	}
	fastjsii.Load()
	app := cdktf.NewApp(nil)
	stack := stacks.NewEnvironment(app, settings, literal.Environment)
	for _, path := range slices.Sorted(maps.Keys(literal.Overrides)) {
		stack.AddOverride(jsii.String(path), literal.Overrides[path])
	}
	constructs.Synthesize(app)
	return nil
}
