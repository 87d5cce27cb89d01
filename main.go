// The app: one stack for the state store, one for each environment.
package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"runtime"

	"github.com/hashicorp/terraform-cdk-go/cdktf"

	"example.com/webserver-cluster/constructs"
	"example.com/webserver-cluster/internal/environ"
	"example.com/webserver-cluster/internal/fastjsii"
	"example.com/webserver-cluster/internal/project"
	"example.com/webserver-cluster/stacks"
)

func main() {
	if err := synthesize(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func synthesize() (err error) {
	defer fastjsii.Close()
	environments := stacks.Environments()
	settings, err := project.Load(".")
	outputFolder := cmp.Or(os.Getenv("CDKTF_OUTDIR"), "cdktf.out") // as cdktf.NewApp takes it
	if err := errors.Join(environ.Check(os.Environ(), outputFolder), err, stacks.Validate(settings, environments)); err != nil {
		return err
	}

	// jsii reports every failure by a panic; a user gets its message. A programming
	// error keeps its stack.
	defer func() {
		failure := recover()
		if bug, ok := failure.(runtime.Error); ok {
			panic(bug)
		}
		if failure != nil {
			err = fmt.Errorf("synthesizing: %v", failure)
		}
	}()
	fastjsii.Load()
	app := cdktf.NewApp(nil)
	stacks.NewStateStack(app, settings, environments)
	for _, environment := range environments {
		stacks.NewEnvironment(app, settings, environment)
	}
	constructs.Synthesize(app)
	return nil
}
