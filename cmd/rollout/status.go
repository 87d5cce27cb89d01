package main

import (
	"fmt"
	"io"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"

	"example.com/webserver-cluster/internal/rollout"
)

// writeStatus writes tables of the fleet, its refreshes and its alarms.
func writeStatus(w io.Writer, f rollout.Fleet, alarms []rollout.Alarm) {
	fmt.Fprintf(w, "Auto Scaling group %s launches %s of %s: %s.\n", f.Group, f.Target, f.Target.TemplateID, f.Serving(f.Target))

	instances := newTable(w, "Instance", "Zone", "Version", "State", "Health")
	for _, i := range f.Instances {
		health := "healthy"
		if !i.Ready() {
			health = i.Why()
		}
		if i.Protected {
			health += ", protected from scale-in"
		}
		instances.AppendRow(table.Row{i.ID, i.Zone, i.Version.Number, i.State, health})
	}
	instances.Render()

	if len(f.Refreshes) > 0 {
		refreshes := newTable(w, "Refresh", "Status", "Done", "To", "Started", "Took", "Reason")
		for _, r := range f.Refreshes {
			to, end := "the group's", r.End
			if r.Desired != nil {
				to = r.Desired.String()
			}
			if end.IsZero() {
				end = time.Now()
			}
			refreshes.AppendRow(table.Row{r.ID, r.Status, fmt.Sprintf("%d %%", r.Percent), to,
				r.Start.Local().Format(time.DateTime), end.Sub(r.Start).Round(time.Second), r.Reason})
		}
		refreshes.Render()
	}

	if len(alarms) > 0 {
		rows := newTable(w, "Alarm", "State", "Since", "Reason")
		for _, a := range alarms {
			rows.AppendRow(table.Row{a.Name, a.State, a.Since.Local().Format(time.DateTime), a.Reason})
		}
		rows.Render()
	}

	for _, p := range f.Problems[max(0, len(f.Problems)-10):] {
		fmt.Fprintf(w, "%s  ! %s\n", p.Time.Local().Format(time.DateTime), p.Text)
	}
}

func newTable(w io.Writer, header ...any) table.Writer {
	t := table.NewWriter()
	t.SetOutputMirror(w)
	t.SetStyle(table.StyleLight)
	t.AppendHeader(header)
	// AWS's reasons are sentences: wrap them.
	t.SetColumnConfigs([]table.ColumnConfig{{Name: "Reason", WidthMax: 60}, {Name: "Health", WidthMax: 60}})
	return t
}
