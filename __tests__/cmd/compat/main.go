// Command compat deploys stage onto a local AWS with each set of tools that people
// have: every Terraform and OpenTofu that it is given, with cdktf, with its
// successor cdktn and with neither, on several versions of Node.js. It prints a
// table of what worked and which warnings came, and ends with exit status 1 if
// something did not.
//
//	compat [--run REGEXP] [PATH…]
//
// A PATH is a Terraform or an OpenTofu beside those on the PATH. What npm has
// (Node.js, cdktn) is fetched into build/compat.
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
	"runtime"
	"syscall"
	"time"

	"example.com/webserver-cluster/tests/cmd/internal/show"
	"example.com/webserver-cluster/tests/localaws"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	only := flag.String("run", "", "take only the sets whose name matches this regular expression")
	flag.Parse()
	if err := run(ctx, *only, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "compat:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, only string, paths []string) error {
	pattern, err := regexp.Compile(only)
	if err != nil {
		return fmt.Errorf("--run: %w", err)
	}
	if err := localaws.CheckTools(ctx); err != nil {
		return err
	}
	root, err := localaws.AppDir()
	if err != nil {
		return err
	}
	terraforms, err := findTerraforms(ctx, paths)
	if err != nil {
		return err
	}
	node, err := version(ctx, nil, "node", "--version")
	if err != nil {
		return err
	}
	var sets []set
	for _, s := range allSets(terraforms, node) {
		if pattern.MatchString(s.String()) {
			sets = append(sets, s)
		}
	}
	if len(sets) == 0 {
		return fmt.Errorf("--run: %q matches none of %v", only, allSets(terraforms, node))
	}
	show.Title("What is tried, about four minutes each on two cores")
	for _, s := range sets {
		show.Say("%v", s)
	}

	l := &lab{root: root, dir: filepath.Join(root, "build", "compat")}
	defer l.close()
	var results []result
	for _, s := range sets {
		show.Title(s.String())
		start := time.Now()
		warnings, err := l.try(ctx, s)
		if err := ctx.Err(); err != nil {
			return err
		}
		if err != nil {
			show.Say("%v", err)
			l.close() // what it left would be in the way of the next one
		}
		results = append(results, result{set: s, err: err, took: time.Since(start), warnings: warnings})
	}
	show.Title(fmt.Sprintf("%s, %s/%s, %d cores", time.Now().Format(time.DateOnly), runtime.GOOS, runtime.GOARCH, runtime.NumCPU()))
	fmt.Print("\n", table(results))
	var errs []error
	for _, r := range results {
		if r.err != nil {
			errs = append(errs, fmt.Errorf("%v: %w", r.set, r.err))
		}
	}
	return errors.Join(errs...)
}
