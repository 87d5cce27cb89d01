// Command app is the app whose environment the tests deploy: the project's constructs,
// and a literal of its own that runs the guest book. What a deploy changes is in the file
// deploy.json.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/hashicorp/terraform-cdk-go/cdktf"

	"example.com/webserver-cluster/constructs"
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

func synthesize() error {
	defer fastjsii.Close()
	var d struct {
		Application constructs.Application
	}
	content, err := os.ReadFile("deploy.json")
	if err == nil {
		err = json.Unmarshal(content, &d)
	}
	settings, loadErr := project.Load(".")
	if err := errors.Join(err, loadErr); err != nil {
		return err
	}
	stage := stacks.Environment{
		Name:    "stage",
		Network: constructs.NetworkProps{CIDR: "10.10.0.0/16"},
		Cluster: constructs.WebserverClusterProps{
			AMI:         "ami-00000000000000001", // no newer one comes in the meantime
			MinSize:     2,
			MaxSize:     4,
			Application: &d.Application,
			// Here AWS's time runs fast, and the guest book's does not: this leaves it 24 s to
			// boot and 18 s for an answer.
			Warmup:      4 * time.Minute,
			IdleTimeout: 3 * time.Minute,
		},
		Database: &constructs.MySQLProps{
			BackupRetentionDays: 1, SkipFinalSnapshot: true, DeleteAutomatedBackups: true, ApplyImmediately: true,
		},
	}
	if err := stacks.Validate(settings, []stacks.Environment{stage}); err != nil {
		return err
	}
	fastjsii.Load()
	app := cdktf.NewApp(nil)
	stacks.NewEnvironment(app, settings, stage)
	constructs.Synthesize(app)
	return nil
}
