// Command rollout-demo shows what users notice of a new image: nothing. It
// deploys stage onto a local AWS with real servers, puts load on it and rolls out
// a good image and then a bad one, live in the terminal. Of each it draws a
// picture.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"

	"example.com/webserver-cluster/tests/localaws"
	"example.com/webserver-cluster/tests/zerodowntime"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	factor := flag.Float64("factor", zerodowntime.DefaultTimeFactor, "how fast AWS's time runs")
	flag.Parse()
	if err := demo(ctx, *factor); err != nil {
		fmt.Fprintln(os.Stderr, "rollout-demo:", err)
		os.Exit(1)
	}
}

func demo(ctx context.Context, factor float64) error {
	if err := localaws.CheckTools(ctx); err != nil {
		return err
	}
	root, err := localaws.AppDir()
	if err != nil {
		return err
	}
	dir := filepath.Join(root, "build", "rollout-demo")

	title("Stage on a local AWS, with real servers and a real load balancer")
	stage, err := zerodowntime.Start(ctx, zerodowntime.Options{Dir: dir, TimeFactor: factor, Log: say, Watch: showCreated()})
	if err != nil {
		return err
	}
	defer stage.Stop()
	say("it answers at %s; AWS's time runs %v times as fast as yours", stage.URL, factor)

	title("A good image: cdktf deploy stage")
	good, err := show(ctx, stage, "A good image", zerodowntime.NextImage)
	if err != nil {
		return err
	}
	if err := good.Deploys[0].Err; err != nil {
		return fmt.Errorf("the deploy of the good image failed: %w\n%s", err, good.Deploys[0].Output)
	}
	title("A bad image, whose server never starts: cdktf deploy stage")
	bad, err := show(ctx, stage, "A bad image", zerodowntime.DeadImage)
	if err != nil {
		return err
	}
	if bad.Deploys[0].Err == nil {
		return errors.New("the deploy of the bad image succeeded")
	}
	if err := stage.Whole(ctx, zerodowntime.NextImage); err != nil {
		return fmt.Errorf("after the bad image: %w", err)
	}

	title("What users got")
	fmt.Println(zerodowntime.Report([]*zerodowntime.Run{good, bad}))
	for run, name := range map[*zerodowntime.Run]string{good: "good.png", bad: "bad.png"} {
		path := filepath.Join(dir, name)
		if err := run.Picture(path); err != nil {
			return err
		}
		say("%s: %s", run.Name, path)
	}
	if n := len(good.Failures) + len(bad.Failures); n > 0 {
		return fmt.Errorf("%d requests failed, the first one: %v", n, append(good.Failures, bad.Failures...)[0])
	}
	return nil
}

func title(text string) { fmt.Printf("\n== %s\n", text) }

func say(format string, args ...any) { fmt.Printf("   "+format+"\n", args...) }

// show rolls an image out under load and shows that as it happens.
func show(ctx context.Context, stage *zerodowntime.Stage, name, image string) (*zerodowntime.Run, error) {
	run, err := stage.Under(name, func(run *zerodowntime.Run) error {
		b := newBoard(run)
		defer b.close()
		run.Deploys = append(run.Deploys, stage.Deploy(ctx, b.hear, zerodowntime.Config{Image: image}))
		return ctx.Err()
	})
	if err != nil {
		return nil, err
	}
	say("%v", run)
	return run, nil
}

var created = regexp.MustCompile(`\b((?:aws|terraform)_\w+\.\w+): (?:Creation complete|Still creating\.\.\. \[(\w+))`)

// showCreated returns a watcher that tells what Terraform has made, and what it
// waits for.
func showCreated() func(string) {
	n := 0
	return func(line string) {
		match := created.FindStringSubmatch(line)
		switch {
		case match == nil:
		case match[2] == "":
			n++
			say("%3d  %s", n, match[1])
		case strings.HasSuffix(match[2], "0s"):
			say("     waiting for %s, %s", match[1], match[2])
		}
	}
}
