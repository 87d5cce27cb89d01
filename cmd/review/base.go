package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// noBase is what --base has for nothing.
const noBase = "none"

// repository is the git repository that the working folder, the project's, is in.
type repository struct {
	ctx    context.Context
	prefix string // the project's folder in it: "", or a path that ends with a slash
	top    string // its top folder
}

// commit is one to compare with.
type commit struct {
	id   string
	tree string // of the project's folder
	name string // in words
	note string // for whoever reads the report; "" for none
}

func openRepository(ctx context.Context) (*repository, error) {
	r := &repository{ctx: ctx}
	if _, err := exec.LookPath("git"); err != nil {
		return nil, errors.New("git is not on the PATH, and what to compare with comes from there: install it; or judge a plan alone: --base none --plan-file FILE")
	}
	prefix, err := r.git("rev-parse", "--show-prefix")
	if err != nil {
		return nil, fmt.Errorf("this folder cannot be compared with a commit (%w); a plan can be judged alone: --base none --plan-file FILE", err)
	}
	r.prefix = prefix
	if r.top, err = r.git("rev-parse", "--show-toplevel"); err != nil {
		return nil, err
	}
	if _, known := r.commit("HEAD"); !known {
		return nil, errors.New("this repository has no commit to compare with yet; a plan can be judged alone: --base none --plan-file FILE")
	}
	return r, nil
}

// git runs git and returns what it printed, without the line's end. The error is its own
// first line.
func (r *repository) git(arguments ...string) (string, error) {
	return r.gitIn("", nil, arguments...)
}

func (r *repository) gitIn(folder string, environment []string, arguments ...string) (string, error) {
	cmd := exec.CommandContext(r.ctx, "git", arguments...)
	cmd.Dir = folder
	// Messages are shown as they are, and a lock is no use to somebody who only reads.
	cmd.Env = append(append(os.Environ(), "LC_ALL=C", "GIT_OPTIONAL_LOCKS=0"), environment...)
	var out, failure bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &failure
	if err := cmd.Run(); err != nil {
		line, _, _ := strings.Cut(strings.TrimSpace(failure.String()), "\n")
		if line == "" {
			line = err.Error()
		}
		return "", fmt.Errorf("git %s: %s", arguments[0], strings.TrimPrefix(line, "fatal: "))
	}
	return strings.TrimSuffix(out.String(), "\n"), nil
}

// commit is the id of what a name stands for, if it is here.
func (r *repository) commit(name string) (id string, known bool) {
	id, err := r.git("rev-parse", "--verify", "--quiet", "--end-of-options", name+"^{commit}")
	return id, err == nil
}

func (r *repository) shallow() bool {
	is, err := r.git("rev-parse", "--is-shallow-repository")
	return err == nil && is == "true"
}

// base is the commit to compare with: what --base names, or where HEAD left the main
// branch.
func (r *repository) base(wanted string) (commit, error) {
	if wanted != "" {
		id, known := r.commit(wanted)
		if !known && r.shallow() {
			return commit{}, fmt.Errorf("--base: %q: is not here, since this is a shallow clone: git fetch --unshallow (in actions/checkout: fetch-depth: 0)", wanted)
		} else if !known {
			return commit{}, fmt.Errorf("--base: %q: git knows no such commit here", wanted)
		}
		return r.named(id, wanted, "")
	}
	if parent, is := r.merged(); is {
		return r.named(parent, os.Getenv("GITHUB_BASE_REF"), "")
	}
	branch, err := r.mainBranch()
	if err != nil {
		return commit{}, err
	}
	id, err := r.git("merge-base", "HEAD", branch)
	if err != nil && r.shallow() {
		return commit{}, fmt.Errorf("the commit that HEAD and %s have in common is not here, since this is a shallow clone: git fetch --unshallow (in actions/checkout: fetch-depth: 0)", branch)
	} else if err != nil {
		return commit{}, fmt.Errorf("HEAD and %s have no commit in common: name what to compare with by --base", branch)
	}
	note := ""
	if head, _ := r.commit("HEAD"); head == id {
		note = fmt.Sprintf("HEAD is in %s already, so only what is not committed counts; --base HEAD^ compares with the commit before.", branch)
	}
	return r.named(id, branch, note)
}

func (r *repository) named(id, name, note string) (commit, error) {
	tree, err := r.git("rev-parse", "--verify", id+":"+r.prefix)
	if err != nil {
		return commit{}, fmt.Errorf("%s does not have this folder, %q, to compare with", name, r.prefix)
	}
	label := name
	if !strings.HasPrefix(id, name) {
		label += " at " + id[:12]
	}
	return commit{id: id, tree: tree, name: label, note: note}, nil
}

// merged is the commit that a pull request would be merged into, where HEAD is the merge
// that GitHub has made of the two: its first parent.
// https://docs.github.com/en/actions/reference/workflows-and-actions/events-that-trigger-workflows#pull_request
func (r *repository) merged() (parent string, is bool) {
	head, _ := r.commit("HEAD")
	if os.Getenv("GITHUB_BASE_REF") == "" || os.Getenv("GITHUB_SHA") != head || !strings.HasPrefix(os.Getenv("GITHUB_REF"), "refs/pull/") {
		return "", false
	}
	if _, two := r.commit("HEAD^2"); !two {
		return "", false // or its parents are not here
	}
	return r.commit("HEAD^1")
}

// mainBranch is the branch that changes go into.
func (r *repository) mainBranch() (string, error) {
	if name := os.Getenv("GITHUB_BASE_REF"); name != "" {
		branch := "origin/" + name
		if _, known := r.commit(branch); known {
			return branch, nil
		}
		depth := ""
		if r.shallow() {
			depth = "--unshallow "
		}
		return "", fmt.Errorf("%s, which this pull request goes into, is not here: git fetch %sorigin +refs/heads/%s:refs/remotes/%s (in actions/checkout: fetch-depth: 0)", branch, depth, name, branch)
	}
	candidates := []string{"origin/main", "main", "origin/master", "master"}
	// What the remote calls its main branch, if this clone knows.
	if name, err := r.git("rev-parse", "--abbrev-ref", "--verify", "--quiet", "origin/HEAD"); err == nil {
		candidates = append([]string{name}, candidates...)
	}
	for _, branch := range candidates {
		if _, known := r.commit(branch); known {
			return branch, nil
		}
	}
	return "", fmt.Errorf("there is no main branch here (%s): name what to compare with by --base", strings.Join(candidates, ", "))
}
