package main

import (
	"errors"
	"fmt"

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
	var answer string
	// Reads this line alone: the next question's answer may stand behind it.
	_, err := fmt.Fscanln(cmd.InOrStdin(), &answer)
	if err != nil { // no terminal and nothing in its place
		fmt.Fprintln(cmd.OutOrStdout())
	}
	if err != nil || answer != "yes" {
		return errUnconfirmed
	}
	return nil
}
