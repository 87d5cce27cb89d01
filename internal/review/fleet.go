package review

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"example.com/webserver-cluster/internal/refresh"
)

// preferencesVariable has the preferences of the instance refresh in the environment of
// the command rollout.
const preferencesVariable = "ROLLOUT_PREFERENCES"

// Fleet is how a group's instances are replaced.
type Fleet struct {
	Group string `json:"group"` // address
	// Instances is how many there are: now, if a plan tells, or else the group's minimum.
	Instances int `json:"instances"`
	Least     int `json:"least"` // the group's bounds
	Most      int `json:"most"`
	Batches   int `json:"batches"`
	AtOnce    int `json:"atOnce"`
	Lowest    int `json:"lowestCapacity"`
	// Expected is how long it takes if all goes well, Longest when rollout gives up, and
	// Pauses how long it rests at checkpoints, of which Longest does not know.
	Expected seconds `json:"expectedSeconds"`
	Longest  seconds `json:"longestSeconds"`
	Pauses   seconds `json:"pausesSeconds"`
}

// seconds is a time that JSON has in seconds.
type seconds struct{ time.Duration }

func (s seconds) MarshalJSON() ([]byte, error) { return json.Marshal(s.Seconds()) }

const (
	instanceRefresh = "https://docs.aws.amazon.com/autoscaling/ec2/userguide/instance-refresh-overview.html"
	stopsWatching   = "https://docs.aws.amazon.com/autoscaling/ec2/userguide/instance-refresh-rollback.html"
)

// isRollout tells whether a resource is what a deploy ends with: the command rollout.
func isRollout(r Resource) bool {
	for _, c := range r.Commands {
		if _, has := c.Environment[preferencesVariable]; has {
			return true
		}
	}
	return false
}

var timeoutFlag = regexp.MustCompile(`--timeout (\S+)`)

// rolls judges a resource that runs the command rollout.
func rolls(j *judging, c *Change, _ Difference) effect {
	if !isRollout(c.code) {
		return nothing("Terraform's own: nothing on AWS")
	}
	group := ""
	for _, r := range references(c.code.Arguments) {
		if a, ok := strings.CutSuffix(r, ".name"); ok && strings.HasPrefix(a, "aws_autoscaling_group.") {
			group = a
		}
	}
	if change := j.changes[group]; change != nil && change.Action != Update {
		return nothing("the first instances of a new group") // what goes with the old one, the group's own rule says
	}
	if c.Action == Replace && !c.Tainted && j.onlyTagged(c.code) {
		return nothing("rollout runs, and finds the instances as they should be: of the launch template, only tags of its own change")
	}
	f, err := j.fleet(group, c.code)
	if err != nil {
		return effect{level: Unknown, text: "how the instances are replaced cannot be told: " + err.Error()}
	}
	j.verdict.Fleet = &f
	return rolling(f.String()+j.whyRolled(c), instanceRefresh)
}

// onlyTagged tells whether nothing changes of what a rollout is run for but the launch
// template's own tags, which make no version. The provider plans one all the same.
// https://github.com/hashicorp/terraform-provider-aws/blob/v5.99.1/internal/service/ec2/ec2_launch_template.go
func (j *judging) onlyTagged(rollout Resource) bool {
	tagged := false
	for _, address := range addresses(rollout.Arguments) {
		change := j.changes[address]
		if change == nil {
			continue
		}
		if change.Type != "aws_launch_template" && change.Action == Update {
			continue // of a group, the rollout has the name alone
		}
		if change.Action != Update || slices.ContainsFunc(change.Differences, func(d Difference) bool { return !within(d.Path, "tags") && !within(d.Path, "tags_all") }) {
			return false
		}
		tagged = true
	}
	return tagged
}

func (j *judging) fleet(group string, rollout Resource) (Fleet, error) {
	f := Fleet{Group: group}
	code, is := j.after.Resources[group]
	if !is {
		return f, fmt.Errorf("the code has no group %q", group)
	}
	var preferences refresh.Preferences
	for _, c := range rollout.Commands {
		if err := json.Unmarshal([]byte(text(c.Environment, preferencesVariable)), &preferences); err != nil {
			return f, fmt.Errorf("%s: %w", preferencesVariable, err)
		}
		if m := timeoutFlag.FindStringSubmatch(c.Command); m != nil {
			f.Longest.Duration, _ = time.ParseDuration(m[1])
		}
	}
	least, _ := number(code.Arguments, "min_size")
	most, _ := number(code.Arguments, "max_size")
	f.Least, f.Most, f.Instances = int(least), int(most), int(least)
	if now, known := j.capacity[group]; known {
		f.Instances = now
	}
	f.Batches, f.AtOnce, f.Lowest = preferences.Batches(f.Instances)
	f.Expected.Duration, _ = preferences.Expected(f.Instances)
	f.Pauses.Duration = preferences.Pauses()
	return f, nil
}

func (f Fleet) String() string {
	steps := "all at once"
	if f.Batches > 1 {
		steps = fmt.Sprintf("%d at a time", f.AtOnce)
	}
	text := fmt.Sprintf("the instances are replaced: %d (of %d to %d), %s, new ones before old ones, so that never fewer than %d serve; it takes about %s, and is given up after %s",
		f.Instances, f.Least, f.Most, steps, f.Lowest, Duration(f.Expected.Duration), Duration(f.Longest.Duration))
	if f.Pauses.Duration > 0 {
		text += fmt.Sprintf(", without the %s of rests at checkpoints", Duration(f.Pauses.Duration))
	}
	return text
}

// whyRolled says what of the launch template makes the instances be replaced.
func (j *judging) whyRolled(c *Change) string {
	var why []string
	for _, d := range c.Differences {
		for _, r := range append(references(c.code.Arguments), d.Through) {
			address := r[:max(0, strings.LastIndexByte(r, '.'))]
			template := j.changes[address]
			if template == nil || template.Type != "aws_launch_template" {
				continue
			}
			for _, inner := range template.Differences {
				why = append(why, topLevel.FindString(inner.Path))
			}
		}
	}
	if len(why) == 0 {
		return ""
	}
	return "; because of " + strings.Join(unique(why), ", ")
}

// Duration is a time in words as short as they can be, to the minute above a minute.
func Duration(d time.Duration) string {
	if d = d.Round(time.Second); d < time.Minute {
		return fmt.Sprintf("%d s", int(d.Seconds()))
	}
	switch d = d.Round(time.Minute); {
	case d < time.Hour:
		return fmt.Sprintf("%d min", int(d.Minutes()))
	case d%time.Hour == 0:
		return fmt.Sprintf("%d h", int(d.Hours()))
	}
	return fmt.Sprintf("%d h %d min", int(d.Hours()), int(d.Minutes())%60)
}

func count(n int, one, more string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, more)
}

func unique(list []string) []string {
	var all []string
	seen := map[string]bool{}
	for _, s := range list {
		if !seen[s] {
			seen[s] = true
			all = append(all, s)
		}
	}
	return all
}
