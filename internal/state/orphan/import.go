package orphan

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"

	"example.com/webserver-cluster/internal/identity"
	"example.com/webserver-cluster/internal/project"
	"example.com/webserver-cluster/internal/providerlock"
	"example.com/webserver-cluster/internal/state"
)

// Outcome is what became of the import of an orphan.
type Outcome int

const (
	Imported    Outcome = iota
	Missing             // it does not exist
	Failed              // the error of Import says why
	Interrupted         // the context was done
)

// Import imports orphans with `terraform import` and returns a state with each.
// It works in a folder of its own with a local state: neither the stack's state
// nor anything on AWS changes. dir is the folder of the synthesized stack. done is
// called after each orphan, from several goroutines at once, with what became of it.
// Orphans that turn out not to exist are left out. If some cannot be imported,
// the error names each, and the states of the others are returned.
func Import(ctx context.Context, dir string, orphans []Orphan, done func(Orphan, Outcome)) ([]*state.File, error) {
	scratch, err := os.MkdirTemp("", "import-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(scratch)
	if err := prepare(ctx, dir, scratch); err != nil {
		return nil, err
	}

	files, errs := make([]*state.File, len(orphans)), make([]error, len(orphans))
	var group errgroup.Group
	group.SetLimit(runtime.NumCPU()) // each import keeps one busy: it starts the provider
	for i, o := range orphans {
		group.Go(func() error {
			file, err := importOne(ctx, scratch, fmt.Sprintf("%d.tfstate", i), o)
			switch {
			case errors.Is(err, errNotThere):
				done(o, Missing)
			case ctx.Err() != nil:
				done(o, Interrupted)
			case err != nil:
				done(o, Failed)
				errs[i] = err
			default:
				done(o, Imported)
				files[i] = file
			}
			return nil
		})
	}
	group.Wait()
	if ctx.Err() != nil {
		return nil, errors.New("interrupted; nothing was written")
	}
	return slices.DeleteFunc(files, func(f *state.File) bool { return f == nil }), errors.Join(errs...)
}

// prepare makes scratch a Terraform folder with the stack's configuration, but
// with a local state.
func prepare(ctx context.Context, dir, scratch string) error {
	content, err := os.ReadFile(filepath.Join(dir, identity.ConfigFile))
	if err != nil {
		return err
	}
	var configuration map[string]any
	if err := json.Unmarshal(content, &configuration); err != nil {
		return fmt.Errorf("%s in %s: %w", identity.ConfigFile, dir, err)
	}
	if settings, ok := configuration["terraform"].(map[string]any); ok {
		delete(settings, "backend")
	}
	if content, err = json.Marshal(configuration); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(scratch, identity.ConfigFile), content, 0o600); err != nil {
		return err
	}
	// The stack's own providers, if it has been deployed from here, spare a
	// download.
	if providers, err := filepath.Abs(filepath.Join(dir, ".terraform", "providers")); err == nil {
		if _, err := os.Stat(providers); err == nil {
			if err := os.Mkdir(filepath.Join(scratch, ".terraform"), 0o755); err != nil {
				return err
			}
			if err := os.Symlink(providers, filepath.Join(scratch, ".terraform", "providers")); err != nil {
				return err
			}
		}
	}
	if lock, err := os.ReadFile(filepath.Join(dir, providerlock.Name)); err == nil {
		if err := os.WriteFile(filepath.Join(scratch, providerlock.Name), lock, 0o644); err != nil {
			return err
		}
	}
	return terraform(ctx, scratch, "init", "-no-color", "-input=false")
}

// errNotThere means that an orphan does not exist. One that was found by its tags
// may have gone in the meantime, too: the list of tags is not always the newest.
var errNotThere = errors.New("does not exist")

// notThere is how Terraform says that; the provider looks for the association of a
// route table before Terraform does, and says it in its own words. Anything else,
// such as no permission, tells nothing of whether the resource exists.
var notThere = regexp.MustCompile(`Error: (Cannot import non-existent remote object|No association found between route table ID)`)

func importOne(ctx context.Context, dir, stateFile string, o Orphan) (*state.File, error) {
	err := terraform(ctx, dir, "import", "-no-color", "-input=false", "-lock=false", "-backup=-", "-state="+stateFile, o.Address, o.ID)
	switch {
	case err != nil && notThere.MatchString(err.Error()):
		return nil, errNotThere
	case err != nil:
		return nil, fmt.Errorf("import %s (%s): %w", o.Address, o.ID, err)
	}
	content, err := os.ReadFile(filepath.Join(dir, stateFile))
	if err != nil {
		return nil, err
	}
	return state.Parse(content)
}

// terraform runs Terraform in dir. The error has what it said.
func terraform(ctx context.Context, dir string, args ...string) error {
	cmd := exec.CommandContext(ctx, cmp.Or(os.Getenv(project.BinaryVariable), "terraform"), args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "TF_IN_AUTOMATION=1", "TF_DATA_DIR=")
	// Killed, Terraform would leave the provider's process behind.
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("terraform %s: %w\n%s", args[0], err, bytes.TrimSpace(stderr.Bytes()))
	}
	return nil
}
