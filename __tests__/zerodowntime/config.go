package zerodowntime

import (
	"fmt"
	"time"

	"example.com/webserver-cluster/tests/localaws/servers"
)

// Images, by what they do. To AWS an image is no more than an id; Bad ones are
// made bad by Start.
const (
	FirstImage = "ami-00000000000000001"
	NextImage  = "ami-00000000000000002"
	// PatientImage takes a minute of AWS time to boot, which the warm-up covers.
	PatientImage = "ami-00000000000000003"
	// DeadImage has lost its Python, so that the server never starts.
	DeadImage = "ami-000000000000000b1"
	// SlowImage takes ten minutes of AWS time to boot.
	SlowImage = "ami-000000000000000b2"
)

var images = map[string]servers.Image{
	PatientImage: {BootDelay: time.Minute},
	DeadImage:    {Script: "#!/bin/sh\nrm -f /usr/bin/python3\n"},
	SlowImage:    {BootDelay: 10 * time.Minute},
}

// Config is what of stage a deploy changes.
type Config struct {
	Image string
	Edits []Edit
}

// Edit replaces a text in a file of the project, which has to hold it once.
type Edit struct{ File, Old, New string }

// Schedule is the name of a scheduled action that stage has here; it wants
// ScheduledCapacity instances. It fires when a scenario says so.
const (
	Schedule          = "rush-hour"
	ScheduledCapacity = 4
)

// cluster is where the cluster's literal starts, in stacks/stage.go.
const cluster = "Cluster: constructs.WebserverClusterProps{"

// baseEdits are in every configuration.
func (s *Stage) baseEdits(image string) []Edit {
	const ifRoot = `        if path == "/":` + "\n"
	return []Edit{
		{"stacks/stage.go", cluster, cluster + fmt.Sprintf(`
		AMI: %q,
		Schedules: []constructs.Schedule{
			{Name: %q, Recurrence: "0 0 1 1 *", DesiredCapacity: %d},
		},`, image, Schedule, ScheduledCapacity)},
		// Answers that take long, in the words of the server's own.
		{"constructs/boot_script.sh", "import http.server\n", "import http.server\nimport time\n"},
		{"constructs/boot_script.sh", ifRoot, fmt.Sprintf("        if path == %q:\n            time.sleep(%v)\n            path = \"/\"\n",
			slowPath, s.Cloud.Clock.Real(slowTime).Seconds()) + ifRoot},
		// rollout looks as often as it would on AWS.
		{"constructs/rollout.go", `"go run ./cmd/rollout",`, fmt.Sprintf(`"go run ./cmd/rollout --poll %v",`, s.Cloud.Clock.Real(5*time.Second))},
	}
}
