package show

import (
	"fmt"
	"regexp"
	"strings"
	"sync"
	"time"
)

// silence is how long nothing may be said of a deploy: then it is said that it is
// still under way.
const silence = 15 * time.Second

// Deploy shows Terraform's progress in the output of cdktf or of make bootstrap. Of
// several stacks at once, cdktf prints the stack's name before the first line of a
// block only, which may be empty.
type Deploy struct {
	command string
	say     func(format string, args ...any)
	start   time.Time
	done    chan struct{}

	mu    sync.Mutex
	stack string
	made  map[string]int
	last  time.Time // when something was said
	doing string
}

// NewDeploy shows what a command, such as "cdktf deploy stage", does until Close.
func NewDeploy(command string) *Deploy {
	d := newDeploy(command, Say)
	go func() {
		for {
			select {
			case <-d.done:
				return
			case <-time.After(time.Second):
				d.breakSilence(time.Now())
			}
		}
	}()
	return d
}

func newDeploy(command string, say func(format string, args ...any)) *Deploy {
	now := time.Now()
	return &Deploy{command: command, say: say, start: now, last: now, doing: synthesizes, done: make(chan struct{}), made: map[string]int{}}
}

// Made is how many resources were made or changed in a stack.
func (d *Deploy) Made(stack string) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.made[stack]
}

// Close ends it.
func (d *Deploy) Close() { close(d.done) }

func (d *Deploy) breakSilence(now time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if now.Sub(d.last) >= silence {
		d.last = now
		d.say("           %s: %s, %v so far", d.command, d.doing, now.Sub(d.start).Round(time.Second))
	}
}

var (
	blockStart = regexp.MustCompile(`^([a-z][a-z0-9-]*)(?:  |$)`)
	progress   = regexp.MustCompile(`^\s*((?:aws|terraform)_\w+\.\w+): (Creating\.\.\.|Creation complete after |Modifications complete after |Destruction complete after |Still creating\.\.\. \[)(\w*)`)
	summary    = regexp.MustCompile(`^\s*(Apply complete! .*|No changes\..*|Plan: .*)`)
)

// synthesizes is what cdktf does first.
const synthesizes = "compiles and synthesizes"

// phases are what a line of cdktf's means for what is done next.
var phases = []struct{ line, doing string }{
	{"Initializing the backend", "terraform init"},
	{"Terraform has been successfully initialized", "terraform plan"},
	{"OpenTofu has been successfully initialized", "tofu plan"},
	{"Plan: ", "terraform apply"},
}

// next is what is done after a line of cdktf's, doing what was done before.
func next(doing, line string) string {
	for _, p := range phases {
		if strings.Contains(line, p.line) {
			doing = p.doing
		}
	}
	return doing
}

// waits are what takes long because the AWS provider waits by itself: it looks at a
// new resource after a time, some times over, whatever AWS answers; see
// docs/speed.md. Read in version 5.100's source, and measured.
var waits = map[string]string{
	"aws_s3_bucket_lifecycle_configuration": "the AWS provider reads the bucket's rules 10 times: 55 s",
	"aws_lb":                                "the AWS provider looks at the load balancer after 30 and 60 s",
	"aws_db_instance":                       "the AWS provider looks at the database after 60, 70 and 80 s",
}

// Line takes a line of the output.
func (d *Deploy) Line(line string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if match := blockStart.FindStringSubmatch(line); match != nil {
		d.stack = match[1]
		line = strings.TrimPrefix(line, match[0])
	}
	d.doing = next(d.doing, line)
	if match := progress.FindStringSubmatch(line); match != nil {
		d.resource(match[1], match[2], match[3])
	} else if match := summary.FindStringSubmatch(line); match != nil {
		d.tell("    %s", match[1])
	}
}

// halfMinute finds every half minute in Terraform's forms, 30s, 1m0s and 01m30s.
var halfMinute = regexp.MustCompile(`(^|m)(30|00?)s$`)

func (d *Deploy) resource(name, what, took string) {
	switch {
	case strings.HasPrefix(what, "Creating"):
		kind, _, _ := strings.Cut(name, ".")
		if wait, ok := waits[kind]; ok {
			d.tell("    %s", wait)
		}
	case !strings.HasPrefix(what, "Still"):
		d.made[d.stack]++
		d.tell("%3d %s, %s", d.made[d.stack], name, took)
	case halfMinute.MatchString(took):
		d.tell("    still creating %s, %s", name, took)
	}
}

func (d *Deploy) tell(format string, args ...any) {
	d.last = time.Now()
	d.say("%-6s %s", d.stack, fmt.Sprintf(format, args...))
}
