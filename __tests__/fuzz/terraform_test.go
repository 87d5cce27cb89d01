package fuzz_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// batch is how many accepted samples go through Terraform at once, the first of them
// drawn by the seed of the number batchSeed.
const batch, batchSeed = 30, 1_000_000

// TestTerraformTakesWhatValidateAccepts: the schema has none of the provider's own
// rules, for CIDRs, lengths and the like. Each stack is a module of one
// configuration, so that Terraform and the provider start once.
func TestTerraformTakesWhatValidateAccepts(t *testing.T) {
	root := t.TempDir()
	samples := map[string]sample{} // by module
	drawn, accepted := 0, 0
	add := func(name string, s sample) {
		drawn++
		made, err := check(s)
		switch {
		case errors.Is(err, errRefused):
			return
		case err != nil:
			t.Errorf("%s: %v\n%s", name, err, literal(reflect.ValueOf(s), ""))
			return
		}
		accepted++
		for id, content := range made {
			module := name + "_" + id
			if err := writeModule(filepath.Join(root, module), content); err != nil {
				t.Fatal(err)
			}
			samples[module] = s
		}
	}
	for i, f := range found {
		add(fmt.Sprintf("found_%d", i), f.sample)
	}
	for seed := uint64(batchSeed); accepted < batch && drawn < 6*batch; seed++ {
		draw := []func(*draw) sample{drawEnvironment, drawOwn}[seed%2]
		add(fmt.Sprintf("seed_%d", seed), draw(newDraw(seeded(seed))))
	}
	t.Logf("%d of %d samples accepted, %d stacks", accepted, drawn, len(samples))
	if accepted < batch {
		t.Errorf("%d samples accepted, want %d: too few for the test to show anything", accepted, batch)
	}
	for len(samples) > 0 {
		faults, err := validateModules(root, slices.Sorted(maps.Keys(samples)))
		if err != nil {
			t.Fatal(err)
		}
		if len(faults) == 0 {
			return
		}
		// A stack that Terraform cannot read hides the faults of the others.
		for _, module := range slices.Sorted(maps.Keys(faults)) {
			t.Errorf("%s: %s\n%s", module, strings.Join(faults[module], "\n"), literal(reflect.ValueOf(samples[module]), ""))
			delete(samples, module)
		}
	}
}

// writeModule writes a stack as a module: without what only a root module has.
func writeModule(dir string, content []byte) error {
	var sections map[string]json.RawMessage
	if err := json.Unmarshal(content, &sections); err != nil {
		return err
	}
	delete(sections, "terraform")
	delete(sections, "provider")
	return writeJSON(dir, sections)
}

func writeJSON(dir string, content any) error {
	encoded, err := json.Marshal(content)
	if err == nil {
		err = os.MkdirAll(dir, 0o755)
	}
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "main.tf.json"), encoded, 0o600)
}

// validateModules has Terraform validate a configuration of these modules, and
// returns what it says against each.
func validateModules(root string, modules []string) (map[string][]string, error) {
	sources := map[string]map[string]string{}
	for _, module := range modules {
		sources[module] = map[string]string{"source": "./" + module}
	}
	if err := writeJSON(root, map[string]any{"module": sources}); err != nil {
		return nil, err
	}
	// Where a stack cannot be read, it fails, and validate says why.
	initialized, initError := terraform(root, "init", "-no-color")
	output, _ := terraform(root, "validate", "-json")
	var result struct {
		Valid       bool `json:"valid"`
		Diagnostics []struct {
			Severity, Summary, Detail, Address string
			Range                              struct{ Filename string }
		} `json:"diagnostics"`
	}
	if err := json.Unmarshal(output, &result); err != nil {
		return nil, fmt.Errorf("terraform validate: %w: %s", err, output)
	}
	faults := map[string][]string{}
	for _, d := range result.Diagnostics {
		if d.Severity == "error" {
			module := filepath.Dir(d.Range.Filename)
			if !slices.Contains(modules, module) {
				return nil, fmt.Errorf("terraform validate: %s: %s\n%s", d.Summary, d.Detail, initialized)
			}
			faults[module] = append(faults[module], fmt.Sprintf("%s: %s: %s", d.Address, d.Summary, d.Detail))
		}
	}
	if len(faults) == 0 && (initError != nil || !result.Valid) {
		return nil, fmt.Errorf("terraform init: %v: %s", initError, initialized)
	}
	return faults, nil
}
