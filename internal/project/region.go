package project

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"
	"github.com/hashicorp/aws-sdk-go-base/v2/endpoints"
)

// regions are all AWS regions of all partitions, by id: the AWS SDK's list, in
// the form that the Terraform provider uses.
var regions = func() map[string]endpoints.Region {
	all := map[string]endpoints.Region{}
	for _, partition := range endpoints.DefaultPartitions() {
		maps.Copy(all, partition.Regions())
	}
	return all
}()

// Region is the region in dir's cdktf.json, or "" where there is no such file or
// none in it. It looks at no other setting: the folder may be that of any CDKTF app.
func Region(dir string) (string, error) {
	f, err := read(dir)
	if errors.Is(err, fs.ErrNotExist) || err == nil && f.Context == nil {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	var context struct{ Region *string }
	if err := json.Unmarshal(f.Context, &context); err != nil {
		return "", fmt.Errorf("%s: context: %w", File, err)
	}
	if context.Region == nil {
		return "", nil
	}
	if rule := RegionRule(*context.Region); rule != "" {
		return "", fmt.Errorf("%s: context.region: %q: %s", File, *context.Region, rule)
	}
	return *context.Region, nil
}

// RegionRule is the rule that region breaks, with the regions that may have been
// meant; "" for a region.
func RegionRule(region string) string {
	if _, ok := regions[region]; ok {
		return ""
	}
	if near := nearRegions(region); len(near) > 0 {
		return "must be an AWS region; did you mean " + strings.Join(near, " or ") + "?"
	}
	return "must be an AWS region such as eu-central-1"
}

// nearRegions returns, sorted, the regions whose place is called as text is, or
// else those that the fewest typing errors lead to.
func nearRegions(text string) []string {
	const fewestLetters, mostErrors = 4, 3
	text = strings.ToLower(text)
	var named, near []string
	least := mostErrors
	for _, id := range slices.Sorted(maps.Keys(regions)) {
		// The place stands in parentheses: Europe (Frankfurt).
		if len(text) >= fewestLetters && strings.Contains(strings.ToLower(regions[id].Description()), text) {
			named = append(named, id)
		}
		switch distance := levenshtein.ComputeDistance(text, id); {
		case distance < least:
			least, near = distance, []string{id}
		case distance == least:
			near = append(near, id)
		}
	}
	if len(named) > 0 {
		return named
	}
	return near
}
