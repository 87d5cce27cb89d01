package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"example.com/webserver-cluster/internal/project"
	"example.com/webserver-cluster/tests/cmd/internal/show"
	"example.com/webserver-cluster/tests/localaws"
	"example.com/webserver-cluster/tests/workcopy"
)

// timeFactor is how fast the local AWS's time runs.
const timeFactor = 10

// lab is a local AWS with a state store, for as long as nothing fails on it.
type lab struct {
	root  string // the project's folder
	dir   string // the lab's
	cloud *localaws.AWS
	json  []byte // of stage, as the first set of tools synthesized it
}

func (l *lab) close() {
	if l.cloud != nil {
		l.cloud.Stop()
		l.cloud = nil
	}
}

// open starts the local AWS and makes the state store, unless they are there.
func (l *lab) open(ctx context.Context) error {
	if l.cloud != nil {
		return nil
	}
	region, err := localaws.AppRegion()
	if err != nil {
		return err
	}
	// It outlives ctx: what is interrupted still wants to unlock its state.
	l.cloud, err = localaws.Start(context.WithoutCancel(ctx), localaws.Options{Region: region, TimeFactor: timeFactor, Log: show.Say})
	if err != nil {
		return err
	}
	p, err := l.copy("store", nil)
	if err != nil {
		return err
	}
	return step("state store", func() error {
		output, err := workcopy.Run(p.Command(ctx, "go", "run", "./cmd/state", "bootstrap", "--yes"), nil)
		return withOutput(err, output)
	})
}

func (l *lab) copy(name string, env []string) (*workcopy.Copy, error) {
	dir := filepath.Join(l.dir, name)
	if err := os.RemoveAll(dir); err != nil {
		return nil, err
	}
	// The command rollout looks as often as it would on AWS.
	poll := fmt.Sprint("ROLLOUT_POLL=", l.cloud.Clock.Real(5*time.Second))
	return workcopy.New(dir, append(append(l.cloud.Environ(), poll), env...))
}

// try deploys stage with a set of tools, rolls a changed text out, deploys again
// and destroys it. It returns the warnings that came.
func (l *lab) try(ctx context.Context, s set) (warned []string, err error) {
	if err := l.open(ctx); err != nil {
		return nil, err
	}
	env := []string{"TERRAFORM_BINARY_NAME=" + s.terraform.path}
	if s.node != "" {
		bin, err := fetch(ctx, l.dir, "node", s.node, os.Environ())
		if err != nil {
			return nil, err
		}
		env = append(env, "PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	}
	p, err := l.copy("project", env)
	if err != nil {
		return nil, err
	}
	t := &trial{lab: l, set: s, project: p}
	if err := t.choose(ctx); err != nil {
		return nil, err
	}
	if t.settings, err = project.Load(p.Dir); err != nil {
		return nil, err
	}
	for _, part := range []struct {
		name string
		do   func(context.Context) error
	}{
		{"deploy", t.deploy},
		{"a changed text", t.change},
		{"again, without a change", t.again},
		{"destroy", t.destroy},
	} {
		if err := step(part.name, func() error { return part.do(ctx) }); err != nil {
			return t.warnings, err
		}
	}
	return t.warnings, nil
}

// sameJSON fails if stage is not what the first set of tools synthesized.
func (l *lab) sameJSON(dir string) error {
	content, err := os.ReadFile(filepath.Join(dir, stageFolder, "cdk.tf.json"))
	if err != nil {
		return err
	}
	if l.json == nil {
		l.json = content
	}
	if !bytes.Equal(content, l.json) {
		return errors.New("it synthesized another cdk.tf.json of stage than the first set of tools")
	}
	return nil
}

// step says how long a part took.
func step(name string, part func() error) error {
	start := time.Now()
	if err := part(); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	show.Say("%-24s%v", name, time.Since(start).Round(time.Second))
	return nil
}
