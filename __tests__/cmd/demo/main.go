// Command demo shows the project's main job on a local AWS that it starts and
// stops: the state store, stage and prod, the page that users get, and a changed
// text that reaches them live.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"example.com/webserver-cluster/internal/project"
	"example.com/webserver-cluster/tests/cmd/internal/show"
	"example.com/webserver-cluster/tests/localaws"
	"example.com/webserver-cluster/tests/localaws/event"
	"example.com/webserver-cluster/tests/workcopy"
	"example.com/webserver-cluster/tests/zerodowntime"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	keep := flag.Bool("keep", false, "stay up until Ctrl-C")
	started := flag.Int64("started", 0, "Unix `time` at which the set-up before it began")
	file := flag.String("phases", "", "`file` to write to when each phase was done, as JSON")
	flag.Parse()
	phases := startPhases(*started)
	err := run(ctx, phases, *keep)
	if err = errors.Join(err, phases.write(*file)); err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

// demo is one that runs.
type demo struct {
	phases   *phases
	cloud    *localaws.AWS
	settings project.Settings
	dir      string
	project  *workcopy.Copy // from which stage and prod are deployed

	mu    sync.Mutex
	users map[string]*zerodowntime.Stage // by Auto Scaling group
}

func run(ctx context.Context, phases *phases, keep bool) error {
	root, err := localaws.AppDir()
	if err != nil {
		return err
	}
	d := &demo{phases: phases, dir: filepath.Join(root, "build", "demo"), users: map[string]*zerodowntime.Stage{}}
	if d.settings, err = project.Load(root); err != nil {
		return err
	}
	if err := os.RemoveAll(d.dir); err != nil {
		return err
	}
	servers, err := localaws.ServersOf()
	if err != nil {
		return err
	}
	show.Title("What happens, in about three minutes on two cores")
	for _, line := range announcement(servers) {
		show.Say("%s", line)
	}
	if err := localaws.CheckTools(ctx); err != nil {
		return err
	}
	if err := d.start(ctx); err != nil {
		return err
	}
	defer d.cloud.Stop()
	d.phases.end("local AWS up")

	environments, err := d.deployAll(ctx)
	if err != nil {
		return err
	}
	if err := d.serve(ctx, environments); err != nil {
		return err
	}
	show.Title("What there is now")
	for _, e := range environments {
		table(os.Stdout, *e)
	}
	fmt.Println()
	for _, line := range show.Wrap(d.phases.String(), show.Width) {
		fmt.Println(line)
	}
	took := d.phases.took().Round(time.Second)
	if keep {
		return d.keep(ctx, took)
	}
	fmt.Printf("All of it took %v and is gone now. It stays up with: make demo ARGS=--keep\nTo deploy by hand: make local\n", took)
	return nil
}

// announcement is what will happen. servers is how instances run.
func announcement(servers string) (lines []string) {
	const width = show.Width - 6
	steps := []string{
		"A local AWS starts on this machine; no account is needed and none is touched.",
		"The state store is made; then stage and prod, side by side. That takes two minutes, most of it waits that the AWS provider makes by itself: for the bucket's rules, the load balancers, the databases.",
		"The page of both answers, and a changed text is rolled out to stage while users come.",
	}
	for i, step := range steps {
		for j, line := range show.Wrap(step, width) {
			number := fmt.Sprintf("%d.", i+1)
			if j > 0 {
				number = "  "
			}
			lines = append(lines, number+" "+line)
		}
	}
	return append(lines, show.Wrap(servers, width)...)
}

// start starts the local AWS and copies the project.
func (d *demo) start(ctx context.Context) error {
	show.Title("A local AWS")
	// It outlives ctx: what is interrupted still wants to unlock its state.
	var err error
	d.cloud, err = localaws.Start(context.WithoutCancel(ctx), localaws.Options{
		Region: d.settings.Region, TimeFactor: zerodowntime.DefaultTimeFactor, Servers: true, OnEvent: d.note, Log: show.Say,
	})
	if err != nil {
		return err
	}
	if d.project, err = d.copy("project"); err != nil {
		d.cloud.Stop()
		return err
	}
	show.Say("it answers at %s; its time runs %v times as fast as yours", d.cloud.Endpoint(), d.cloud.Clock.Factor())
	show.Say("the project is copied to %s", d.project.Dir)
	return nil
}

// copy makes a copy of the project.
func (d *demo) copy(name string) (*workcopy.Copy, error) {
	return workcopy.New(filepath.Join(d.dir, name), d.environ())
}

// environ is the environment of what deploys.
func (d *demo) environ() []string {
	// The command rollout looks as often as it would on AWS.
	return append(d.cloud.Environ(), fmt.Sprint("ROLLOUT_POLL=", d.cloud.Clock.Real(5*time.Second)))
}

// note keeps what happens to instances apart by their group.
func (d *demo) note(e event.Event) { d.usersOf(e.Group).Note(e) }

func (d *demo) usersOf(group string) *zerodowntime.Stage {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.users[group] == nil {
		d.users[group] = &zerodowntime.Stage{}
	}
	return d.users[group]
}

// keep leaves everything up until Ctrl-C.
func (d *demo) keep(ctx context.Context, took time.Duration) error {
	file := filepath.Join(d.dir, "local.env")
	if err := os.WriteFile(file, []byte(localaws.Exports(d.environ())), 0o600); err != nil {
		return err
	}
	defer os.Remove(file)
	console, err := d.cloud.Console()
	if err != nil {
		return err
	}
	fmt.Printf(`All of it took %v and stays up until Ctrl-C. Instances, rollouts and alarms, in a
browser: %s
In another terminal:
  cd %s
  . ../local.env
  npx cdktf output stage prod
  npx cdktf deploy stage      # rolls out what you change in stacks/stage.go
`, took, console, d.project.Dir)
	<-ctx.Done()
	return nil
}
