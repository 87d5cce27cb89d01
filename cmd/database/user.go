package main

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"

	"github.com/spf13/cobra"

	"example.com/webserver-cluster/internal/database"
	"example.com/webserver-cluster/internal/identity"
	"example.com/webserver-cluster/internal/project"
	"example.com/webserver-cluster/internal/rdsca"
	"example.com/webserver-cluster/internal/state"
)

const userHelp = `Make the user that an environment's servers log in as.

It is the ApplicationUser of the environment's Database, who logs in with an IAM token
in place of a password. He may read and write rows and change the schema in the
environment's database, and nothing elsewhere. Run it once, after the deploy that made
the database or restored it. Run again, it changes nothing.

Nobody reaches the database from outside. So open a way in first, through one of the
environment's instances (with the Session Manager plugin of the aws command), and leave
it open meanwhile:

  aws ssm start-session --target INSTANCE-ID \
    --document-name AWS-StartPortForwardingSessionToRemoteHost \
    --parameters host=DATABASE_ADDRESS,portNumber=3306,localPortNumber=13306

The command reads the environment's state, to find the database, and the master user's
secret: where an environment has a profile or a role of its own (Profile,
AssumeRoleARN), as that one, taken from what was synthesized last, in cdktf.out. It
verifies that it is this database which answers, by RDS's certificates.

Exit status:
  0  done, or nothing to do
  1  AWS or the database could not be asked or refused
  2  wrong command line`

// way is how the command reaches the database.
type way struct{ address, caFile string }

func userCommand() *cobra.Command {
	var w way
	cmd := &cobra.Command{
		Use:     "user ENVIRONMENT",
		Short:   "Make the user that an environment's servers log in as",
		Long:    userHelp,
		Example: "  go run ./cmd/database user stage --address 127.0.0.1:13306",
		Args:    arguments(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			if _, _, err := net.SplitHostPort(w.address); w.address != "" && err != nil {
				return usage(cmd, fmt.Errorf("--address: %q: must be HOST:PORT, such as 127.0.0.1:13306", w.address))
			}
			return makeUser(cmd, args[0], w)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&w.address, "address", "", "where the port forwarding to the database begins, HOST:PORT (default: the database's own address)")
	flags.StringVar(&w.caFile, "ca-file", "", "PEM file with the certificates that the database's is to be signed by (default: RDS's own, of all regions)")
	return cmd
}

func makeUser(cmd *cobra.Command, name string, w way) error {
	ctx, out := cmd.Context(), cmd.OutOrStdout()
	roots, err := w.roots()
	if err != nil {
		return err
	}
	settings, err := project.LoadFile(".")
	if err != nil {
		return err
	}
	target, err := find(ctx, settings, name)
	if err != nil {
		return err
	}
	who, err := identity.OfEnvironment(settings, name)
	if err != nil {
		return err
	}
	cfg, _, err := who.Config(ctx, settings.Region)
	if err != nil {
		return err
	}
	master, err := target.Master(ctx, cfg)
	if err != nil {
		return err
	}
	db, err := target.Open(master, w.address, roots)
	if err != nil {
		return err
	}
	defer db.Close()
	if err := db.PingContext(ctx); err != nil {
		return fmt.Errorf("connecting to %s%s: %w", target.Endpoint(), w.via(), err)
	}
	fmt.Fprintf(out, "%s%s, as %s\n", target.Endpoint(), w.via(), master.Username)
	if err := target.MakeUser(ctx, db, func(statement string) { fmt.Fprintln(out, statement) }); err != nil {
		return err
	}
	fmt.Fprintf(out, "The servers of %s log in to %s as %s, with an IAM token.\n", name, target.Name, target.User)
	return nil
}

// find finds the environment's database in the outputs of its stack.
func find(ctx context.Context, settings project.Settings, name string) (database.Target, error) {
	store, err := state.Open(ctx, settings, nil)
	if err != nil {
		return database.Target{}, err
	}
	object, err := store.Stack(name).Load(ctx, "")
	if err != nil {
		return database.Target{}, fmt.Errorf("%s: %w", name, err)
	}
	t, err := database.NewTarget(object.Output)
	if err != nil {
		return t, fmt.Errorf("%s: %w", name, err)
	}
	return t, nil
}

func (w way) roots() (*x509.CertPool, error) {
	pem := rdsca.Bundle
	if w.caFile != "" {
		var err error
		if pem, err = os.ReadFile(w.caFile); err != nil {
			return nil, fmt.Errorf("--ca-file: %w", err)
		}
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("--ca-file: %q: %w", w.caFile, errors.New("holds no certificate in PEM's form"))
	}
	return roots, nil
}

func (w way) via() string {
	if w.address == "" {
		return ""
	}
	return " by way of " + w.address
}
