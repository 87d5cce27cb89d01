package zerodowntime

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"
)

// Report is a Markdown table of the figures of runs.
func Report(runs []*Run) string {
	if len(runs) == 0 {
		return "Nothing was run.\n"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "AWS's time ran %v times as fast as the real one, on %s.\n\n", runs[0].TimeFactor, machine())
	b.WriteString("| scenario | requests | failed | lowest capacity | deploys | time, real | instances came and went in, AWS time |\n")
	b.WriteString("| --- | ---: | ---: | ---: | --- | ---: | ---: |\n")
	sent := 0
	for _, r := range runs {
		var deploys []string
		for _, d := range r.Deploys {
			deploys = append(deploys, map[bool]string{true: "ok", false: "failed"}[d.Err == nil])
		}
		fmt.Fprintf(&b, "| %s | %d | %d | %d | %s | %v | %v |\n", r.Name, r.Sent(), len(r.Failures), r.Lowest(),
			strings.Join(deploys, ", "), r.End.Sub(r.Start).Round(time.Second), r.Rollout().Round(time.Second))
		sent += r.Sent()
	}
	fmt.Fprintf(&b, "| all | %d | | | | | |\n", sent)
	return b.String()
}

// machine says in a few words how big this one is.
func machine() string {
	text := fmt.Sprintf("%d cores", runtime.NumCPU())
	info, err := os.ReadFile("/proc/meminfo")
	var kib int
	if err == nil {
		if _, err := fmt.Sscanf(string(info), "MemTotal: %d kB", &kib); err == nil {
			text += fmt.Sprintf(", %d GiB", (kib+1<<19)>>20)
		}
	}
	return text
}
