// The app: one stack for the state store, one for each environment.
package main

import (
	"fmt"
	"os"

	"example.com/webserver-cluster/internal/fastjsii"
	"example.com/webserver-cluster/internal/settings"
	"example.com/webserver-cluster/stacks"
	"github.com/hashicorp/terraform-cdk-go/cdktf"
)

func main() {
	if err := synthesize(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func synthesize() (err error) {
	defer fastjsii.Close()
	settings, err := settings.Load(".")
	if err != nil {
		return err
	}
	environments := stacks.Environments()
	if err := stacks.Validate(settings, environments); err != nil {
		return err
	}

	// jsii reports every failure by a panic; a user gets its message.
	defer func() {
		if failure := recover(); failure != nil {
			err = fmt.Errorf("synthesizing: %v", failure)
		}
	}()
	fastjsii.Load()
	app := cdktf.NewApp(nil)
	stacks.NewStateStack(app, settings)
	for _, environment := range environments {
		stacks.NewEnvironment(app, settings, environment)
	}
	app.Synth()
	return nil
}
