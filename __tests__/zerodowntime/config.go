package zerodowntime

import (
	"cmp"
	"fmt"
	"time"

	"example.com/webserver-cluster/constructs"
	"example.com/webserver-cluster/stacks"
	"example.com/webserver-cluster/tests/literal"
	"example.com/webserver-cluster/tests/localaws/clock"
	"example.com/webserver-cluster/tests/localaws/servers"
	"example.com/webserver-cluster/tests/workcopy"
)

// Images, by what they do. To AWS an image is no more than an id; images makes
// them what they are.
const (
	FirstImage = "ami-00000000000000001"
	NextImage  = "ami-00000000000000002"
	// PatientImage takes a minute of AWS time to boot, which the warm-up covers.
	PatientImage = "ami-00000000000000003"
	// DeadImage has lost its Python, so that the server never starts.
	DeadImage = "ami-000000000000000b1"
	// SlowImage takes ten minutes of AWS time to boot.
	SlowImage = "ami-000000000000000b2"
	// FailingImage has a Python whose servers answer everything with 500.
	FailingImage = "ami-000000000000000b3"
)

// images are the images by id. The boot script's server runs on the Python of the
// image; that of all these takes its time to answer slowPath.
func images(c *clock.Clock) map[string]servers.Image {
	slow := fmt.Sprintf(`import time
parse = handler.parse_request
def parse_slowly(self):
    parsed = parse(self)
    if parsed and self.path == %q:
        time.sleep(%v)
        self.path = "/"
    return parsed
handler.parse_request = parse_slowly
`, slowPath, c.Real(slowTime).Seconds())
	const failing = `respond = handler.send_response
handler.send_response = lambda self, code, message=None: respond(self, 500)
`
	return map[string]servers.Image{
		FirstImage:   {Script: customPython(slow)},
		NextImage:    {Script: customPython(slow)},
		PatientImage: {Script: customPython(slow), BootDelay: time.Minute},
		DeadImage:    {Script: "#!/bin/sh\nrm -f /usr/bin/python3\n"},
		SlowImage:    {Script: customPython(slow), BootDelay: 10 * time.Minute},
		FailingImage: {Script: customPython(failing)},
	}
}

// customPython is a script that has Python change its HTTP server's handler first.
func customPython(change string) string {
	return `#!/bin/sh
set -e
mkdir -p /opt/image
cat > /opt/image/sitecustomize.py <<'PYTHON'
from http.server import BaseHTTPRequestHandler as handler
` + change + `PYTHON
mv /usr/bin/python3 /usr/bin/python3.image
cat > /usr/bin/python3 <<'SHELL'
#!/bin/sh
PYTHONPATH=/opt/image exec /usr/bin/python3.image "$@"
SHELL
chmod 755 /usr/bin/python3
`
}

// capacity is stage's MinSize, and what its group wants unless a scenario
// changes that.
const capacity = 2

// Schedule is the name of a scheduled action that stage has here; it wants
// ScheduledCapacity instances. It fires when a scenario says so.
const (
	Schedule          = "rush-hour"
	ScheduledCapacity = 4
)

// Config is what a deploy changes of stage.
type Config struct {
	Image      string
	ServerText string // a line on the page; default page
	Spot       *constructs.Spot
	// What running servers cannot change.
	HealthCheckPath string
	ServerPort      int
	// Overrides are values by their path in the stack's JSON.
	Overrides map[string]any
}

// write has p be an app whose stage is small, and has this configuration.
func (c Config) write(p *workcopy.Copy) error {
	return literal.Literal{Overrides: c.Overrides, Environment: stacks.Environment{
		Name:    "stage",
		Network: constructs.NetworkProps{CIDR: "10.10.0.0/16"},
		Cluster: constructs.WebserverClusterProps{
			AMI:        c.Image,
			MinSize:    capacity,
			MaxSize:    4,
			ServerText: cmp.Or(c.ServerText, page),
			Spot:       c.Spot,

			HealthCheckPath: c.HealthCheckPath,
			ServerPort:      c.ServerPort,

			Schedules: []constructs.Schedule{{Name: Schedule, Recurrence: "0 0 1 1 *", DesiredCapacity: ScheduledCapacity}},
		},
		Database: &constructs.MySQLProps{
			InstanceClass:          "db.t4g.micro",
			BackupRetentionDays:    1,
			SkipFinalSnapshot:      true,
			DeleteAutomatedBackups: true,
		},
	}}.Write(p.Dir)
}
