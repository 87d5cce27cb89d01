// Command demo shows the project's main job on a local AWS that it starts and
// stops: the state store, stage and prod, a second deploy that changes
// nothing, and what users get.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"time"

	"example.com/webserver-cluster/tests/localaws"
	"example.com/webserver-cluster/tests/workcopy"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := demo(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

func demo(ctx context.Context) error {
	start := time.Now()
	root, err := localaws.AppDir()
	if err != nil {
		return err
	}
	dir := filepath.Join(root, "build", "demo")
	if err := os.RemoveAll(dir); err != nil {
		return err
	}

	region, err := localaws.AppRegion()
	if err != nil {
		return err
	}

	title("A local AWS")
	// It outlives ctx: what is interrupted still wants to unlock its state.
	cloud, err := localaws.Start(context.WithoutCancel(ctx), localaws.Options{Region: region, Log: say})
	if err != nil {
		return err
	}
	defer cloud.Stop()
	say("it answers at %s; the project is copied to %s", cloud.Endpoint(), dir)
	p, err := workcopy.New(dir, cloud.Environ())
	if err != nil {
		return err
	}
	d := deployer{p}

	title("The state store: bucket and lock table (make bootstrap)")
	if _, err := d.run(ctx, "go", "run", "./cmd/state", "bootstrap", "--yes"); err != nil {
		return err
	}
	title("Stage and prod (cdktf deploy stage prod)")
	say("about two minutes: the AWS provider polls a new load balancer or database only every so often")
	if _, err := d.cdktf(ctx, "deploy", "stage", "prod", "--auto-approve"); err != nil {
		return err
	}
	title("Stage again (cdktf deploy stage): nothing may change")
	output, err := d.cdktf(ctx, "deploy", "stage", "--auto-approve")
	if err != nil {
		return err
	}
	if !strings.Contains(output, "No changes.") {
		return errors.New("the second deploy of stage changed something; its plan stands above in " + d.log())
	}
	say("no changes")

	title("What there is now (cdktf output stage prod)")
	if _, err := p.Cdktf(ctx, nil, "output", "stage", "prod", "--skip-synth", "--outputs-file", "outputs.json"); err != nil {
		return err
	}
	outputs, err := os.ReadFile(filepath.Join(dir, "outputs.json"))
	if err != nil {
		return err
	}
	if err := writeOutputs(os.Stdout, outputs); err != nil {
		return err
	}
	fmt.Printf("\nAll of it took %v and is gone now. To deploy by hand: make local\n", time.Since(start).Round(time.Second))
	return nil
}

func title(text string) { fmt.Printf("\n== %s\n", text) }

func say(format string, args ...any) { fmt.Printf("   "+format+"\n", args...) }

// deployer runs commands and shows of their output what tells how far they
// are.
type deployer struct{ project *workcopy.Copy }

func (d deployer) log() string { return filepath.Join(d.project.Dir, "output.log") }

func (d deployer) cdktf(ctx context.Context, args ...string) (string, error) {
	return d.run(ctx, filepath.Join("node_modules", ".bin", "cdktf"), args...)
}

func (d deployer) run(ctx context.Context, name string, args ...string) (string, error) {
	watcher := watcher{done: map[string]int{}, say: say}
	output, err := workcopy.Run(d.project.Command(ctx, name, args...), watcher.line)
	log, logErr := os.OpenFile(d.log(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
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

// watcher shows Terraform's progress. Of several stacks at once, cdktf prints
// the stack's name before the first line of a block only, which may be empty.
type watcher struct {
	say   func(format string, args ...any)
	stack string
	done  map[string]int
}

var (
	blockStart = regexp.MustCompile(`^([a-z][a-z0-9-]*)(?:  |$)`)
	progress   = regexp.MustCompile(`^\s*((?:aws|terraform)_\w+\.\w+): (Creation complete after |Modifications complete after |Destruction complete after |Still creating\.\.\. \[)(\w+)`)
	summary    = regexp.MustCompile(`^\s*(Apply complete! .*|No changes\..*)`)
)

func (w *watcher) line(line string) {
	if match := blockStart.FindStringSubmatch(line); match != nil {
		w.stack = match[1]
		line = strings.TrimPrefix(line, match[0])
	}
	if match := progress.FindStringSubmatch(line); match != nil {
		if strings.HasPrefix(match[2], "Still") {
			w.say("%-6s      still creating %s, %s", w.stack, match[1], match[3])
			return
		}
		w.done[w.stack]++
		w.say("%-6s %3d  %s, %s", w.stack, w.done[w.stack], match[1], match[3])
	} else if match := summary.FindStringSubmatch(line); match != nil {
		w.say("%-6s      %s", w.stack, match[1])
	}
}
