// Command bench measures how long synth takes, and how much memory Node.js
// takes for it, with jsii as it comes (jsii-runtime-go 1.112.0, the provider
// loaded as a whole) and as this project starts it (package fastjsii): for the
// three stacks of the app, with empty and with filled caches, and for more and
// more environments. Both setups take turns in the same run, the results are
// medians, and it is an error if the two do not synthesize the same bytes.
//
//	go -C __tests__ run ./bench
//
// With -demo, it measures make demo instead, phase by phase.
package main

import (
	_ "embed"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
)

//go:embed probe.js
var probe []byte

// scenario is a row of the table.
type scenario struct {
	name     string
	argument string // of the app
	cold     bool   // with empty caches every time
	runs     int    // of each setup
}

// measured are the medians of a scenario.
type measured struct{ plain, fast result }

func main() {
	runs := flag.Int("runs", 5, "`number` of runs of each setup for a median; half as many where one takes long")
	markdown := flag.Bool("markdown", false, "print the table as Markdown")
	demo := flag.Bool("demo", false, "measure make demo instead, with cold and with warm caches")
	flag.Parse()
	if *runs < 1 || flag.NArg() > 0 {
		flag.Usage()
		os.Exit(2)
	}
	render := func(t table.Writer) {
		if *markdown {
			fmt.Println(t.RenderMarkdown())
			return
		}
		t.SetStyle(table.StyleLight)
		fmt.Println(t.Render())
	}
	measure := bench
	if *demo {
		measure = benchDemo
	}
	if err := measure(*runs, render); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func bench(runs int, render func(table.Writer)) error {
	machine, err := describeMachine()
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "bench-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	// The app runs in dir, and reads the project's settings there.
	settings, err := os.ReadFile(filepath.Join("..", "cdktf.json"))
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "cdktf.json"), settings, 0o644); err != nil {
		return err
	}
	plain, fast, err := build(dir)
	if err != nil {
		return err
	}
	few := runs/2 | 1
	scenarios := []scenario{
		{name: "the three stacks, first start", argument: "0", cold: true, runs: few},
		{name: "the three stacks", argument: "0", runs: runs},
		{name: "3 environments", argument: "3", runs: runs},
		{name: "30 environments", argument: "30", runs: few},
		{name: "100 environments", argument: "100", runs: few},
	}
	t := table.NewWriter()
	t.AppendHeader(table.Row{"synth of", "plain", "fast", "times as fast", "plain memory", "fast memory", "times less"})
	t.SetColumnConfigs([]table.ColumnConfig{
		{Number: 2, Align: text.AlignRight}, {Number: 3, Align: text.AlignRight}, {Number: 4, Align: text.AlignRight},
		{Number: 5, Align: text.AlignRight}, {Number: 6, Align: text.AlignRight}, {Number: 7, Align: text.AlignRight},
	})
	results := map[string]measured{}
	for _, s := range scenarios {
		m, err := s.measure(dir, plain, fast)
		if err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		results[s.argument] = m
		t.AppendRow(table.Row{
			s.name, seconds(m.plain.wall), seconds(m.fast.wall), fmt.Sprintf("%.1f", m.plain.wall.Seconds()/m.fast.wall.Seconds()),
			megabytes(m.plain.memory), megabytes(m.fast.memory), fmt.Sprintf("%.1f", float64(m.plain.memory)/float64(m.fast.memory)),
		})
	}
	render(t)
	each := func(many, few time.Duration) string { return fmt.Sprintf("%d ms", ((many - few) / 97).Milliseconds()) }
	fmt.Printf("\nEach further environment: plain %s, fast %s.\n",
		each(results["100"].plain.wall, results["3"].plain.wall), each(results["100"].fast.wall, results["3"].fast.wall))
	fmt.Println("Medians; memory is the most that a Node.js process had. Both setups synthesize the same bytes.")
	fmt.Println(machine)
	return nil
}

// measure runs both setups in turn and returns the medians.
func (s scenario) measure(dir string, plain, fast setup) (measured, error) {
	script := filepath.Join(dir, "probe.js")
	if err := os.WriteFile(script, probe, 0o644); err != nil {
		return measured{}, err
	}
	var plains, fasts []result
	// The run before the first fills the caches; after a cold scenario, they
	// are full already, but for the code that this one compiles.
	for i := -1; i < s.runs; i++ {
		if i < 0 && s.cold {
			continue
		}
		for _, setup := range []setup{plain, fast} {
			if s.cold {
				if err := os.RemoveAll(setup.home); err != nil {
					return measured{}, err
				}
				if err := os.Mkdir(setup.home, 0o755); err != nil {
					return measured{}, err
				}
			}
			r, err := setup.run(dir, script, s.argument)
			if err != nil {
				return measured{}, err
			}
			if i < 0 {
				progress("%s, %s, to fill the caches: %s", s.name, setup.name, seconds(r.wall))
				continue
			}
			progress("%s, %s, run %d of %d: %s, %s", s.name, setup.name, i+1, s.runs, seconds(r.wall), megabytes(r.memory))
			if setup.name == plain.name {
				plains = append(plains, r)
			} else {
				fasts = append(fasts, r)
			}
		}
	}
	for _, r := range append(plains, fasts...) {
		if !maps.Equal(r.output, plains[0].output) {
			return measured{}, errors.New("the runs have not all synthesized the same bytes")
		}
	}
	return measured{median(plains), median(fasts)}, nil
}

func median(results []result) result {
	var walls []time.Duration
	var memories []int64
	for _, r := range results {
		walls = append(walls, r.wall)
		memories = append(memories, r.memory)
	}
	slices.Sort(walls)
	slices.Sort(memories)
	return result{wall: walls[len(walls)/2], memory: memories[len(memories)/2]}
}

// describeMachine says what the figures were measured on. Node.js knows.
func describeMachine() (string, error) {
	const script = `const os = require("os");
		console.log(JSON.stringify({ version: process.version, cores: os.cpus().length, model: os.cpus()[0].model.trim(), memory: os.totalmem() }))`
	out, err := exec.Command("node", "-e", script).Output()
	if err != nil {
		return "", fmt.Errorf("node: %w (install Node.js 20 or newer from https://nodejs.org)", err)
	}
	var node struct {
		Version, Model string
		Cores          int
		Memory         float64
	}
	if err := json.Unmarshal(out, &node); err != nil {
		return "", err
	}
	return fmt.Sprintf("Machine: %d cores (%s), %.0f GB, %s/%s, Node.js %s, %s.",
		node.Cores, node.Model, node.Memory/(1<<30), runtime.GOOS, runtime.GOARCH, node.Version, runtime.Version()), nil
}

func progress(format string, arguments ...any) {
	fmt.Fprintf(os.Stderr, format+"\n", arguments...)
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.2f s", d.Seconds()) }

func megabytes(bytes int64) string { return fmt.Sprintf("%d MB", bytes>>20) }
