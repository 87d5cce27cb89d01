// Command scan has scanners look at the Terraform JSON of every stack: tfsec for
// security, tflint with its rules for AWS. It ends with exit status 1 if one finds
// something of medium severity or above for which accepted.txt has no reason, and
// if a reason there is for nothing that they find.
//
// The scanners are Go modules, in the versions that tools/go.mod has; their rules
// are in them, so that they need nothing else from the network.
package main

import (
	"bufio"
	_ "embed"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"example.com/webserver-cluster/tests/localaws"
)

// accepted are the findings that stay, a line each: stack, rule, resource, reason.
//
//go:embed accepted.txt
var accepted string

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "scan:", err)
		os.Exit(1)
	}
}

func run() error {
	root, err := localaws.AppDir()
	if err != nil {
		return err
	}
	s := scan{bin: filepath.Join(root, "build", "scan", "bin"), dir: filepath.Join(root, "build", "scan", "stacks")}
	if err := s.install(root); err != nil {
		return err
	}
	stacks, err := s.synthesize(root)
	if err != nil {
		return err
	}
	if err := s.canFind(stacks); err != nil {
		return err
	}
	reasons, err := readReasons(accepted)
	if err != nil {
		return err
	}
	var faults []error
	for _, name := range slices.Sorted(maps.Keys(stacks)) {
		findings, err := s.look(name, stacks[name])
		if err != nil {
			return err
		}
		for _, f := range findings {
			if reason := reasons[f.key()]; reason != nil {
				reason.used = true
				continue
			}
			faults = append(faults, fmt.Errorf("%s: %s: %s (%s)", f.key(), f.severity, f.what, f.more))
		}
		fmt.Printf("%s: %d findings of medium severity or above\n", name, len(findings))
	}
	for _, key := range slices.Sorted(maps.Keys(reasons)) {
		if !reasons[key].used {
			faults = append(faults, fmt.Errorf("accepted.txt: %s: nothing finds this any more", key))
		}
	}
	return errors.Join(faults...)
}

// finding is what a scanner says.
type finding struct{ stack, rule, resource, severity, what, more string }

func (f finding) key() string { return f.stack + " " + f.rule + " " + f.resource }

// reason is why a finding stays.
type reason struct {
	text string
	used bool
}

func readReasons(text string) (map[string]*reason, error) {
	reasons := map[string]*reason{}
	lines := bufio.NewScanner(strings.NewReader(text))
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		words := strings.Fields(line)
		if len(words) < 4 {
			return nil, fmt.Errorf("accepted.txt:%d: %q: must be a stack, a rule, a resource and a reason", n, line)
		}
		reasons[strings.Join(words[:3], " ")] = &reason{text: strings.Join(words[3:], " ")}
	}
	return reasons, lines.Err()
}
