package synth_test

import (
	"os"
	"path/filepath"
	"testing"

	"example.com/webserver-cluster/internal/project"
	"example.com/webserver-cluster/internal/providerlock"
)

// TestProviderLock: the lock file that was reviewed lies in each stack's folder, also
// after an init has written another one.
func TestProviderLock(t *testing.T) {
	reviewed, err := os.ReadFile(filepath.Join(root, providerlock.Path))
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range synthesized.ids {
		if got := lockOf(t, synthesized.dir, id); got != providerlock.For("terraform", string(reviewed)) {
			t.Errorf("%s has\n%s", id, got)
		}
	}
	dir := t.TempDir()
	synthesize(dir, synthesized.settings, trial)
	for _, id := range []string{project.StateStack, trial.Name} {
		if err := os.WriteFile(filepath.Join(filepath.Dir(file(dir, id)), providerlock.Name), []byte("# another one"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv(project.BinaryVariable, "tofu")
	synthesize(dir, synthesized.settings, trial)
	for _, id := range []string{project.StateStack, trial.Name} {
		if got := lockOf(t, dir, id); got != providerlock.For("tofu", string(reviewed)) {
			t.Errorf("%s has\n%s", id, got)
		}
	}
}

// lockOf is the lock file in a stack's folder.
func lockOf(t *testing.T, dir, id string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(filepath.Dir(file(dir, id)), providerlock.Name))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}
