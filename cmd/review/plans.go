package main

import (
	"bytes"
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"example.com/webserver-cluster/internal/outdir"
	"example.com/webserver-cluster/internal/project"
	"example.com/webserver-cluster/internal/review"
)

// given are the plans of --plan-file, by stack.
func (w *work) given(files, names []string, after *synthesis, stack func(name string) *review.Stack) (map[string]planned, error) {
	plans := map[string]planned{}
	for _, argument := range files {
		name, file := "", argument
		if before, after, named := strings.Cut(argument, "="); named && (slices.Contains(names, before) || !exists(argument)) {
			name, file = before, after
		}
		if name != "" && !slices.Contains(names, name) {
			return nil, fmt.Errorf("--plan-file: %q: there is no stack %q: there are %s", argument, name, strings.Join(names, ", "))
		}
		content, err := w.readPlan(file, name, after)
		if err != nil {
			return nil, fmt.Errorf("--plan-file: %w", err)
		}
		if name, err = belongs(content, name, names, stack); err != nil {
			return nil, fmt.Errorf("--plan-file: %s %w", file, err)
		}
		if _, twice := plans[name]; twice {
			return nil, fmt.Errorf("--plan-file: %s: is the second plan of %s", file, name)
		}
		plans[name] = planned{json: content}
	}
	return plans, nil
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// belongs is the stack that a plan is of. A name that was given has to be right.
func belongs(content []byte, name string, names []string, stack func(name string) *review.Stack) (string, error) {
	if name != "" {
		_, err := review.ParsePlan(stack(name), content)
		return name, err
	}
	var found []string
	var reasons []string
	for _, n := range names {
		if _, err := review.ParsePlan(stack(n), content); err != nil {
			reasons = append(reasons, err.Error())
		} else {
			found = append(found, n)
		}
	}
	switch {
	case len(found) == 1:
		return found[0], nil
	case len(found) > 1:
		return "", fmt.Errorf("may be a plan of each of %s: write STACK=FILE", strings.Join(found, ", "))
	}
	if reasons = slices.Compact(reasons); len(reasons) == 1 {
		return "", fmt.Errorf("%s", reasons[0])
	}
	return "", fmt.Errorf("is a plan of none of %s as the code has them: it %s", strings.Join(names, ", "), strings.Join(reasons, "; it "))
}

// readPlan reads a plan, which Terraform turns into JSON where it is none yet.
func (w *work) readPlan(file, name string, after *synthesis) ([]byte, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	// "plan -out" writes a zip file.
	if !bytes.HasPrefix(content, []byte("PK\x03\x04")) {
		return content, nil
	}
	path, err := filepath.Abs(file)
	if err != nil {
		return nil, err
	}
	folder, err := w.initialized(name, after)
	if err == nil {
		content, err = w.show(folder, path)
	}
	if err != nil {
		err = fmt.Errorf("%s: %w", file, err)
	}
	return content, err
}

// initialized is a folder in which Terraform has the provider, which is all that it needs
// there: one of the project's, or else one of the review's.
func (w *work) initialized(name string, after *synthesis) (string, error) {
	for _, stack := range after.stacks {
		folder := outdir.Stack(project.OutputFolder("."), stack.Name)
		if (name == "" || name == stack.Name) && exists(filepath.Join(folder, ".terraform", "providers")) {
			return folder, nil
		}
	}
	name = cmp.Or(name, after.stacks[0].Name)
	folder := outdir.Stack(after.outdir, name)
	return folder, w.initialize(folder, name, "-backend=false")
}
