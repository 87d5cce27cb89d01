package felt

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"example.com/webserver-cluster/internal/outdir"
	"example.com/webserver-cluster/tests/provider"
	"example.com/webserver-cluster/tests/workcopy"
	"example.com/webserver-cluster/tests/zerodowntime"
)

// Env is an environment that is deployed. Its methods are not to be called at the same
// time; those of different environments may be.
type Env struct {
	// Outputs are the stack's outputs after the last change, by name.
	Outputs map[string]string

	world    *World
	name     string
	commands workcopy.Copy // with the environment's own variables
	output   string        // output folder of the app
	stack    string        // folder in which Terraform runs
	config   Config        // as last synthesized
	deployed []byte        // the stack's JSON as last applied
	backend  string        // that the last init has seen
	changes  int           // counts Apply
	provider *provider.Process
	users    zerodowntime.Stage

	mu       sync.Mutex
	prefixes []string // the names that its groups begin with
}

// Deploy deploys an environment for the first time, which takes two minutes.
func (w *World) Deploy(ctx context.Context, c Config) (_ *Env, err error) {
	name := c.Environment.Name
	e := &Env{world: w, name: name, output: filepath.Join(w.copy.Dir, "out", name)}
	e.stack = outdir.Stack(e.output, name)
	e.commands = workcopy.Copy{Dir: w.copy.Dir, Env: append(slices.Clone(w.copy.Env), "CDKTF_OUTDIR="+e.output)}
	if err := os.MkdirAll(e.output, 0o755); err != nil { // jsii makes no more than its last folder
		return nil, err
	}
	w.mu.Lock()
	w.envs = append(w.envs, e)
	w.mu.Unlock()
	w.log("%s: deploying for the first time", name)
	if err := e.synthesize(ctx, c); err != nil {
		return nil, err
	}
	if output, err := e.terraform(ctx, "apply", "-auto-approve"); err != nil {
		return nil, fmt.Errorf("%s: %w\n%s", name, err, output)
	}
	if e.deployed, err = e.synthesized(); err != nil {
		return nil, err
	}
	if err := e.readOutputs(ctx); err != nil {
		return nil, err
	}
	return e, e.mark(ctx)
}

// stop ends what runs for the environment.
func (e *Env) stop() {
	if e.provider != nil {
		e.provider.Stop()
	}
}

// owns tells whether a group is this environment's.
func (e *Env) owns(group string) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.ContainsFunc(e.prefixes, func(p string) bool { return strings.HasPrefix(group, p) })
}

// synthesize has the stack's folder hold the configuration, ready for a plan.
func (e *Env) synthesize(ctx context.Context, c Config) error {
	e.config = c
	e.mu.Lock()
	e.prefixes = append(e.prefixes, c.prefix(e.world.settings))
	e.mu.Unlock()
	file := filepath.Join(e.world.dir, e.name+".json")
	if err := c.WriteFile(file); err != nil {
		return err
	}
	settings, err := c.context(e.world.settings)
	if err != nil {
		return err
	}
	cmd := e.commands.Command(ctx, e.world.app, file)
	cmd.Env = append(slices.Clone(cmd.Env), "CDKTF_CONTEXT_JSON="+settings)
	if output, err := workcopy.Run(cmd, nil); err != nil {
		return fmt.Errorf("%s: synthesizing: %w\n%s", e.name, err, output)
	}
	return e.init(ctx)
}

// init makes the stack's folder ready for Terraform where it is not: a backend that has
// changed wants another init.
func (e *Env) init(ctx context.Context) error {
	content, err := e.synthesized()
	if err != nil {
		return err
	}
	var stack struct{ Terraform json.RawMessage }
	if err := json.Unmarshal(content, &stack); err != nil {
		return err
	}
	if string(stack.Terraform) == e.backend {
		return nil
	}
	if output, err := e.terraform(ctx, "init", "-reconfigure"); err != nil {
		return fmt.Errorf("%s: %w\n%s", e.name, err, output)
	}
	e.backend = string(stack.Terraform)
	if e.provider != nil {
		return nil
	}
	if e.provider, err = provider.Start(e.stack, e.commands.Env); err != nil {
		return err
	}
	e.commands.Env = append(e.commands.Env, e.provider.Environ()...)
	return nil
}

// synthesized is the stack's JSON as it lies in its folder.
func (e *Env) synthesized() ([]byte, error) {
	return os.ReadFile(filepath.Join(e.stack, "cdk.tf.json"))
}

// terraform runs Terraform in the stack's folder and returns what it printed.
func (e *Env) terraform(ctx context.Context, command string, args ...string) (string, error) {
	args = append([]string{"-chdir=" + e.stack, command, "-input=false", "-no-color"}, args...)
	return workcopy.Run(e.commands.Command(ctx, "terraform", args...), nil)
}

// json runs a command of Terraform's that prints JSON.
func (e *Env) json(ctx context.Context, command string, args ...string) ([]byte, error) {
	cmd := e.commands.Command(ctx, "terraform", append([]string{"-chdir=" + e.stack, command, "-json"}, args...)...)
	var failure bytes.Buffer
	cmd.Stderr = &failure
	content, err := cmd.Output()
	if err != nil {
		err = fmt.Errorf("%s: terraform %s: %w\n%s", e.name, command, err, failure.Bytes())
	}
	return content, err
}

// readOutputs reads where the environment is now.
func (e *Env) readOutputs(ctx context.Context) error {
	content, err := e.json(ctx, "output")
	if err != nil {
		return err
	}
	var outputs map[string]struct{ Value any }
	if err := json.Unmarshal(content, &outputs); err != nil {
		return err
	}
	e.Outputs = map[string]string{}
	for name, output := range outputs {
		e.Outputs[name] = fmt.Sprint(output.Value)
	}
	scheme, address := "http", e.Outputs["load_balancer_dns_name"]
	host := e.config.Host
	if domain := e.config.Environment.Cluster.Domain; domain != nil {
		scheme, host = "https", cmp.Or(host, domain.Name)
	}
	e.users.Attach(e.world.Cloud, scheme+"://"+cmp.Or(host, address), cmp.Or(e.config.Page, page), usersOneOf)
	e.users.Follow(e.Outputs["autoscaling_group_name"])
	if host != "" {
		e.users.Resolve(host, address)
	}
	return nil
}

// usersOneOf makes the load of package zerodowntime a fourth: several environments have
// users at the same time.
const usersOneOf = 4
