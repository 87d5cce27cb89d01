// Package provider keeps a process of the AWS provider running for one Terraform
// after the other.
//
// Terraform starts the provider anew for the schema, the validation, the plan and the
// apply, and ends it each time; most of what a small deploy costs is those starts: a plan
// takes 3.5 s of CPU with them, and 1.6 s with a process that is there already. It is
// Terraform's own way for the debugging of providers,
// https://developer.hashicorp.com/terraform/plugin/debugging, and nothing but the start
// differs: the same program answers the same calls.
//
// The process has the settings of the Terraform that came last. So it is for commands
// that follow each other, or have the same provider block. Nor is it for a Terraform
// that is killed: what it had asked for would still be done. What Terraform finds
// running it neither installs nor locks: an init with Environ proves nothing of those.
// And the project's app and its command state refuse the variable, so that no user
// deploys with what somebody debugs.
package provider

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"sync"
	"time"

	"example.com/webserver-cluster/tests/localaws/supervise"
)

// LessGC is a variable of the environment for any Terraform here. To build the
// schema of a thousand resources, the provider fills some 400 MB at its start, and
// spends a quarter of its time on looking through them for garbage.
const LessGC = "GOGC=400"

// startTimeout bounds the start of the process, which takes half a second on an idle
// machine.
const startTimeout = time.Minute

// Process is a running provider.
type Process struct {
	reattach string
	stop     func()
}

// Start starts the provider that an init has installed in a stack's folder. The endpoint
// and the credentials are those of env, whatever Terraform's own environment says.
func Start(dir string, env []string) (*Process, error) {
	const installed = ".terraform/providers/*/hashicorp/aws/*/*/terraform-provider-aws*"
	programs, err := filepath.Glob(filepath.Join(dir, installed))
	if err != nil || len(programs) != 1 {
		return nil, fmt.Errorf("the AWS provider that an init has installed in %s: found %d of them in %s", dir, len(programs), installed)
	}
	program, err := filepath.Abs(programs[0])
	if err != nil {
		return nil, err
	}
	temp, err := os.MkdirTemp("", "provider") // for its socket
	if err != nil {
		return nil, err
	}
	cmd := supervise.Command(program, "-debug")
	cmd.Env = append(slices.Clone(env), LessGC, "TMPDIR="+temp,
		// Configured for the second time, it takes its HTTP client from the first time,
		// and cannot give that the certificates: "has no WithTransportOptions". The local
		// AWS has none.
		"AWS_CA_BUNDLE=",
	)
	cmd.Dir = dir // for files that the stack names, as it would have it of Terraform
	output, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	_, end, err := supervise.Start(cmd)
	if err != nil {
		return nil, err
	}
	p := &Process{stop: sync.OnceFunc(func() { end(); os.RemoveAll(temp) })}
	timeout := time.AfterFunc(startTimeout, p.stop)
	defer timeout.Stop()
	if p.reattach, err = attachable(output); err != nil {
		p.stop()
		return nil, fmt.Errorf("start %s: %w", program, err)
	}
	return p, nil
}

// Environ is what a Terraform needs in its environment to use the process.
func (p *Process) Environ() []string {
	return []string{"TF_REATTACH_PROVIDERS=" + p.reattach, LessGC}
}

// Stop ends the process. It ends with this one, too, however that ends.
func (p *Process) Stop() { p.stop() }

var attach = regexp.MustCompile(`TF_REATTACH_PROVIDERS='(.*)'`)

// attachable reads where the provider can be reached, for Terraform and for
// OpenTofu, which call it after their registries. All else that it prints is dropped.
func attachable(output io.Reader) (string, error) {
	lines := bufio.NewScanner(output)
	for lines.Scan() {
		m := attach.FindSubmatch(lines.Bytes())
		if m == nil {
			continue
		}
		go io.Copy(io.Discard, output)
		var where map[string]json.RawMessage
		if err := json.Unmarshal(m[1], &where); err != nil {
			return "", err
		}
		const terraforms, tofus = "registry.terraform.io/hashicorp/aws", "registry.opentofu.org/hashicorp/aws"
		where[tofus] = where[terraforms]
		encoded, err := json.Marshal(where)
		return string(encoded), err
	}
	return "", errors.Join(errors.New("it did not say how to attach to it"), lines.Err())
}
