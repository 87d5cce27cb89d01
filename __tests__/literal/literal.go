// Package literal has an app for tests that deploy an environment of their own: the
// project's constructs, and a literal that a file has, so that each deploy can have
// another one.
package literal

import (
	_ "embed"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"

	"example.com/webserver-cluster/constructs"
	"example.com/webserver-cluster/stacks"
)

// Literal is an environment, and what is other in its stack.
type Literal struct {
	// Environment is the literal. Its Cluster's UserDataFrom, which is code, cannot be
	// told here.
	Environment stacks.Environment
	// Overrides are values by their path in the stack's JSON: the way out for what
	// Validate refuses.
	Overrides map[string]any
}

// MarshalJSON is what the app reads.
func (l Literal) MarshalJSON() ([]byte, error) {
	type cluster struct {
		constructs.WebserverClusterProps
		UserDataFrom *struct{} `json:",omitempty"` // in place of the function
	}
	type environment struct {
		stacks.Environment
		Cluster cluster
	}
	return json.Marshal(struct {
		Environment environment
		Overrides   map[string]any
	}{environment{l.Environment, cluster{l.Environment.Cluster, nil}}, l.Overrides})
}

// app is the source of the app.
//
//go:embed app/main.go
var app []byte

// Write makes the copy of the project in dir an app with this literal.
func (l Literal) Write(dir string) error {
	return errors.Join(os.WriteFile(filepath.Join(dir, "main.go"), app, 0o644), l.WriteFile(filepath.Join(dir, "environment.json")))
}

// WriteFile writes the literal to a file, whose name the app can get as its argument.
func (l Literal) WriteFile(path string) error {
	content, err := json.Marshal(l)
	if err != nil {
		return err
	}
	return os.WriteFile(path, content, 0o644)
}
