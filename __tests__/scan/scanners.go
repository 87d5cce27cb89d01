package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// scan is where the scanners and what they look at lie.
type scan struct{ bin, dir string }

// install builds the scanners in the versions that tools/go.mod has.
func (s scan) install(root string) error {
	cmd := exec.Command("go", "build", "-o", s.bin+string(filepath.Separator), "tool")
	cmd.Dir = filepath.Join(root, "__tests__", "scan", "tools")
	if output, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build the scanners: %w\n%s", err, output)
	}
	return nil
}

// synthesize returns the Terraform JSON of the app's stacks, by name.
func (s scan) synthesize(root string) (map[string][]byte, error) {
	out := filepath.Join(filepath.Dir(s.dir), "synthesized")
	if err := errors.Join(os.RemoveAll(out), os.RemoveAll(s.dir)); err != nil {
		return nil, err
	}
	cmd := exec.Command("go", "run", ".")
	cmd.Dir, cmd.Env = root, append(os.Environ(), "CDKTF_OUTDIR="+out)
	if output, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("synthesize: %w\n%s", err, output)
	}
	files, err := filepath.Glob(filepath.Join(out, "stacks", "*", "cdk.tf.json"))
	if err != nil || len(files) == 0 {
		return nil, errors.Join(err, errors.New("nothing was synthesized"))
	}
	stacks := map[string][]byte{}
	for _, file := range files {
		if stacks[filepath.Base(filepath.Dir(file))], err = os.ReadFile(file); err != nil {
			return nil, err
		}
	}
	return stacks, nil
}

// look returns what the scanners find in a stack.
func (s scan) look(name string, stack []byte) ([]finding, error) {
	security, err := s.tfsec(name, stack)
	if err != nil {
		return nil, err
	}
	lint, err := s.tflint(name, stack)
	return append(security, lint...), err
}

func (s scan) tfsec(name string, stack []byte) ([]finding, error) {
	text, err := toHCL(stack)
	if err != nil {
		return nil, err
	}
	dir := filepath.Join(s.dir, name, "tfsec")
	if err := write(dir, "main.tf", []byte(text)); err != nil {
		return nil, err
	}
	cmd := exec.Command(filepath.Join(s.bin, "tfsec"), dir, "--format", "json", "--soft-fail", "--minimum-severity", "MEDIUM", "--no-color")
	var answer struct {
		Results []struct {
			Rule        string `json:"long_id"`
			Resource    string `json:"resource"`
			Severity    string `json:"severity"`
			Description string `json:"description"`
			Links       []string
		}
	}
	if err := answerOf(cmd, &answer); err != nil {
		return nil, err
	}
	var list []finding
	for _, r := range answer.Results {
		// Some name the attribute behind the resource.
		words := strings.Split(r.Resource, ".")
		n := 2
		if words[0] == "data" {
			n = 3
		}
		address := strings.Join(words[:min(n, len(words))], ".")
		list = append(list, finding{name, r.Rule, address, strings.ToLower(r.Severity), r.Description, r.Links[0]})
	}
	return list, nil
}

func (s scan) tflint(name string, stack []byte) ([]finding, error) {
	dir := filepath.Join(s.dir, name, "tflint")
	err := write(dir, "main.tf.json", stack)
	if err == nil {
		err = write(dir, ".tflint.hcl", []byte("plugin \"aws\" {\n  enabled = true\n}\n"))
	}
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(filepath.Join(s.bin, "tflint"), "--chdir", dir, "--format", "json", "--force")
	cmd.Env = append(os.Environ(), "TFLINT_PLUGIN_DIR="+s.bin)
	var answer struct {
		Issues []struct {
			Rule    struct{ Name, Severity, Link string }
			Message string
			Range   struct{ Start struct{ Line int } }
		}
		Errors []struct{ Message string }
	}
	if err := answerOf(cmd, &answer); err != nil {
		return nil, err
	}
	if len(answer.Errors) > 0 {
		return nil, fmt.Errorf("tflint in %s: %s", name, answer.Errors[0].Message)
	}
	var list []finding
	for _, i := range answer.Issues {
		list = append(list, finding{name, i.Rule.Name, fmt.Sprintf("line-%d", i.Range.Start.Line), i.Rule.Severity, i.Message, i.Rule.Link})
	}
	return list, nil
}

// answerOf runs a scanner and reads its answer.
func answerOf(cmd *exec.Cmd, answer any) error {
	var said bytes.Buffer
	cmd.Stderr = &said
	output, err := cmd.Output()
	if err == nil {
		err = json.Unmarshal(output, answer)
	}
	if err != nil {
		return fmt.Errorf("%s: %w\n%s%s", filepath.Base(cmd.Path), err, output, &said)
	}
	return nil
}

// canFind makes one of the stacks worse, in a block and with a value that AWS does
// not know, and fails unless each scanner notices. A scanner that reads nothing
// finds nothing.
func (s scan) canFind(stacks map[string][]byte) error {
	for name, change := range map[string][2]string{
		"aws-ec2-enforce-launch-config-http-token-imds": {`"http_tokens": "required"`, `"http_tokens": "optional"`},
		"aws_db_instance_invalid_type":                  {`"instance_class": "db.t4g.micro"`, `"instance_class": "db.t9.nano"`},
	} {
		worse := bytes.Replace(stacks["stage"], []byte(change[0]), []byte(change[1]), 1)
		findings, err := s.look("worse", worse)
		if err != nil {
			return err
		}
		found := false
		for _, f := range findings {
			found = found || f.rule == name
		}
		if !found {
			return fmt.Errorf("the scanners do not find %s where %s stands: they look at nothing", name, change[1])
		}
	}
	return nil
}

func write(dir, name string, content []byte) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, name), content, 0o644)
}
