package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// width is that of a terminal as narrow as any.
const width = 80

// writeOutputs writes the outputs of stacks, as `cdktf output --outputs-file` has
// them, a block for each stack. A value stands whole in one line, to be copied; a
// command that is too long for one goes on after a backslash, as in a shell.
func writeOutputs(w io.Writer, outputs []byte) error {
	var stacks map[string]map[string]json.RawMessage
	if err := json.Unmarshal(outputs, &stacks); err != nil {
		return fmt.Errorf("the outputs: %w", err)
	}
	const indent = "  "
	for _, stack := range slices.Sorted(maps.Keys(stacks)) {
		fmt.Fprintf(w, "\n%s\n", stack)
		values, longest := stacks[stack], 0
		for name := range values {
			longest = max(longest, len(name))
		}
		for _, name := range slices.Sorted(maps.Keys(values)) {
			value, err := plain(values[name])
			if err != nil {
				return fmt.Errorf("the output %s of %s: %w", name, stack, err)
			}
			if line := fmt.Sprintf("%s%-*s  %s", indent, longest, name, value); len(line) <= width {
				fmt.Fprintln(w, line)
				continue
			}
			fmt.Fprintln(w, indent+name)
			for _, line := range wrap(value, width-2*len(indent)) {
				// What would be too long with an indent has none.
				fmt.Fprintln(w, strings.Repeat(" ", min(2*len(indent), max(0, width-len(line))))+line)
			}
		}
	}
	return nil
}

// plain is a string as it is, if it stays in its line, and any other value as JSON.
func plain(value json.RawMessage) (string, error) {
	var text string
	if json.Unmarshal(value, &text) == nil && text != "" && !strings.ContainsAny(text, "\r\n\t") {
		return text, nil
	}
	var compact bytes.Buffer
	err := json.Compact(&compact, value)
	return compact.String(), err
}

// wrap breaks text at spaces into lines of at most width bytes, longer only for a
// word that is, and ends each but the last with a backslash.
func wrap(text string, width int) []string {
	if len(text) <= width {
		return []string{text}
	}
	const more = ` \`
	words := strings.Split(text, " ")
	lines := words[:1:1]
	for _, word := range words[1:] {
		if last := &lines[len(lines)-1]; len(*last)+len(" "+word+more) <= width {
			*last += " " + word
		} else {
			*last += more
			lines = append(lines, word)
		}
	}
	return lines
}
