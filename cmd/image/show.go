package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"example.com/webserver-cluster/internal/image"
)

func showCommand() *cobra.Command {
	return &cobra.Command{
		Use: "show ENVIRONMENT...", Short: "Show what is pinned, and what runs",
		Example: "  go run ./cmd/image show stage prod",
		Args:    arguments(cobra.MinimumNArgs(1)),
		RunE: on(100, func(cmd *cobra.Command, environments []*image.Environment, _ []string) error {
			t := newTable(cmd.OutOrStdout(), "Environment", "What", "Next deploy", "Runs")
			var notes []string
			for _, e := range environments {
				parameters, err := e.Parameters(cmd.Context())
				if err != nil {
					return err
				}
				fleet, err := e.Fleet(cmd.Context())
				if err != nil {
					return err
				}
				for _, row := range rows(parameters, fleet) {
					t.AppendRow(append(table.Row{e.Name}, row...))
				}
				if fleet.Refresh != "" {
					notes = append(notes, fmt.Sprintf("%s: instance refresh %s is under way", e.Name, fleet.Refresh))
				}
				for _, i := range fleet.Instances {
					if !i.Serves {
						notes = append(notes, fmt.Sprintf("%s: instance %s %s", e.Name, i.ID, i.Why))
					}
				}
			}
			t.Render()
			for _, note := range notes {
				fmt.Fprintln(cmd.OutOrStdout(), note)
			}
			return nil
		}),
	}
}

// rows are an environment's: what, what the next deploy gives, what runs.
func rows(parameters []image.Parameter, fleet image.Fleet) []table.Row {
	images, applications := map[string]int{}, map[string]int{}
	for _, i := range fleet.Instances {
		images[i.Image]++
		if i.Application != "" {
			applications[short(image.Application, i.Application)]++
		}
	}
	var list []table.Row
	imageRow := table.Row{"image", "as the code says", count(images)}
	applicationRow := table.Row{"application", "what is built", count(applications)}
	pinned, runsApplication := false, len(applications) > 0
	for _, p := range parameters {
		runsApplication = runsApplication || p.Kind != image.Image
		switch p.Kind {
		case image.Image:
			pinned = true
			list = append(list, table.Row{"image, " + p.Architecture, p.Value, count(images)})
		case image.Application:
			applicationRow[1] = short(p.Kind, p.Runs())
		}
	}
	if !pinned {
		list = append(list, imageRow)
	}
	if runsApplication {
		list = append(list, applicationRow)
	}
	return list
}

func count(values map[string]int) string {
	var parts []string
	for _, value := range slices.Sorted(maps.Keys(values)) {
		parts = append(parts, fmt.Sprintf("%s (%d)", value, values[value]))
	}
	if len(parts) == 0 {
		return "nothing"
	}
	return strings.Join(parts, ", ")
}

func historyCommand() *cobra.Command {
	return &cobra.Command{
		Use: "history ENVIRONMENT", Short: "Show what was pinned or deployed before, when, by whom",
		Example: "  go run ./cmd/image history prod",
		Args:    arguments(cobra.ExactArgs(1)),
		RunE: on(1, func(cmd *cobra.Command, e []*image.Environment, _ []string) error {
			parameters, err := e[0].Parameters(cmd.Context())
			if err != nil {
				return err
			}
			if len(parameters) == 0 {
				return fmt.Errorf("%s pins nothing (PinAMI, Application.Pin) and runs no Application: there is no history", e[0].Name)
			}
			t := newTable(cmd.OutOrStdout(), "What", "Version", "Value", "Since", "By")
			for _, p := range parameters {
				history, err := e[0].History(cmd.Context(), p.Name)
				if err != nil {
					return err
				}
				what := map[image.Kind]string{image.Image: "image, " + p.Architecture, image.Application: "application, pinned", image.Deployed: "application, deployed"}[p.Kind]
				for _, h := range history {
					t.AppendRow(table.Row{what, h.Version, short(h.Kind, h.Runs()), h.Changed.Local().Format(time.DateTime), who(h.By)})
				}
			}
			t.Render()
			return nil
		}),
	}
}

// who is the last part of an ARN: a user, or a role and its session.
func who(arn string) string {
	if parts := strings.SplitN(arn, ":", 6); len(parts) == 6 {
		return parts[5]
	}
	return arn
}

func newTable(w io.Writer, header ...any) table.Writer {
	t := table.NewWriter()
	t.SetOutputMirror(w)
	t.SetStyle(table.StyleLight)
	t.AppendHeader(table.Row(header))
	return t
}
