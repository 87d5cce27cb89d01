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
	"syscall"

	"example.com/webserver-cluster/tests/cmd/internal/show"
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

	show.Title("Stage on a local AWS, with real servers and a real load balancer")
	first := show.NewDeploy("cdktf deploy")
	stage, err := zerodowntime.Start(ctx, zerodowntime.Options{Dir: dir, TimeFactor: factor, Log: show.Say, Watch: first.Line})
	first.Close()
	if err != nil {
		return err
	}
	defer stage.Stop()
	show.Say("it answers at %s; AWS's time runs %v times as fast as yours", stage.URL, factor)

	show.Title("A good image: cdktf deploy stage")
	good, err := rollOut(ctx, stage, "A good image", zerodowntime.NextImage)
	if err != nil {
		return err
	}
	if err := good.Deploys[0].Err; err != nil {
		return fmt.Errorf("the deploy of the good image failed: %w\n%s", err, good.Deploys[0].Output)
	}
	show.Title("A bad image, whose server never starts: cdktf deploy stage")
	bad, err := rollOut(ctx, stage, "A bad image", zerodowntime.DeadImage)
	if err != nil {
		return err
	}
	if bad.Deploys[0].Err == nil {
		return errors.New("the deploy of the bad image succeeded")
	}
	if err := stage.Whole(ctx, zerodowntime.NextImage); err != nil {
		return fmt.Errorf("after the bad image: %w", err)
	}

	show.Title("What users got")
	if err := show.Runs(os.Stdout, good, bad); err != nil {
		return err
	}
	for run, name := range map[*zerodowntime.Run]string{good: "good.png", bad: "bad.png"} {
		path := filepath.Join(dir, name)
		if err := run.Picture(path); err != nil {
			return err
		}
		show.Say("%s: %s", run.Name, path)
	}
	if n := len(good.Failures) + len(bad.Failures); n > 0 {
		return fmt.Errorf("%d requests failed, the first one: %v", n, append(good.Failures, bad.Failures...)[0])
	}
	return nil
}

// rollOut rolls an image out under load and shows that as it happens.
func rollOut(ctx context.Context, stage *zerodowntime.Stage, name, image string) (*zerodowntime.Run, error) {
	run, err := stage.Under(name, func(run *zerodowntime.Run) error {
		b := show.NewBoard(run)
		defer b.Close()
		run.Deploys = append(run.Deploys, stage.Deploy(ctx, b.Hear, zerodowntime.Config{Image: image}))
		return ctx.Err()
	})
	if err != nil {
		return nil, err
	}
	show.Say("%v", run)
	return run, nil
}
