package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"
)

var errUnconfirmed = errors.New("not confirmed (a script answers with --yes)")

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
	out, ctx := cmd.OutOrStdout(), cmd.Context()
	fmt.Fprintf(out, "%s Only \"yes\" does it: ", question)
	type line struct {
		text string
		err  error
	}
	answered := make(chan line, 1)
	go func() {
		var l line
		// Reads this line alone: the next question's answer may stand behind it.
		_, l.err = fmt.Fscanln(cmd.InOrStdin(), &l.text)
		answered <- l
	}()
	select {
	case l := <-answered:
		if l.err != nil { // no terminal and nothing in its place
			fmt.Fprintln(out)
		}
		if l.err != nil || l.text != "yes" {
			return errUnconfirmed
		}
		return nil
	case <-ctx.Done(): // Ctrl-C, which reading a terminal does not notice
		fmt.Fprintln(out)
		return errUnconfirmed
	}
}
