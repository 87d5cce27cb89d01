package show

import (
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"example.com/webserver-cluster/tests/zerodowntime"
)

// Runs writes what users got in runs, a line each.
func Runs(out io.Writer, runs ...*zerodowntime.Run) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, indent+"what\trequests\tfailed\tfewest that served\tdeploy\ttime\n")
	for _, r := range runs {
		deploy := "ok"
		for _, d := range r.Deploys {
			if d.Err != nil {
				deploy = "failed"
			}
		}
		fmt.Fprintf(w, indent+"%s\t%d\t%d\t%d\t%s\t%v\n", r.Name, r.Sent(), len(r.Failures), r.Lowest(), deploy, r.End.Sub(r.Start).Round(time.Second))
	}
	return w.Flush()
}
