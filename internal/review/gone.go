package review

import "slices"

const drift = "https://developer.hashicorp.com/terraform/tutorials/state/resource-drift"

// gone are what a plan makes although the code had it before, by address, and what is found
// of each. That none of it is in the state is one finding, of the stack.
func (j *judging) gone(plan *Plan) map[string]Finding {
	all := map[string]Finding{}
	if !j.planned || j.before == nil {
		return all
	}
	had := j.before.moved(j.after.Moved).Resources
	again := 0
	for address, c := range j.changes {
		if _, is := had[address]; !is || c.Action != Create {
			continue
		}
		again++
		removed := slices.ContainsFunc(plan.Drift, func(d Change) bool { return d.Address == address && d.Action == Remove && d.Deposed == "" })
		switch {
		case removed && holdsData(c.Type):
			all[address] = Finding{Level: DataAtRisk, Address: address, Source: drift, Text: "it is gone from AWS, and what was in it: Terraform makes another one, empty or restored"}
		case removed:
			all[address] = Finding{Level: Unknown, Address: address, Source: drift, Text: "it is gone from AWS: Terraform makes another one"}
		case holdsData(c.Type) && !plan.empty:
			all[address] = Finding{Level: Unknown, Address: address, Source: drift, Text: "the code had it before, and the state does not have it: not deployed yet, or taken out of the state"}
		case !plan.empty: // as between a merge and its deploy
			all[address] = Finding{Attention: true, Address: address, Source: drift, Text: "the code had it before, and the state does not have it: not deployed yet, or taken out of the state"}
		}
	}
	if plan.empty && again > 0 {
		j.verdict.Findings = append(j.verdict.Findings, Finding{Level: Unknown, Source: drift, Text: "nothing of it is in the state: a first deploy, or the state is lost"})
	}
	return all
}
