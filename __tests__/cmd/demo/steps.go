package main

import (
	"context"
	"errors"
	"fmt"
	"html"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"example.com/webserver-cluster/internal/state"
	"example.com/webserver-cluster/tests/cmd/internal/show"
	"example.com/webserver-cluster/tests/workcopy"
	"example.com/webserver-cluster/tests/zerodowntime"
)

const cdktf = "node_modules/.bin/cdktf"

// deployAll makes the state store, stage and prod.
func (d *demo) deployAll(ctx context.Context) ([]*environment, error) {
	show.Title("The state store, stage and prod (make bootstrap; cdktf deploy stage prod)")
	store, err := d.copy("store")
	if err != nil {
		return nil, err
	}
	var made *show.Deploy
	all, ctx := errgroup.WithContext(ctx)
	all.Go(func() error {
		progress := show.NewDeploy("make bootstrap")
		defer progress.Close()
		_, err := d.command(ctx, store, progress.Line, "go", "run", "./cmd/state", "bootstrap", "--yes")
		return err
	})
	// By hand, one comes after the other. But stage and prod need the bucket and the
	// table, and not the rest of what the provider waits for, a minute; and they can be
	// synthesized before.
	all.Go(func() error {
		ready, readyCtx := errgroup.WithContext(ctx)
		ready.Go(func() error { return d.storeUsable(readyCtx) })
		ready.Go(func() error {
			_, err := d.command(readyCtx, d.project, nil, cdktf, "synth")
			return err
		})
		if err := ready.Wait(); err != nil {
			return err
		}
		made = show.NewDeploy("cdktf deploy")
		defer made.Close()
		_, err := d.command(ctx, d.project, made.Line, cdktf, "deploy", "stage", "prod", "--skip-synth", "--auto-approve", "--outputs-file", "outputs.json")
		if err == nil {
			d.phases.end("stage and prod deployed")
		}
		return err
	})
	if err := all.Wait(); err != nil {
		return nil, err
	}
	content, err := os.ReadFile(filepath.Join(d.project.Dir, "outputs.json"))
	if err != nil {
		return nil, err
	}
	read, err := readOutputs(content)
	var environments []*environment
	for _, name := range []string{"stage", "prod"} {
		environments = append(environments, &environment{outputs: read[name], name: name, resources: made.Made(name)})
	}
	return environments, err
}

// storeUsable waits until the state store is as `state check` wants it.
func (d *demo) storeUsable(ctx context.Context) error {
	store := state.On(d.cloud.Config(), d.settings)
	for slices.ContainsFunc(store.Check(ctx), func(f state.Finding) bool { return f.Err != nil }) {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(500 * time.Millisecond):
		}
	}
	d.phases.end("state store usable")
	return nil
}

// serve shows the pages of the environments, and a rollout in the first of them.
func (d *demo) serve(ctx context.Context, environments []*environment) (err error) {
	show.Title("The pages")
	for _, e := range environments {
		if e.page, err = d.cloud.Door(e.URL); err != nil {
			return err
		}
		body, err := fetch(ctx, e.page)
		if err != nil {
			return err
		}
		e.says = heading(body)
		d.usersOf(e.Group).Attach(d.cloud, e.URL, steady(body, d.settings.Project+"-"+e.name), 4) // enough to see a gap, and cdktf is the faster
		show.Say("%-6s%s says %q; its output url is %s", e.name, e.page, e.says, e.URL)
	}
	d.phases.end("pages answer")
	if err := d.change(ctx, environments[0]); err != nil {
		return err
	}
	for _, e := range environments {
		e.instances = versions(d.usersOf(e.Group).Serving())
	}
	return nil
}

// changedText is what the demo adds to the app, so that it need not edit a literal
// that may be another one by now.
const changedText = `package stacks

func init() { Stage.Cluster.ServerText += ", changed" }
`

// change rolls a changed text out to stage while users come.
func (d *demo) change(ctx context.Context, stage *environment) error {
	show.Title("A changed text, while users come (cdktf deploy stage)")
	if err := os.WriteFile(filepath.Join(d.project.Dir, "stacks", "changed.go"), []byte(changedText), 0o644); err != nil {
		return err
	}
	run, err := d.usersOf(stage.Group).Under("A changed text", func(run *zerodowntime.Run) error {
		board := show.NewBoard(run)
		defer board.Close()
		start := time.Now()
		_, err := d.command(ctx, d.project, board.Hear, cdktf, "deploy", "stage", "--auto-approve")
		run.Deploys = append(run.Deploys, zerodowntime.Deploy{Start: start, Took: time.Since(start), Err: err})
		return err
	})
	if err != nil {
		return err
	}
	picture := filepath.Join(d.dir, "rollout.png")
	if err := run.Picture(picture); err != nil {
		return err
	}
	body, err := fetch(ctx, stage.page)
	if err != nil {
		return err
	}
	before := stage.says
	stage.says = heading(body)
	show.Say("the page says %q", stage.says)
	d.phases.end("rollout done")
	show.Say("%d requests, %d failed; at least %d instances served", run.Sent(), len(run.Failures), run.Lowest())
	show.Say("a picture of it: %s", picture)
	if len(run.Failures) > 0 {
		return fmt.Errorf("%d requests failed, the first one: %v", len(run.Failures), run.Failures[0])
	}
	if stage.says == before {
		return fmt.Errorf("the page of stage still says %q", before)
	}
	return nil
}

// fetch gets a page as a browser does.
func fetch(ctx context.Context, url string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "", err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s answers %s: %.200s", url, response.Status, body)
	}
	return string(body), err
}

var firstHeading = regexp.MustCompile(`(?s)<h1[^>]*>(.*?)</h1>`)

// heading is what a page says first.
func heading(body string) string {
	if match := firstHeading.FindStringSubmatch(body); match != nil {
		return html.UnescapeString(match[1])
	}
	line, _, _ := strings.Cut(strings.TrimSpace(body), "\n")
	return fmt.Sprintf("%.60s", line)
}

// steady is what stays on the page when its text changes: the cluster's name, if
// the boot script is the default one.
func steady(body, cluster string) string {
	if strings.Contains(body, cluster) {
		return cluster
	}
	return ""
}

// versions says how many instances serve of each version.
func versions(serving map[string]int) string {
	var parts []string
	for _, v := range slices.Sorted(maps.Keys(serving)) {
		parts = append(parts, fmt.Sprintf("%d of launch template version %s", serving[v], v))
	}
	return strings.Join(parts, ", ")
}

func (d *demo) log(p *workcopy.Copy) string { return p.Dir + ".log" }

// command runs a command in a copy of the project; what it prints goes to the log,
// too.
func (d *demo) command(ctx context.Context, p *workcopy.Copy, watch func(string), name string, args ...string) (string, error) {
	output, err := workcopy.Run(p.Command(ctx, name, args...), watch)
	log, logErr := os.OpenFile(d.log(p), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if logErr == nil {
		_, logErr = log.WriteString(output)
		logErr = errors.Join(logErr, log.Close())
	}
	if err != nil {
		lines := strings.Split(strings.TrimSpace(output), "\n")
		err = fmt.Errorf("%w; its last words:\n%s", err, strings.Join(lines[max(0, len(lines)-30):], "\n"))
	}
	return output, errors.Join(err, logErr)
}
