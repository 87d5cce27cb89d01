package synth_test

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"example.com/webserver-cluster/internal/review"
	"example.com/webserver-cluster/stacks"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// golden compares got with a file in testdata, or rewrites that with -update.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("there is no golden file %s: make golden writes it, for you to review", path)
	}
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(got, want) {
		return
	}
	gotLines, wantLines := strings.Split(string(got), "\n"), strings.Split(string(want), "\n")
	for i := range gotLines {
		if i >= len(wantLines) || gotLines[i] != wantLines[i] {
			old := "(end of file)"
			if i < len(wantLines) {
				old = wantLines[i]
			}
			t.Fatalf("%s differs first in line %d:\n got %s\nwant %s\nIf the change is meant: make golden, and review the difference.", path, i+1, gotLines[i], old)
		}
	}
	t.Fatalf("%s has %d more lines than what is synthesized. If the change is meant: make golden.", path, len(wantLines)-len(gotLines))
}

func TestGolden(t *testing.T) {
	for _, id := range synthesized.ids {
		t.Run(id, func(t *testing.T) {
			content, err := os.ReadFile(file(synthesized.dir, id))
			if err != nil {
				t.Fatal(err)
			}
			golden(t, id+".tf.json", content)
		})
	}
}

// TestSameInputSameBytes synthesizes a second time.
func TestSameInputSameBytes(t *testing.T) {
	dir := t.TempDir()
	synthesize(dir, synthesized.settings, stacks.Environments()...)
	for _, id := range synthesized.ids {
		first, err := os.ReadFile(file(synthesized.dir, id))
		if err != nil {
			t.Fatal(err)
		}
		second, err := os.ReadFile(file(dir, id))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(first, second) {
			t.Errorf("%s is synthesized differently the second time", id)
		}
	}
}

// TestStageAndProdDiffer shows in one file all that tells stage from prod.
// What both literals leave to the defaults cannot be in it, and what is in it
// should follow from a line in stage.go or prod.go.
func TestStageAndProdDiffer(t *testing.T) {
	var text strings.Builder
	for _, d := range review.TellApart(flat(load(t, "stage")), flat(load(t, "prod"))) {
		fmt.Fprintln(&text, d)
	}
	golden(t, "stage-to-prod.diff", []byte(text.String()))
}

// TestNameIsOnlyAName makes a stage of another name: nothing but the name may
// change. So no code asks which environment it is making.
func TestNameIsOnlyAName(t *testing.T) {
	twin := stacks.Stage
	twin.Name = "twin0" // as long as "stage": names may be cut
	twin.Cluster.ServerText = strings.ReplaceAll(twin.Cluster.ServerText, "stage", twin.Name)
	got, want := flat(synthesizeEnvironment(t, twin)), flat(load(t, "stage"))
	if !maps.Equal(got, want) {
		for _, key := range slices.Sorted(maps.Keys(want)) {
			if got[key] != want[key] {
				t.Errorf("%s: %s in the twin, %s in stage", key, got[key], want[key])
			}
		}
		t.Errorf("the twin has %d values, stage %d", len(got), len(want))
	}
}

// flat returns every value of a stack by its path.
func flat(s stack) map[string]string { return review.Values(s.id, s.json) }
