package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"os"
	"regexp"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"example.com/webserver-cluster/internal/faults"
	"example.com/webserver-cluster/internal/rollout"
)

// rolloutFlags are the flags of a rollout.
type rolloutFlags struct {
	rollout.Options
	preferences string
}

func (f *rolloutFlags) add(flags *pflag.FlagSet) {
	flags.SortFlags = false
	flags.Int64Var(&f.Version, "template-version", 0, "launch template version to roll out (default: the group's own)")
	flags.StringVar(&f.TemplateID, "template", "", "id of the launch template that it is a version of (default: the group's own)")
	flags.StringVar(&f.preferences, "preferences", "", "preferences of a refresh that it starts, as JSON (default: the group's own)")
	flags.DurationVar(&f.Timeout, "timeout", time.Hour, "time for the rollout, besides pauses at checkpoints; its rollback gets as much again")
	flags.BoolVar(&f.Rollback, "rollback", true, "after a failure go back to the version before")
	flags.IntVar(&f.GiveUpAfter, "give-up-after", 3, "new instances, or launches, in a row that may fail; 0: AWS's limit, an hour")
	flags.DurationVar(&f.Poll, "poll", 5*time.Second, "pause between two looks at the group")
}

var templateRule = regexp.MustCompile(`^lt-[0-9a-f]+$`)

// options returns what the flags say. An error names every one that is wrong.
func (f *rolloutFlags) options(flags *pflag.FlagSet) (rollout.Options, error) {
	var found faults.List
	opts := f.Options
	if f.preferences != "" {
		name := nameOf(flags.Lookup("preferences"))
		err := json.Unmarshal([]byte(f.preferences), &opts.Preferences)
		switch {
		case errors.As(err, new(*json.SyntaxError)):
			found.Add(name, f.preferences, `must be JSON such as {"InstanceWarmup": 120}: %v`, err)
		case errors.As(err, new(*json.UnmarshalTypeError)):
			found.Add(name, f.preferences, `must be a JSON object such as {"InstanceWarmup": 120}`)
		default:
			found.In(name, cmp.Or(err, opts.Preferences.Validate()))
		}
	}
	check := func(flag string, value any, good bool, rule string) {
		if !good {
			found.Add(nameOf(flags.Lookup(flag)), value, "%s", rule)
		}
	}
	check("template-version", opts.Version, opts.Version >= 1 || !flags.Changed("template-version"), "must be 1 or more")
	check("template", opts.TemplateID, opts.TemplateID == "" || templateRule.MatchString(opts.TemplateID), "must be the id of a launch template, such as lt-0123456789abcdef0")
	if opts.TemplateID != "" && !flags.Changed("template-version") {
		found.Missing(nameOf(flags.Lookup("template-version")), "it goes with "+nameOf(flags.Lookup("template")))
	}
	check("timeout", opts.Timeout, opts.Timeout > 0, "must be above 0")
	check("poll", opts.Poll, opts.Poll > 0, "must be above 0")
	check("give-up-after", opts.GiveUpAfter, opts.GiveUpAfter >= 0, "must be 0 or more")
	return opts, found.Err()
}

// fromEnvironment sets each flag that was not given from its variable in the
// environment: --give-up-after from ROLLOUT_GIVE_UP_AFTER.
func fromEnvironment(flags *pflag.FlagSet) error {
	var found faults.List
	flags.VisitAll(func(flag *pflag.Flag) {
		variable := "ROLLOUT_" + strings.ToUpper(strings.ReplaceAll(flag.Name, "-", "_"))
		value := os.Getenv(variable)
		if flag.Changed || value == "" {
			return
		}
		if err := flag.Value.Set(value); err != nil {
			found.Add(variable, value, "%v", err)
		}
		flag.Changed = true
		flag.Annotations = map[string][]string{variableKey: {variable}}
	})
	if err := found.Err(); err != nil {
		return usageError{err}
	}
	return nil
}

const variableKey = "environment variable"

// nameOf is where the user wrote the flag's value: --poll or ROLLOUT_POLL.
func nameOf(flag *pflag.Flag) string {
	if variable := flag.Annotations[variableKey]; variable != nil {
		return variable[0]
	}
	return "--" + flag.Name
}
