package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// terraform is a Terraform or an OpenTofu.
type terraform struct{ path, product, version string }

func (t terraform) String() string { return t.product + " " + t.version }

// The tools that run Terraform for a user.
const (
	cdktf = "cdktf"
	cdktn = "cdktn" // of CDK Terrain
	alone = ""      // Terraform without any of them
)

// cdktnVersion is the package of npm that is tried; cdktf is the one in
// package.json.
const cdktnVersion = "0.24.0"

// nodes are the major versions of Node.js that are tried, the first of which cdktn
// runs on: 22.19 and later (engines in its package.json).
var nodes = []string{"22", "24", "20"}

// set is one set of tools.
type set struct {
	cli       string
	terraform terraform
	node      string // major version, fetched; "" is the machine's
	machine   string // version of the machine's
}

func (s set) String() string {
	node := s.node
	if node == "" {
		node = s.machine
	}
	name := fmt.Sprintf("%v, Node.js %s", s.terraform, node)
	if s.cli == alone {
		return name + ", no other tool"
	}
	return s.cli + ", " + name
}

// allSets are the sets that are worth a try. Every Terraform is tried with cdktf on
// the machine's Node.js; the rest with the first of them. Not every combination
// tells something new.
func allSets(terraforms []terraform, machine string) []set {
	var sets []set
	for _, t := range terraforms {
		sets = append(sets, set{cli: cdktf, terraform: t, machine: machine})
	}
	first := terraforms[0]
	sets = append(sets,
		set{cli: alone, terraform: first, machine: machine},
		set{cli: cdktn, terraform: first, node: nodes[0], machine: machine})
	major, _, _ := strings.Cut(machine, ".")
	for _, node := range nodes {
		if node != major {
			sets = append(sets, set{cli: cdktf, terraform: first, node: node, machine: machine})
		}
	}
	return sets
}

// findTerraforms returns what is on the PATH and at these paths, each version once.
func findTerraforms(ctx context.Context, paths []string) ([]terraform, error) {
	candidates := slices.Clone(paths)
	for _, name := range []string{"tofu", "terraform"} {
		if path, err := exec.LookPath(name); err == nil {
			candidates = slices.Insert(candidates, 0, path)
		}
	}
	var found []terraform
	for _, path := range candidates {
		t, err := identify(ctx, path)
		if err != nil {
			return nil, err
		}
		if !slices.ContainsFunc(found, func(f terraform) bool { return f.String() == t.String() }) {
			found = append(found, t)
		}
	}
	if len(found) == 0 {
		return nil, errors.New("no terraform and no tofu on the PATH, and none was named")
	}
	return found, nil
}

// identify asks a binary what it is.
func identify(ctx context.Context, path string) (terraform, error) {
	if !filepath.IsAbs(path) {
		return terraform{}, fmt.Errorf("%s: must be an absolute path: it runs in other folders", path)
	}
	output, err := exec.CommandContext(ctx, path, "version").Output()
	if err != nil {
		return terraform{}, fmt.Errorf("%s version: %w", path, err)
	}
	// Warnings may come before it.
	said := firstLine.FindSubmatch(output)
	if said == nil {
		return terraform{}, fmt.Errorf("%s is neither Terraform nor OpenTofu: it says %.100q", path, output)
	}
	return terraform{path: path, product: string(said[1]), version: string(said[2])}, nil
}

var firstLine = regexp.MustCompile(`(?m)^(Terraform|OpenTofu) v(\S+)`)

// version is what a tool prints as its version, without a v.
func version(ctx context.Context, env []string, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = env
	output, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s %s: %w", name, strings.Join(args, " "), err)
	}
	return strings.TrimPrefix(strings.TrimSpace(string(output)), "v"), nil
}

// fetch installs a package of npm into a folder of its own, once, and returns the
// folder that holds its programs.
func fetch(ctx context.Context, dir, name, wanted string, env []string) (string, error) {
	folder := filepath.Join(dir, name+"-"+wanted)
	err := npm(ctx, folder, env, "install", "--prefix", folder, name+"@"+wanted)
	return filepath.Join(folder, "node_modules", ".bin"), err
}

// reinstall installs what package-lock.json has, with the Node.js in env, and returns
// the folder of modules: one of them is compiled for a version of Node.js.
func reinstall(ctx context.Context, dir, root, node string, env []string) (string, error) {
	folder := filepath.Join(dir, "modules-"+node)
	for _, name := range []string{"package.json", "package-lock.json"} {
		content, err := os.ReadFile(filepath.Join(root, name))
		if err == nil {
			err = errors.Join(os.MkdirAll(folder, 0o755), os.WriteFile(filepath.Join(folder, name), content, 0o644))
		}
		if err != nil {
			return "", err
		}
	}
	// A compiler needs that Node.js's header files, which npm has with it. Otherwise
	// node-gyp would fetch them, or take those of another one that is set up here.
	headers, _ := filepath.Glob(filepath.Join(dir, "node-"+node, "node_modules", "node", "node_modules", "node-*", "include", "node")) // a bad pattern is the only error
	if len(headers) == 1 {
		env = append(slices.Clip(env), "npm_config_nodedir="+filepath.Dir(filepath.Dir(headers[0])))
	}
	return filepath.Join(folder, "node_modules"), npm(ctx, folder, env, "ci")
}

// npm runs it in a folder unless it has filled that before.
func npm(ctx context.Context, folder string, env []string, args ...string) error {
	if _, err := os.Stat(filepath.Join(folder, "node_modules", ".package-lock.json")); err == nil {
		return nil
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, "npm", append([]string{"--no-audit", "--no-fund", "--loglevel=error"}, args...)...)
	cmd.Dir, cmd.Env = folder, env
	if output, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("npm %s: %w\n%s", strings.Join(args, " "), err, output)
	}
	return nil
}
