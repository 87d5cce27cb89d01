package zerodowntime

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"example.com/webserver-cluster/constructs"
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

// Schedule is the name of a scheduled action that stage has here; it wants
// ScheduledCapacity instances. It fires when a scenario says so.
const (
	Schedule          = "rush-hour"
	ScheduledCapacity = 4
)

// Config is what a deploy changes of the app in the folder app.
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

// app is the source of the app.
//
//go:embed app/main.go
var app []byte

// write has p hold the app with this configuration.
func (c Config) write(p *workcopy.Copy) error {
	if c.ServerText == "" {
		c.ServerText = page
	}
	content, err := json.Marshal(struct {
		Config
		Schedule constructs.Schedule
	}{c, constructs.Schedule{Name: Schedule, Recurrence: "0 0 1 1 *", DesiredCapacity: ScheduledCapacity}})
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(p.Dir, "deploy.json"), content, 0o644); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(p.Dir, "main.go"), app, 0o644)
}
