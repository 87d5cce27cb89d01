package review

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// settings are the findings of what concerns a stack as a whole: its provider, its
// backend, its outputs, and arguments that the code has every resource keep.
func (j *judging) settings() {
	add := func(e effect, address, path string) {
		j.verdict.Findings = append(j.verdict.Findings, Finding{Level: e.level, Address: address, Path: path, Text: e.text, Source: e.source, Attention: e.attention})
	}
	each := func(block string, known map[string]effect, before, after map[string]any) {
		for _, argument := range sortedKeys(before, after) {
			if reflect.DeepEqual(before[argument], after[argument]) {
				continue
			}
			e, is := known[argument]
			if !is {
				e = effect{level: Unknown, text: "no rule knows this argument"}
			}
			add(e, block, argument)
		}
	}
	each("provider aws", provider, j.before.Provider, j.after.Provider)
	each("backend s3", backend, j.before.Backend, j.after.Backend)
	for _, name := range slices.Sorted(maps.Keys(j.before.Outputs)) {
		if _, is := j.after.Outputs[name]; !is {
			add(look("this output goes: whoever reads it finds nothing", ""), "output."+name, "")
		}
	}
	for _, address := range sortedKeys(j.before.Resources, j.after.Resources) {
		old, was := j.before.Resources[address]
		now, is := j.after.Resources[address]
		if !was || !is {
			continue
		}
		for _, name := range sortedKeys(old.Meta, now.Meta) {
			if !reflect.DeepEqual(old.Meta[name], now.Meta[name]) {
				add(effect{level: Unknown, text: "no rule knows a change of " + name}, address, name)
			}
		}
		if old.Lifecycle.PreventDestroy && !now.Lifecycle.PreventDestroy {
			add(unguarded(now.Type), address, "lifecycle.prevent_destroy")
		}
		if j.planned {
			continue // Terraform knows what it ignores, and has refused what it refuses
		}
		for _, argument := range old.Lifecycle.IgnoreChanges {
			if !slices.Contains(now.Lifecycle.IgnoreChanges, argument) && sets(now, argument) {
				add(effect{level: Unknown, text: "Terraform no longer leaves " + argument + " as it is on AWS: what is there is not known without a plan"}, address, "lifecycle.ignore_changes")
			}
		}
		j.verdict.Findings = append(j.verdict.Findings, conditions(address, old, now)...)
	}
	for _, path := range sortedKeys(j.before.Rest, j.after.Rest) {
		old, now := j.before.Rest[path], j.after.Rest[path]
		if reflect.DeepEqual(old, now) {
			continue
		}
		what := "no rule knows it"
		// Whatever else it is may be secret: another provider's key, a variable's default.
		if within(path, "terraform") {
			what += fmt.Sprintf(": %s, and before %s", shownValue(path, now), shownValue(path, old))
		}
		add(effect{level: Unknown, text: what}, path, "")
	}
}

// unguarded is a resource that a plan may destroy from now on.
func unguarded(kind string) effect {
	e := look("a plan may destroy it from now on", preventDestroy)
	if holdsData(kind) {
		e.level = DataAtRisk
	}
	return e
}

// sets tells whether the code sets an argument, as ignore_changes names it.
func sets(r Resource, argument string) bool {
	if argument == "all" {
		return true
	}
	for path := range flat(r.Arguments) {
		if within(path, argument) {
			return true
		}
	}
	return false
}

const (
	providerPage = "https://registry.terraform.io/providers/hashicorp/aws/5.99.1/docs#argument-reference"
	backendPage  = "https://developer.hashicorp.com/terraform/language/backend/s3"
	otherAccount = "Terraform acts as somebody else: in another account, it would make everything anew"
	otherState   = "Terraform looks for the state elsewhere, and refuses to go on until it is moved there or forgotten: a mistake makes everything anew"
)

var provider = map[string]effect{
	"region":                 atRisk("everything would be made anew in another region, without the data, and what is deployed stays", providerPage),
	"default_tags":           nothing("tags of everything"),
	"profile":                {level: Unknown, text: otherAccount, source: providerPage},
	"assume_role":            {level: Unknown, text: otherAccount, source: providerPage},
	"allowed_account_ids":    look("Terraform refuses to touch other accounts than these", providerPage),
	"skip_region_validation": nothing("Terraform's own check of a region's name"),
}

var backend = map[string]effect{
	"bucket":  atRisk(otherState, backendPage),
	"key":     atRisk(otherState, backendPage),
	"region":  atRisk(otherState, backendPage),
	"encrypt": look("how the next version of the state is encrypted; the bucket encrypts in any case", backendPage),
	"dynamodb_table": look("locks are taken elsewhere: until everybody has this code, two deploys may not see each other "+
		"(go run ./cmd/state lock-mode)", backendPage+"#state-locking"),
	"use_lockfile": look("locks are taken elsewhere: until everybody has this code, two deploys may not see each other "+
		"(go run ./cmd/state lock-mode)", backendPage+"#state-locking"),
	"skip_region_validation": nothing("Terraform's own check of a region's name"),
}

// notes are what the findings cannot know.
func notes(s *Stack, withPlan bool) []string {
	if s == nil || withPlan {
		return nil
	}
	all := []string{"Without a plan: what others have changed on AWS is not known."}
	for _, address := range slices.Sorted(maps.Keys(s.Resources)) {
		r := s.Resources[address]
		if r.Type != "aws_launch_template" {
			continue
		}
		for _, ref := range references(r.Arguments["image_id"]) {
			if strings.HasPrefix(ref, "data.aws_ssm_parameter.") {
				all = append(all, "Each deploy takes the newest image of that day ("+address+"): if there is a new one, the deploy replaces the instances, too.")
			}
		}
	}
	return all
}
