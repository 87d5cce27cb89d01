package main

import (
	"bufio"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

var errUnconfirmed = errors.New(`not confirmed: nothing was changed (a script answers with --yes)`)

// yesFlag adds the flag that answers the command's questions.
func yesFlag(cmd *cobra.Command, yes *bool) {
	cmd.Flags().BoolVarP(yes, "yes", "y", false, `answer every question with "yes"`)
}

// confirm asks a question unless yes answers it. It returns errUnconfirmed for
// any answer but "yes", and for none.
func confirm(cmd *cobra.Command, yes bool, question string) error {
	if yes {
		return nil
	}
	fmt.Fprintf(cmd.OutOrStdout(), "%s Only \"yes\" does it: ", question)
	answer, err := bufio.NewReader(cmd.InOrStdin()).ReadString('\n')
	if err != nil { // no terminal and nothing in its place
		fmt.Fprintln(cmd.OutOrStdout())
	}
	if strings.TrimSpace(answer) != "yes" {
		return errUnconfirmed
	}
	return nil
}
