package main

import (
	"encoding/json"
	"fmt"
	"io"

	"example.com/webserver-cluster/tests/cmd/internal/show"
)

// outputs are those of a stack that the demo shows or uses.
type outputs struct {
	URL      string `json:"url"`
	Group    string `json:"autoscaling_group_name"`
	Database string `json:"database_address"`
}

// readOutputs reads the outputs of stacks as `cdktf output --outputs-file` has them.
func readOutputs(content []byte) (map[string]outputs, error) {
	var stacks map[string]outputs
	if err := json.Unmarshal(content, &stacks); err != nil {
		return nil, fmt.Errorf("the outputs: %w", err)
	}
	for stack, o := range stacks {
		if o.URL == "" || o.Group == "" {
			return nil, fmt.Errorf("cdktf output has no url or no autoscaling_group_name of %s: %s", stack, content)
		}
	}
	return stacks, nil
}

// environment is what the demo has made of one.
type environment struct {
	outputs
	name      string
	resources int    // that its deploy made
	page      string // where its page is
	says      string // the page's heading
	instances string // that serve
}

// table writes what there is of an environment, in no more columns than show.Width,
// unless a word is longer.
func table(w io.Writer, e environment) {
	const indent, name = "  ", 10
	fmt.Fprintf(w, "\n%s\n", e.name)
	for _, row := range [][2]string{
		{"page", e.page},
		{"says", e.says},
		{"instances", e.instances},
		{"group", e.Group},
		{"database", e.Database},
		{"resources", fmt.Sprint(e.resources)},
	} {
		if row[1] == "" {
			continue
		}
		for i, line := range show.Wrap(row[1], show.Width-len(indent)-name) {
			if i > 0 {
				row[0] = ""
			}
			fmt.Fprintf(w, "%s%-*s%s\n", indent, name, row[0], line)
		}
	}
}
