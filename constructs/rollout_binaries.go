package constructs

import (
	_ "embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"example.com/webserver-cluster/internal/faults"
)

// rolloutScript finds the binary for the machine that deploys.
//
//go:embed rollout.sh
var rolloutScript []byte

const rolloutScriptName = "rollout.sh"

// rolloutPlatforms are those that rolloutScript tells apart.
var rolloutPlatforms = []string{"darwin/amd64", "darwin/arm64", "linux/amd64", "linux/arm64", "windows/amd64", "windows/arm64"}

func checkRolloutPlatforms(f *faults.List, platforms []string) {
	for i, platform := range platforms {
		field := fmt.Sprintf("RolloutPlatforms[%d]", i)
		switch {
		case !slices.Contains(rolloutPlatforms, platform):
			f.Add(field, platform, "must be one of %q%s", rolloutPlatforms, didYouMean(platform, rolloutPlatforms))
		case slices.Contains(platforms[:i], platform):
			f.Add(field, platform, "is there already")
		}
	}
}

// builtRollouts are the binaries that this process has built, by platform: the next
// cluster gets a copy.
var builtRollouts = map[string][]byte{}

// buildRollout writes the command rollout for each of the platforms, and the script that
// chooses among them, to dir. The same source and the same Go make the same bytes.
func buildRollout(dir string, platforms []string) error {
	if err := os.RemoveAll(dir); err != nil { // what another list has left there
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for _, platform := range platforms {
		system, processor, _ := strings.Cut(platform, "/")
		binary := filepath.Join(dir, system+"_"+processor, "rollout")
		if system == "windows" {
			binary += ".exe"
		}
		if content, ok := builtRollouts[platform]; ok {
			if err := os.MkdirAll(filepath.Dir(binary), 0o755); err != nil {
				return err
			}
			if err := os.WriteFile(binary, content, 0o755); err != nil {
				return err
			}
			continue
		}
		build := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w", "-o", binary, "./cmd/rollout")
		// Without C, it runs on any Linux; the rest is Go's default, whatever the
		// environment has for other builds.
		build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+system, "GOARCH="+processor, "GOAMD64=v1", "GOARM64=v8.0", "GOFLAGS=")
		if output, err := build.CombinedOutput(); err != nil {
			return fmt.Errorf("building cmd/rollout for %s: %w: %s", platform, err, strings.TrimSpace(string(output)))
		}
		content, err := os.ReadFile(binary)
		if err != nil {
			return err
		}
		builtRollouts[platform] = content
	}
	return os.WriteFile(filepath.Join(dir, rolloutScriptName), rolloutScript, 0o755)
}
