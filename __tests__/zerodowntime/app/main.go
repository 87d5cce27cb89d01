// Command app is the app whose environment the scenarios deploy: the project's constructs,
// and a literal of its own. What a deploy changes is in the file deploy.json.
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

// deploy is what stands in deploy.json.
type deploy struct {
	Image      string
	ServerText string
	Spot       *constructs.Spot
	// What running servers cannot change. Zero: the default.
	HealthCheckPath string
	ServerPort      int
	Schedule        constructs.Schedule
	// Overrides are values by their path in the stack's JSON: the way out for what
	// Validate refuses.
	Overrides map[string]any
}

func main() {
	if err := synthesize(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func synthesize() error {
	defer fastjsii.Close()
	var d deploy
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
			AMI:        d.Image,
			MinSize:    2,
			MaxSize:    4,
			ServerText: d.ServerText,
			Spot:       d.Spot,

			HealthCheckPath: d.HealthCheckPath,
			ServerPort:      d.ServerPort,

			Schedules: []constructs.Schedule{d.Schedule},
		},
		Database: &constructs.MySQLProps{
			InstanceClass:          "db.t4g.micro",
			BackupRetentionDays:    1,
			SkipFinalSnapshot:      true,
			DeleteAutomatedBackups: true,
		},
	}
	if err := stacks.Validate(settings, []stacks.Environment{stage}); err != nil {
		return err
	}
	fastjsii.Load()
	app := cdktf.NewApp(nil)
	stack := stacks.NewEnvironment(app, settings, stage)
	for _, path := range slices.Sorted(maps.Keys(d.Overrides)) {
		stack.AddOverride(jsii.String(path), d.Overrides[path])
	}
	constructs.Synthesize(app)
	return nil
}
