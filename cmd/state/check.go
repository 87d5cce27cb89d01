package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

func checkCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "check [STACK]...",
		Short: "Say whether credentials, bucket, table and states are in order",
		Long: `Say whether credentials, bucket, table and states are in order. Without a stack it
looks at all states. It writes nothing; what it finds wrong comes with what to do about it.
` + exitHelp,
		Example: "  go run ./cmd/state check\n  go run ./cmd/state check stage && npx cdktf deploy stage",
		RunE: func(cmd *cobra.Command, args []string) error {
			store, err := open(cmd.Context())
			if err != nil {
				return err
			}
			out, wrong := cmd.OutOrStdout(), 0
			for _, f := range store.Check(cmd.Context(), args...) {
				result, is := "ok", f.Is
				if f.Err != nil {
					wrong++
					result, is = "WRONG", strings.ReplaceAll(f.Err.Error(), "\n", "\n                        ")
				}
				fmt.Fprintf(out, "%-6s %-16s %s\n", result, f.What, is)
			}
			if wrong > 0 {
				return errors.New("not everything is in order")
			}
			return nil
		},
	}
}
