package servers

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// runScripts runs the image's script and the user data, one after the other.
func runScripts(order bootOrder) error {
	for _, s := range []struct{ name, path, text string }{
		{"image script", "/run/image", order.Image},
		// Where cloud-init puts it.
		{"user data", "/var/lib/cloud/instance/scripts/part-001", order.UserData},
	} {
		if s.text == "" {
			continue
		}
		if !strings.HasPrefix(s.text, "#!") {
			return fmt.Errorf("%s: it starts with %.20q; only scripts, which start with #!, are run here", s.name, s.text)
		}
		path := root + s.path
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, []byte(rebase(s.text, root)), 0o700); err != nil {
			return err
		}
		cmd := exec.Command(path)
		cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
		if err := cmd.Run(); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
	}
	return nil
}
