package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"example.com/webserver-cluster/tests/cmd/internal/show"
	"example.com/webserver-cluster/tests/localaws"
	"example.com/webserver-cluster/tests/localaws/mysql"
)

func serveCommand(o *localaws.Options) *cobra.Command {
	var file string
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Run it until Ctrl-C and print what to export",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if !cmd.Flags().Changed("servers") {
				o.Servers = true
			}
			servers := "No servers run: the flag --servers says so."
			if o.Servers {
				var err error
				if servers, err = localaws.ServersOf(); err != nil {
					return err
				}
				o.Databases = mysql.Start // for an application on them
			}
			return serve(cmd.Context(), *o, file, servers)
		},
	}
	cmd.Flags().StringVar(&file, "env-file", "", "a file that holds, until Ctrl-C, what to export (default none)")
	return cmd
}

// rolloutPoll is how often the command rollout looks, in AWS time.
const rolloutPoll = 5 * time.Second

// serve runs it until Ctrl-C. servers is what to say of how instances run.
func serve(ctx context.Context, o localaws.Options, file, servers string) error {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	cloud, err := start(ctx, o)
	if err != nil {
		return err
	}
	defer cloud.Stop()
	exports := localaws.Exports(append(cloud.Environ(), fmt.Sprint("ROLLOUT_POLL=", cloud.Clock.Real(rolloutPoll))))
	if file != "" {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(file, []byte(exports), 0o600); err != nil {
			return err
		}
		defer remove(file, exports)
	}
	fmt.Print(exports)
	fmt.Fprint(os.Stderr, advice(cloud.Endpoint(), inProject(file), cloud.Clock.Factor(), cloud.Servers != nil))
	if cloud.Servers != nil {
		console, err := cloud.Console()
		if err != nil {
			return err
		}
		fmt.Fprintf(os.Stderr, "\nInstances, rollouts and alarms, in a browser: %s\n", console)
	}
	fmt.Fprintf(os.Stderr, "\n%s\n", strings.Join(show.Wrap(servers, show.Width), "\n"))
	<-ctx.Done()
	return nil
}

// remove removes the file unless another local AWS has written it since.
func remove(file, exports string) {
	if content, err := os.ReadFile(file); err == nil && string(content) == exports {
		os.Remove(file)
	}
}

// inProject is the path of a file from the project's folder, if it lies there.
func inProject(file string) string {
	root, err := localaws.AppDir()
	if err != nil {
		return file
	}
	if short, err := filepath.Rel(root, file); err == nil && filepath.IsLocal(short) {
		return short
	}
	return file
}

// advice is what to do with it.
func advice(endpoint, file string, factor float64, servers bool) string {
	var b strings.Builder
	fmt.Fprintf(&b, "\nThe local AWS runs at %s; its time runs %v times as fast as yours.\n", endpoint, factor)
	if file == "" {
		b.WriteString("In another terminal, paste the lines above, and then:\n")
	} else {
		fmt.Fprintf(&b, "In another terminal, in the project's folder, paste the lines above or\n  . %s\nand then:\n", file)
	}
	const read = `$(node -p "require('./build/outputs.json').stage.%s")`
	page := "curl -s " + fmt.Sprintf(read, "url")
	if !servers {
		page = "echo " + fmt.Sprintf(read, "url") + "    # answers nothing: no servers run here"
	}
	fmt.Fprintf(&b, `  make bootstrap YES=1      # the state store: a minute and a half
  npx cdktf deploy stage    # three minutes; prod likewise
  npx cdktf output stage --skip-synth --outputs-file build/outputs.json
  %s
  go run ./cmd/rollout status --group %s
Change ServerText in stacks/stage.go, and roll it out:
  npx cdktf deploy stage
And in the end:
  npx cdktf destroy stage
Ctrl-C here ends the local AWS; what was deployed is then gone.
`, page, fmt.Sprintf(read, "autoscaling_group_name"))
	return b.String()
}
