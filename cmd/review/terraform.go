package main

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"example.com/webserver-cluster/internal/outdir"
	"example.com/webserver-cluster/internal/project"
)

// planned is what Terraform planned for a stack, or why it refused to, or could not.
type planned struct {
	json    []byte // as "show -json" prints it
	refused []string
	by      string // its version, where it refused
	failed  error
}

// tool is the Terraform or OpenTofu that cdktf would call.
func tool() string { return cmp.Or(os.Getenv(project.BinaryVariable), "terraform") }

func (w *work) terraform(folder string, arguments ...string) *exec.Cmd {
	return w.command(folder, []string{"CHECKPOINT_DISABLE=1", "TF_IN_AUTOMATION=1"}, tool(), arguments...)
}

// plan has Terraform plan a stack of the working tree, in the folder of what was
// synthesized: the project's own is left alone. It takes no lock, since nothing is
// going to be written.
func (w *work) plan(after *synthesis, stack string) (planned, error) {
	folder := outdir.Stack(after.outdir, stack)
	if err := w.initialize(folder, stack); err != nil {
		return planned{}, err
	}
	const file = "review.plan"
	output, failure := w.terraform(folder, "plan", "-input=false", "-lock=false", "-json", "-out="+file).Output()
	said := read(output)
	if failure == nil {
		content, err := w.show(folder, file)
		return planned{json: content}, err
	}
	if w.ctx.Err() != nil {
		return planned{}, w.ctx.Err()
	}
	if refused, is := said.refused(); is {
		return planned{refused: refused, by: said.version}, nil
	}
	first := firstError(failure)
	if texts := said.texts(); len(texts) > 0 {
		first = texts[0]
	}
	return planned{}, fmt.Errorf("%s: %s plan: %s", stack, filepath.Base(tool()), first)
}

// noAccess is what AWS, the AWS provider and Go's network say where the code is not to blame:
// whoever reviews has no credentials, may not do it, or reaches nobody.
// https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html
// https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
var noAccess = regexp.MustCompile(`(?i)credential|access ?denied|not authorized|unauthorized|forbidden|StatusCode: 40[13]|status code: 40[13]|` +
	`ExpiredToken|token .*expired|InvalidClientTokenId|UnrecognizedClient|SignatureDoesNotMatch|assume role|AssumeRole|shared config profile|` +
	`dial tcp|no such host|connection (refused|reset)|i/o timeout|TLS handshake|could not connect to|StatusCode: 50[0-9]|RequestTimeout|Throttling`)

func (w *work) initialize(folder, stack string, more ...string) error {
	output, err := w.terraform(folder, append([]string{"init", "-input=false", "-no-color"}, more...)...).Output()
	if errors.Is(err, exec.ErrNotFound) {
		return fmt.Errorf("%s is not on the PATH: install Terraform or OpenTofu 1.10 or newer (%s names another program)", tool(), project.BinaryVariable)
	}
	if err != nil {
		return fmt.Errorf("%s: %s init: %s", stack, filepath.Base(tool()), cmp.Or(errorLine(string(output)), firstError(err)))
	}
	return nil
}

// show turns a plan into JSON, in a folder that Terraform has been initialized in.
func (w *work) show(folder, file string) ([]byte, error) {
	content, err := w.terraform(folder, "show", "-no-color", "-json", file).Output()
	if err != nil {
		return nil, fmt.Errorf("%s show: %s", filepath.Base(tool()), firstError(err))
	}
	return content, nil
}

// messages are those of a command with -json.
// https://developer.hashicorp.com/terraform/internals/machine-readable-ui
type messages struct {
	version string
	errors  []diagnostic
}

type diagnostic struct {
	Severity string `json:"severity"`
	Summary  string `json:"summary"`
	Detail   string `json:"detail"`
	Address  string `json:"address"`
}

func read(output []byte) messages {
	var m messages
	lines := bufio.NewScanner(bytes.NewReader(output))
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		var message struct {
			Terraform  string     `json:"terraform"`
			Tofu       string     `json:"tofu"`
			Diagnostic diagnostic `json:"diagnostic"`
		}
		if json.Unmarshal(lines.Bytes(), &message) != nil {
			continue // a warning that is no message, before the first one
		}
		m.version = cmp.Or(m.version, message.Terraform, message.Tofu)
		if message.Diagnostic.Severity == "error" {
			m.errors = append(m.errors, message.Diagnostic)
		}
	}
	return m
}

// refusals are the errors by which Terraform, and OpenTofu, refuse a plan for what the
// code says. Whatever else fails is no verdict on the change: credentials, the network.
// https://github.com/hashicorp/terraform/blob/v1.11.4/internal/terraform/eval_conditions.go
// https://github.com/hashicorp/terraform/blob/v1.11.4/internal/terraform/node_resource_abstract_instance.go
var refusals = []string{"Resource precondition failed", "Resource postcondition failed", "Instance cannot be destroyed"}

// refused are the reasons, if each error is one.
func (m messages) refused() ([]string, bool) {
	for _, e := range m.errors {
		if !slices.Contains(refusals, e.Summary) {
			return nil, false
		}
	}
	return m.texts(), len(m.errors) > 0
}

// texts are the errors, each in one line.
func (m messages) texts() []string {
	var all []string
	for _, e := range m.errors {
		text := e.Summary + ": " + strings.Join(strings.Fields(e.Detail), " ")
		if e.Address != "" {
			text = e.Address + ": " + text
		}
		all = append(all, text)
	}
	return all
}

// firstError is what a command that failed said first on its standard error.
func firstError(err error) string {
	var exit *exec.ExitError
	if errors.As(err, &exit) && len(exit.Stderr) > 0 {
		return cmp.Or(errorLine(string(exit.Stderr)), err.Error())
	}
	return err.Error()
}

// errorLine is the first error among what Terraform says to people, in one line: it
// frames each, and has its details behind an empty line.
func errorLine(output string) string {
	var words []string
	inside := false
	for _, line := range strings.Split(output, "\n") {
		line = strings.TrimSpace(strings.TrimLeft(line, "│╷╵ "))
		switch {
		case strings.HasPrefix(line, "Error: ") && inside, inside && strings.HasPrefix(line, "Warning: "):
			return strings.Join(words, " ")
		case strings.HasPrefix(line, "Error: "):
			inside = true
			words = append(words, strings.TrimSuffix(strings.TrimPrefix(line, "Error: "), ":")+":")
		case inside && line != "":
			words = append(words, line)
		}
	}
	return strings.Join(words, " ")
}
