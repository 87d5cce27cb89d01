package environ

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/mattn/go-shellwords"

	"example.com/webserver-cluster/internal/faults"
)

// argumentsVariable holds options for every command of Terraform; with _ and a
// command's name behind it, for that one.
// https://developer.hashicorp.com/terraform/cli/config/environment-variables#tf_cli_args-and-tf_cli_args_name
const argumentsVariable = "TF_CLI_ARGS"

// An option of Terraform that leads elsewhere.
type option struct {
	when string // "true" or "false" for a switch that does so when it is that
	why  string
}

const (
	otherFile    = "the state would be kept in another file than the code says"
	otherBackend = "the state would be kept in another backend than the code says"
	copied       = "a state would be copied over another one without a question"
	part         = "a deploy would do a part of the stack, and report success"
	prints       = "Terraform would only print text, and report success"
)

// options are those of Terraform and OpenTofu that lead elsewhere. Others, such
// as -lock-timeout, -parallelism and -input, change how a command runs, not on what.
// https://developer.hashicorp.com/terraform/cli/commands/init
// https://developer.hashicorp.com/terraform/cli/commands/plan
// https://opentofu.org/docs/cli/commands/plan/
var options = map[string]option{
	"state":     {"", otherFile},
	"state-out": {"", otherFile},
	"backup":    {"", "the state before a change would be kept in another file than the code says"},
	"chdir":     {"", "Terraform would work in another folder than the stack's"},

	"backend":        {"false", "Terraform would not look at the backend that the code says"},
	"cloud":          {"false", "Terraform would not look at the backend that the code says"},
	"backend-config": {"", otherBackend},
	"from-module":    {"", "other code would be copied into the stack's folder"},
	"migrate-state":  {"true", copied},
	"force-copy":     {"true", copied},
	"reconfigure":    {"true", "Terraform would forget where the state was, and begin an empty one after a change of the backend"},

	"target":       {"", part},
	"target-file":  {"", part},
	"exclude":      {"", part},
	"exclude-file": {"", part},
	"replace":      {"", "a resource would be replaced at every deploy"},
	"destroy":      {"true", "a deploy would destroy the stack"},
	"refresh-only": {"true", "a deploy would change nothing, only read AWS into the state, and report success"},
	"refresh":      {"false", "a plan would be about what AWS had, not what it has"},
	"lock":         {"false", "no lock would be taken, and two deploys at once would spoil the state"},

	"help": {"true", prints}, "h": {"true", prints}, "version": {"true", prints}, "v": {"true", prints},
}

// valued are the other options that take a value, which may stand behind a space.
// Every further one is a switch, with a word of its own behind it.
var valued = []string{
	"fs-mirror", "generate-config-out", "json-into", "lock-timeout", "lockfile", "net-mirror", "out", "parallelism",
	"platform", "plugin-dir", "test-directory", "var", "var-file",
}

// checkArguments finds the options in the variables for Terraform's command line.
func checkArguments(f *faults.List, set map[string]string) {
	for _, name := range slices.Sorted(maps.Keys(set)) {
		if name != argumentsVariable && !strings.HasPrefix(name, argumentsVariable+"_") {
			continue
		}
		value := set[name]
		words, err := shellwords.Parse(value) // as Terraform does
		if err != nil {
			f.Add(variable(name), value, "Terraform cannot read it as a command line: correct it")
			continue
		}
		isValue := false // of the option before
		for _, word := range words {
			if !strings.HasPrefix(word, "-") {
				if !isValue {
					f.Add(variable(name), value, "Terraform would take %q for a plan or a folder: take it out", word)
				}
				isValue = false
				continue
			}
			// One hyphen or two, as Go's package flag has it.
			key, given, hasValue := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(word, "-"), "-"), "=")
			o, known := options[key]
			isValue = !hasValue && (known && o.when == "" || slices.Contains(valued, key))
			if known && o.applies(given, hasValue) {
				f.Add(variable(name), value, "with -%s, %s: take it out", key, o.why)
			}
		}
	}
}

// applies tells whether an option given so leads elsewhere.
func (o option) applies(given string, hasValue bool) bool {
	if o.when == "" {
		return true
	}
	on := true
	if hasValue {
		var err error
		if on, err = strconv.ParseBool(given); err != nil {
			return false // Terraform refuses it
		}
	}
	return strconv.FormatBool(on) == o.when
}
