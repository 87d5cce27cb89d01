package review_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var (
	nothingChanges = []string{"stage  nothing changes", "prod   nothing changes", "state  nothing changes"}
	stageRolls     = []string{"stage  rolling, no interruption", "prod   nothing changes", "state  nothing changes"}
)

// TestInGit has the command compare a project with commits.
func TestInGit(t *testing.T) {
	p := newReviewed(t)
	for name, test := range map[string]func(*testing.T, *reviewed){
		"faults": faultsOfTheCode, "situations": situations, "interrupted": interrupted,
	} {
		t.Run(name, func(t *testing.T) { test(t, p.reset(t)) })
	}
	t.Run("ignored", func(t *testing.T) { whatGitIgnores(t, p.reset(t)) })
}

// situations are those in which a repository may be.
func situations(t *testing.T, p *reviewed) {
	t.Run("nothing differs", func(t *testing.T) {
		p.t = t
		out := p.says(0, nothingChanges, "--fail-on", "rolling")
		if !strings.Contains(out, "HEAD is in main already") {
			t.Errorf("it does not say that HEAD is the main branch:\n%s", out)
		}
	})

	t.Run("a dirty tree", func(t *testing.T) {
		p.t = t
		p.greet("Hello", "Good day")
		p.write("stacks/new.go", "package stacks\n\nvar _ = 1\n") // git does not know it
		status := p.git("status", "--porcelain")
		p.says(0, stageRolls)
		p.says(1, stageRolls, "--fail-on", "rolling")
		p.says(0, stageRolls, "--fail-on", "interruption")
		p.says(0, stageRolls[:1], "stage", "--base", "HEAD")
		if got := p.git("status", "--porcelain"); got != status {
			t.Errorf("it leaves something behind:\n%s\nwas:\n%s", got, status)
		}
	})

	t.Run("a branch", func(t *testing.T) {
		p.t = t
		p.git("switch", "--quiet", "-c", "change")
		p.commit("good day")
		p.says(0, stageRolls)
		// The main branch goes on: that is no change of this branch.
		p.git("switch", "--quiet", "main")
		p.replace("stacks/prod.go", "Hello from prod", "Good day from prod")
		p.commit("prod")
		p.git("switch", "--quiet", "change")
		p.says(0, stageRolls)
	})

	p.t = t
	// What GitHub checks out for a pull request: a merge of the branch into the main one. It
	// is checked out where the project is, so that Go need not compile it at another place.
	p.git("switch", "--quiet", "--detach", "main")
	p.git("merge", "--quiet", "--no-edit", "change")
	merge := p.git("rev-parse", "HEAD")
	p.git("update-ref", "refs/pull/1/merge", merge)
	own, origin := filepath.Join(p.dir, ".git"), filepath.Join(t.TempDir(), "origin")
	if err := os.Rename(own, origin); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := errors.Join(os.RemoveAll(own), os.Rename(origin, own)); err != nil {
			t.Fatal(err)
		}
	}()
	checkout := func(t *testing.T, depth string) *reviewed {
		t.Helper()
		if err := os.RemoveAll(own); err != nil {
			t.Fatal(err)
		}
		c := p.in(p.dir, "GITHUB_BASE_REF=main", "GITHUB_REF=refs/pull/1/merge", "GITHUB_SHA="+merge)
		c.t = t
		c.git("init", "--quiet")
		c.git("fetch", "--quiet", "--depth", depth, "file://"+origin, "+refs/pull/1/merge:refs/remotes/pull/1/merge")
		c.git("checkout", "--quiet", "--force", "--detach", "refs/remotes/pull/1/merge")
		return c
	}

	t.Run("a pull request, two commits deep", func(t *testing.T) {
		checkout(t, "2").says(0, stageRolls)
	})

	t.Run("a pull request, one commit deep", func(t *testing.T) {
		c := checkout(t, "1")
		c.fails("origin/main, which this pull request goes into, is not here: git fetch --unshallow origin +refs/heads/main:refs/remotes/origin/main (in actions/checkout: fetch-depth: 0)")
		c.fails(`--base: "main": is not here, since this is a shallow clone`, "--base", "main")
		c.git("fetch", "--quiet", "--depth", "1", "file://"+origin, "+refs/heads/main:refs/remotes/origin/main")
		c.fails("the commit that HEAD and origin/main have in common is not here, since this is a shallow clone: git fetch --unshallow")
	})

	t.Run("no main branch", func(t *testing.T) {
		c := p.in(filepath.Join(t.TempDir(), "clone"))
		c.t = t
		p.git("clone", "--quiet", "--branch", "change", origin, c.dir)
		c.git("remote", "remove", "origin")
		c.fails("there is no main branch here (origin/main, main, origin/master, master): name what to compare with by --base")
		c.fails(`--base: "v1": git knows no such commit here`, "--base", "v1")
	})
}

