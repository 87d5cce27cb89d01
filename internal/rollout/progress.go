package rollout

import "time"

// Progress is where a rollout stands.
type Progress struct {
	Rollback        bool          // it is the rollback that stands there
	Percent         int           // AWS's, or that of ready instances while none is replaced
	Old, OldHealthy int           // instances to replace, and how many of them are healthy
	New, NewHealthy int           // instances on the wanted version, and how many are healthy
	Desired         int           // instances that the group wants
	Remaining       time.Duration // estimate; 0: none yet
	Reason          string        // AWS's, on what the refresh waits for; may be empty
}

// show reports the progress of a look, and what went wrong since the last one.
func (r *Rollout) show(fleet Fleet, g goal) {
	now := time.Now()
	stale, current := fleet.Stale(g.want), fleet.Running(g.want)
	p := Progress{
		Rollback: g.bad != nil,
		Old:      len(stale), OldHealthy: ready(stale),
		New: len(current), NewHealthy: ready(current),
		Desired: fleet.Desired,
	}
	p.Percent = 100 * min(p.NewHealthy, p.Desired) / max(p.Desired, 1)
	since := now // what went wrong before is another rollout's
	if !fleet.Complete() {
		since = now.Add(-5 * time.Minute)
	}
	if active := fleet.Active(); active != nil {
		p.Percent, p.Remaining, p.Reason = active.Percent, fleet.Remaining(now), active.Reason
		if !active.Start.IsZero() { // AWS sets it once it begins
			since = active.Start
		}
	}
	if r.reported == nil {
		r.reported = map[string]bool{}
		for _, problem := range fleet.Problems { // those of an earlier rollout
			r.reported[problem.ID] = problem.Time.Before(since)
		}
	}
	for _, problem := range fleet.Problems {
		if !r.reported[problem.ID] {
			r.reported[problem.ID] = true
			r.report.Say("! %s", problem.Text)
		}
	}
	r.report.Show(p)
}
