// Command app is what the benchmark measures. With the argument 0 it
// synthesizes what the project's own app does, and with any other number as
// many environments, all made from one literal.
package main

import (
	"fmt"
	"os"
	"strconv"

	"github.com/hashicorp/terraform-cdk-go/cdktf"

	"example.com/webserver-cluster/constructs"
	"example.com/webserver-cluster/internal/fastjsii"
	"example.com/webserver-cluster/internal/project"
	"example.com/webserver-cluster/stacks"
)

func main() {
	defer fastjsii.Close()
	if err := synthesize(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func synthesize(number string) error {
	n, err := strconv.Atoi(number)
	if err != nil {
		return err
	}
	settings, err := project.Load(".")
	if err != nil {
		return err
	}
	environments := stacks.Environments()
	if n > 0 {
		environments = nil
		for i := range n {
			environment := stacks.Stage
			environment.Name = "e" + strconv.Itoa(i)
			environment.Network.CIDR = fmt.Sprintf("10.%d.0.0/16", i)
			environments = append(environments, environment)
		}
	}
	if err := stacks.Validate(settings, environments); err != nil {
		return err
	}
	fastjsii.Load()
	app := cdktf.NewApp(nil)
	if n == 0 {
		stacks.NewStateStack(app, settings, environments)
	}
	for _, environment := range environments {
		stacks.NewEnvironment(app, settings, environment)
	}
	constructs.Synthesize(app)
	return nil
}