func TestNoGit(t *testing.T) {
	p := newReviewed(t)
	if err := os.RemoveAll(filepath.Join(p.dir, ".git")); err != nil {
		t.Fatal(err)
	}
	// No repository above the temporary folder counts.
	p.env = append(p.env, "GIT_CEILING_DIRECTORIES="+filepath.Dir(p.dir))
	p.fails("git rev-parse: not a git repository")
	p.git("init", "--quiet")
	p.fails("this repository has no commit to compare with yet")
	p.in(p.dir, "PATH="+t.TempDir()).fails("git is not on the PATH")
	p.fails("none leaves nothing to compare with", "--base", "none")
}

// faultsOfTheCode are shown in the app's own words, of either side.
func faultsOfTheCode(t *testing.T, p *reviewed) {
	p.replace("stacks/stage.go", "MaxSize:      4", "MaxSize:      1")
	p.replace("stacks/stage.go", `InstanceType: "t3.micro"`, `InstanceType: "t3 micro"`)
	out, failure, status := p.review()
	if status != 2 || out != "" || !strings.HasPrefix(failure, "review: the working tree: does not synthesize:\n  stage.") || strings.Count(failure, "\n  stage.") != 2 {
		t.Errorf("status %d:\n%s%s", status, out, failure)
	}
	p.commit("broken")
	p.git("checkout", "--quiet", "HEAD^", "--", ".")
	out, failure, status = p.review("--base", "HEAD")
	if status != 2 || out != "" || !strings.HasPrefix(failure, "review: HEAD at ") || !strings.Contains(failure, ": does not synthesize:\n  stage.") {
		t.Errorf("status %d:\n%s%s", status, out, failure)
	}
	p.write("stacks/stage.go", "package stacks\n\nvar Stage Environment = 1\n")
	out, failure, status = p.review("--base", "HEAD^")
	if status != 2 || out != "" || !strings.HasPrefix(failure, "review: the working tree: does not compile:\n  ") {
		t.Errorf("status %d:\n%s%s", status, out, failure)
	}
}

// whatGitIgnores has an application that is built, and so in no commit. The project is
// a folder in the repository.
func whatGitIgnores(t *testing.T, p *reviewed) {
	if err := os.RemoveAll(filepath.Join(p.dir, ".git")); err != nil {
		t.Fatal(err)
	}
	p.replace("stacks/stage.go", `"Hello from stage",`, `"",
		Application: &constructs.Application{Path: "build/app", Command: []string{"/usr/bin/python3", "serve.py"}},`)
	p.replace("stacks/stage.go", `ServerText:   "",`, "")
	p.write("build/app/serve.py", "print(1)\n")
	top := p.in(filepath.Dir(p.dir))
	top.git("init", "--quiet", "--initial-branch=main")
	top.commit("first")
	p.replace("stacks/stage.go", `"serve.py"`, `"serve.py", "--fast"`)
	out := p.says(0, stageRolls)
	if !strings.Contains(strings.Join(strings.Fields(out), " "), "What git ignores, such as an application that was built, was the same for both") {
		t.Errorf("it does not say what was the same for both:\n%s", out)
	}
}
