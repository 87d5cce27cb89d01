package felt

import (
	"fmt"
	"strings"
	"time"

	"example.com/webserver-cluster/internal/review"
)

// Result is a kind of change, what a review said of it before, and what users felt.
type Result struct {
	Kind     Kind
	Forecast review.Verdict // of the code alone
	Planned  review.Verdict // of the plan; of the code, if there is no plan
	Measured Measured
	Risk     error // what was to be gone, and is not
}

// Judge holds what users felt against what was said before, and returns all that is
// wrong.
func (r Result) Judge() (faults []string) {
	fault := func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }
	for by, v := range map[string]review.Verdict{"the code": r.Forecast, "the plan": r.Planned} {
		if v.Level != r.Kind.Level {
			fault("by %s, the review says %q, want %q: %v", by, v.Level, r.Kind.Level, worst(v))
		}
	}
	m := r.Measured
	felt := m.Level()
	if r.Kind.Level == review.Unknown && felt < review.Refused {
		felt = review.Unknown // what the local AWS does is no proof of what AWS does
	}
	if r.Kind.Level == review.DataAtRisk && r.Kind.Risk != nil {
		if r.Risk != nil {
			fault("data is not at risk: %v", r.Risk)
		}
		if felt == review.Nothing {
			felt = review.DataAtRisk
		}
	}
	if felt != r.Kind.Level {
		fault("users felt %q, want %q: %v", felt, r.Kind.Level, m)
		for _, f := range m.Failures[:min(3, len(m.Failures))] {
			fault("%v", f)
		}
	}
	if fleet := r.Forecast.Fleet; fleet != nil && m.Replaced > 0 {
		if m.Lowest < fleet.Lowest {
			fault("%d instances served at the least, and the review said %d", m.Lowest, fleet.Lowest)
		}
		if m.Replaced != fleet.Instances {
			fault("%d instances were replaced, and the review said %d", m.Replaced, fleet.Instances)
		}
		if longest := fleet.Longest.Duration + fleet.Pauses.Duration; m.Rollout > longest {
			fault("instances came and went for %v, and the review said %v at the most", m.Rollout, longest)
		}
	}
	return faults
}

func worst(v review.Verdict) string {
	if len(v.Findings) == 0 {
		return "nothing was found"
	}
	return fmt.Sprintf("%s %s: %s", v.Findings[0].Address, v.Findings[0].Path, v.Findings[0].Text)
}

// Table is a Markdown table of results.
func Table(results []Result) string {
	var b strings.Builder
	b.WriteString("| change | review says | requests | failed | lowest capacity | database away | deploy |\n")
	b.WriteString("| --- | --- | ---: | ---: | ---: | ---: | ---: |\n")
	for _, r := range results {
		m := r.Measured
		if m.Refused != nil {
			fmt.Fprintf(&b, "| %s | %v | | | | | refused by the plan |\n", r.Kind.Name, r.Forecast.Level)
			continue
		}
		away := ""
		if d := m.Database; d != nil {
			away = "0"
			if d.DataLost {
				away = "gone"
			} else if d.GapOnAWS > 0 {
				away = d.GapOnAWS.Round(time.Second).String()
			}
		}
		deploy := m.Took.Round(time.Second).String()
		if m.DeployError != nil {
			deploy = "refused by AWS"
		}
		fmt.Fprintf(&b, "| %s | %v | %d | %d | %d | %s | %s |\n", r.Kind.Name, r.Forecast.Level, m.Requests, m.Failed, m.Lowest, away, deploy)
	}
	return b.String()
}
