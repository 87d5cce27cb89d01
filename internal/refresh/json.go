package refresh

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"example.com/webserver-cluster/internal/faults"
)

// form is how AWS writes preferences: times in seconds.
type form struct {
	MinHealthyPercentage  *int       `json:",omitempty"`
	MaxHealthyPercentage  *int       `json:",omitempty"`
	InstanceWarmup        *int32     `json:",omitempty"`
	CheckpointPercentages []int      `json:",omitempty"`
	CheckpointDelay       *int32     `json:",omitempty"`
	AlarmSpecification    *alarmForm `json:",omitempty"`
}

type alarmForm struct{ Alarms []string }

// MarshalJSON writes the preferences as "aws autoscaling start-instance-refresh
// --preferences" takes them, such as
// {"MinHealthyPercentage":100,"MaxHealthyPercentage":150,"InstanceWarmup":120}.
func (p Preferences) MarshalJSON() ([]byte, error) {
	f := form{
		MinHealthyPercentage:  p.MinHealthyPercentage,
		MaxHealthyPercentage:  p.MaxHealthyPercentage,
		InstanceWarmup:        Seconds(p.InstanceWarmup),
		CheckpointPercentages: p.Checkpoints,
		CheckpointDelay:       Seconds(p.CheckpointDelay),
	}
	if len(p.Alarms) > 0 {
		f.AlarmSpecification = &alarmForm{p.Alarms}
	}
	return json.Marshal(f)
}

// UnmarshalJSON reads what MarshalJSON writes. It returns every fault at once: of
// a field that is unknown, or of another type. The rules of Validate are not its
// concern.
func (p *Preferences) UnmarshalJSON(text []byte) error {
	var given map[string]json.RawMessage
	if err := json.Unmarshal(text, &given); err != nil {
		return err
	}
	const number, seconds = "must be a whole number", "must be a whole number of seconds"
	var into form
	fields := map[string]struct {
		value any
		rule  string
	}{
		"MinHealthyPercentage":  {&into.MinHealthyPercentage, number},
		"MaxHealthyPercentage":  {&into.MaxHealthyPercentage, number},
		"InstanceWarmup":        {&into.InstanceWarmup, seconds},
		"CheckpointPercentages": {&into.CheckpointPercentages, "must be a list of whole numbers, such as [50, 100]"},
		"CheckpointDelay":       {&into.CheckpointDelay, seconds},
		"AlarmSpecification":    {&into.AlarmSpecification, `must be the names of alarms, such as {"Alarms": ["web-5xx"]}`},
	}
	var f faults.List
	for _, name := range slices.Sorted(maps.Keys(given)) {
		field, known := fields[name]
		if !known {
			f.Given(name, "is no preference that can be set here: "+strings.Join(slices.Sorted(maps.Keys(fields)), ", ")+" are")
			continue
		}
		decoder := json.NewDecoder(bytes.NewReader(given[name]))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(field.value); err != nil {
			f.Add(name, given[name], "%s", field.rule)
		}
	}
	if err := f.Err(); err != nil {
		return err
	}
	*p = Preferences{
		MinHealthyPercentage: into.MinHealthyPercentage,
		MaxHealthyPercentage: into.MaxHealthyPercentage,
		InstanceWarmup:       Duration(into.InstanceWarmup),
		Checkpoints:          into.CheckpointPercentages,
		CheckpointDelay:      Duration(into.CheckpointDelay),
	}
	if into.AlarmSpecification != nil {
		p.Alarms = into.AlarmSpecification.Alarms
	}
	return nil
}

// Seconds is a duration as AWS has it; nil stays nil.
func Seconds(d *time.Duration) *int32 {
	if d == nil {
		return nil
	}
	return new(int32(*d / time.Second))
}

// Duration is a duration that AWS has in seconds; nil stays nil.
func Duration(n *int32) *time.Duration {
	if n == nil {
		return nil
	}
	return new(time.Duration(*n) * time.Second)
}
