package main

import (
	"bytes"
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
func (w *work) given(files []string, names []string, stack func(name string) *review.Stack) (map[string]planned, error) {
	plans := map[string]planned{}
	for _, argument := range files {
		name, file := "", argument
		if before, after, named := strings.Cut(argument, "="); named && (slices.Contains(names, before) || !exists(argument)) {
			name, file = before, after
		}
		if name != "" && !slices.Contains(names, name) {
			return nil, fmt.Errorf("--plan-file: %q: there is no stack %q: there are %s", argument, name, strings.Join(names, ", "))
		}
		content, err := w.readPlan(file, name, names)
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
func (w *work) readPlan(file, name string, names []string) ([]byte, error) {
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
	// Where the plan was made: any folder does that has been initialized, since it is for
	// the provider only.
	folders := names
	if name != "" {
		folders = append([]string{name}, names...)
	}
	for _, n := range folders {
		folder := outdir.Stack(project.OutputFolder("."), n)
		if exists(filepath.Join(folder, ".terraform")) {
			content, err := w.show(folder, path)
			if err != nil {
				err = fmt.Errorf("%s: %w", file, err)
			}
			return content, err
		}
	}
	return nil, fmt.Errorf(`%s: is no JSON, and Terraform was initialized in no stack's folder here, to turn it into some: give what "terraform show -json" prints of it`, file)
}
