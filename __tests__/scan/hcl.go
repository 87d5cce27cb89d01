package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// toHCL writes a stack's Terraform JSON in Terraform's own language: tfsec looks
// into no block of a .tf.json file, and reports that what is in there is missing.
// A list of objects is a list of blocks, in all that the stacks hold.
func toHCL(stack []byte) (string, error) {
	var sections map[string]any
	if err := json.Unmarshal(stack, &sections); err != nil {
		return "", err
	}
	w := &hcl{}
	for _, section := range slices.Sorted(maps.Keys(sections)) {
		switch content, _ := sections[section].(map[string]any); section {
		case "resource", "data":
			for _, kind := range slices.Sorted(maps.Keys(content)) {
				named := content[kind].(map[string]any)
				for _, name := range slices.Sorted(maps.Keys(named)) {
					w.block(fmt.Sprintf("%s %q %q", section, kind, name), named[name].(map[string]any))
				}
			}
		case "provider":
			for _, name := range slices.Sorted(maps.Keys(content)) {
				for _, block := range content[name].([]any) {
					w.block(fmt.Sprintf("provider %q", name), block.(map[string]any))
				}
			}
		case "locals":
			w.block("locals", content)
		}
	}
	return w.String(), nil
}

// hcl is a text in Terraform's language.
type hcl struct{ strings.Builder }

func (w *hcl) block(head string, body map[string]any) {
	fmt.Fprintf(w, "%s {\n", head)
	for _, name := range slices.Sorted(maps.Keys(body)) {
		if name == "//" {
			continue
		}
		if list, ok := body[name].([]any); ok && blocks(list) {
			for _, block := range list {
				w.block(name, block.(map[string]any))
			}
			continue
		}
		if name == "lifecycle" {
			w.block(name, body[name].(map[string]any))
			continue
		}
		fmt.Fprintf(w, "%s = %s\n", name, expression(body[name]))
	}
	w.WriteString("}\n")
}

func blocks(list []any) bool {
	return len(list) > 0 && !slices.ContainsFunc(list, func(v any) bool { _, object := v.(map[string]any); return !object })
}

func expression(value any) string {
	switch value := value.(type) {
	case string:
		return template(value)
	case []any:
		var list []string
		for _, v := range value {
			list = append(list, expression(v))
		}
		return "[" + strings.Join(list, ", ") + "]"
	case map[string]any:
		var list []string
		for _, key := range slices.Sorted(maps.Keys(value)) {
			list = append(list, fmt.Sprintf("%q = %s", key, expression(value[key])))
		}
		return "{" + strings.Join(list, ", ") + "}"
	}
	return fmt.Sprint(value) // a number or a boolean
}

// template quotes a string but for what stands between ${ and }: in there, quotes
// are Terraform's.
func template(s string) string {
	var text strings.Builder
	for s != "" {
		start := strings.Index(s, "${")
		if start < 0 || start > 0 && s[start-1] == '$' { // none, or an escaped one
			start = len(s)
		}
		text.WriteString(quoted(s[:start]))
		if s = s[start:]; s == "" {
			break
		}
		end, depth, inQuotes := 0, 0, false
		for i, r := range s {
			switch {
			case r == '"':
				inQuotes = !inQuotes
			case r == '{' && !inQuotes:
				depth++
			case r == '}' && !inQuotes:
				depth--
			}
			if r == '}' && depth == 0 {
				end = i + 1
				break
			}
		}
		text.WriteString(s[:end])
		s = s[end:]
	}
	return `"` + text.String() + `"`
}

func quoted(s string) string {
	q := strconv.QuoteToGraphic(s)
	return q[1 : len(q)-1]
}
