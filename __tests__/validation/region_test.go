package validation_test

import (
	"fmt"
	"testing"

	"example.com/webserver-cluster/internal/project"
)

// TestRegions: a region of any partition is taken, the European Sovereign
// Cloud's included; anything else is refused with what may have been meant.
func TestRegions(t *testing.T) {
	const none = "must be an AWS region such as eu-central-1"
	for region, rule := range map[string]string{
		"eu-central-1":   "",
		"mx-central-1":   "", // as new as that, so that no old list passes
		"us-gov-west-1":  "",
		"cn-northwest-1": "",
		"eusc-de-east-1": "",
		"us-iso-east-1":  "",
		"us-isob-west-1": "",
		"eu-isoe-west-1": "",

		"":               none,
		"nowhere":        none,
		"aws-global":     none, // a region of the SDK's endpoints, not of AWS
		"eu-centrl-1":    "must be an AWS region; did you mean eu-central-1?",
		"eu-central-1a":  "must be an AWS region; did you mean eu-central-1?", // a zone
		"EU-Central-1":   "must be an AWS region; did you mean eu-central-1?",
		"eu-west-4":      "must be an AWS region; did you mean eu-west-1 or eu-west-2 or eu-west-3?", // has a region's form
		"eusc-de-west-1": "must be an AWS region; did you mean eusc-de-east-1?",
		"Ohio":           "must be an AWS region; did you mean us-east-2 or us-isob-east-1?",
	} {
		t.Run(region, func(t *testing.T) {
			t.Setenv("CDKTF_CONTEXT_JSON", fmt.Sprintf(`{"project": "p", "region": %q, "stateBucket": "b", "lockTable": "t"}`, region))
			var want []string
			if rule != "" {
				want = []string{fmt.Sprintf("cdktf.json: context.region: %q: %s", region, rule)}
			}
			_, err := project.Load("../..")
			expectFaults(t, err, want)
		})
	}
}
