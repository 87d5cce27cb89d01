package refresh_test

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	scaling "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"

	"example.com/webserver-cluster/internal/refresh"
)

func TestValidate(t *testing.T) {
	capacity := func(least, most int) refresh.Preferences {
		return refresh.Preferences{MinHealthyPercentage: &least, MaxHealthyPercentage: &most}
	}
	checkpoints := func(delay time.Duration, percentages ...int) refresh.Preferences {
		return refresh.Preferences{Checkpoints: percentages, CheckpointDelay: &delay}
	}
	names := func(length int) []string { return []string{strings.Repeat("a", length)} }
	for _, test := range []struct {
		name  string
		given refresh.Preferences
		want  string // all faults, "" for none
	}{
		{"nothing set", refresh.Preferences{}, ""},
		{"no capacity kept", capacity(0, 100), ""},
		{"all capacity kept", capacity(100, 200), ""},
		{"minimum below 0", capacity(-1, 100), "MinHealthyPercentage: -1: must be 0 to 100"},
		{"minimum above 100", capacity(101, 200), "MinHealthyPercentage: 101: must be 0 to 100"},
		{"maximum below 100", capacity(50, 99), "MaxHealthyPercentage: 99: must be 100 to 200"},
		{"maximum above 200", capacity(100, 201), "MaxHealthyPercentage: 201: must be 100 to 200"},
		{"too far apart", capacity(99, 200), "MaxHealthyPercentage: 200: must be at most 100 above MinHealthyPercentage (99)"},
		{"minimum alone", refresh.Preferences{MinHealthyPercentage: new(50)}, "MaxHealthyPercentage: is missing: it goes with MinHealthyPercentage"},
		{"maximum alone", refresh.Preferences{MaxHealthyPercentage: new(150)}, "MinHealthyPercentage: is missing: it goes with MaxHealthyPercentage"},

		{"no warm-up", refresh.Preferences{InstanceWarmup: new(time.Duration(0))}, ""},
		{"negative warm-up", refresh.Preferences{InstanceWarmup: new(-time.Second)}, "InstanceWarmup: -1s: must be whole seconds, 0 or more"},
		{"warm-up of half a second", refresh.Preferences{InstanceWarmup: new(time.Second / 2)}, "InstanceWarmup: 500ms: must be whole seconds, 0 or more"},

		{"checkpoints", checkpoints(48*time.Hour, 1, 50, 100), ""},
		{"AWS's delay", refresh.Preferences{Checkpoints: []int{50, 100}}, ""},
		{"equal checkpoints", checkpoints(0, 50, 50, 100), "CheckpointPercentages: [50 50 100]: must be rising percentages from 1 to 100"},
		{"checkpoint 0", checkpoints(0, 0, 100), "CheckpointPercentages: [0 100]: must be rising percentages from 1 to 100"},
		{"checkpoint 101", checkpoints(0, 101), "CheckpointPercentages: [101]: must be rising percentages from 1 to 100\nCheckpointPercentages: [101]: must end with 100, or the refresh ends before all instances are new"},
		{"open end", checkpoints(0, 50), "CheckpointPercentages: [50]: must end with 100, or the refresh ends before all instances are new"},
		{"delay alone", checkpoints(time.Minute), "CheckpointDelay: 1m0s: is for checkpoints, and there are none"},
		{"long delay", checkpoints(48*time.Hour+time.Second, 100), "CheckpointDelay: 48h0m1s: must be whole seconds from 0s to 48h0m0s"},
		{"negative delay", checkpoints(-time.Second, 100), "CheckpointDelay: -1s: must be whole seconds from 0s to 48h0m0s"},

		{"alarms", refresh.Preferences{Alarms: append(names(255), make10()...)[:10]}, ""},
		{"11 alarms", refresh.Preferences{Alarms: append(names(1), make10()...)}, "AlarmSpecification.Alarms: 11: is their number; AWS takes 10"},
		{"alarm without a name", refresh.Preferences{Alarms: names(0)}, `AlarmSpecification.Alarms: "": must be the name of a CloudWatch alarm, 1 to 255 characters`},

		{"all at once", refresh.Preferences{MinHealthyPercentage: new(-1), MaxHealthyPercentage: new(201), InstanceWarmup: new(-time.Second), Checkpoints: []int{50}},
			"MinHealthyPercentage: -1: must be 0 to 100\nMaxHealthyPercentage: 201: must be 100 to 200\nInstanceWarmup: -1s: must be whole seconds, 0 or more\n" +
				"CheckpointPercentages: [50]: must end with 100, or the refresh ends before all instances are new"},
	} {
		got := ""
		if err := test.given.Validate(); err != nil {
			got = err.Error()
		}
		if got != test.want {
			t.Errorf("%s: got  %s\nwant %s", test.name, got, test.want)
		}
	}
}

// make10 are the names of ten alarms.
func make10() []string { return strings.Split("0123456789", "") }

// everything has every preference set.
var everything = refresh.Preferences{
	MinHealthyPercentage: new(0), MaxHealthyPercentage: new(100), InstanceWarmup: new(2 * time.Minute),
	Checkpoints: []int{50, 100}, CheckpointDelay: new(time.Duration(0)), Alarms: []string{`it's "5xx" & more`},
}

// TestJSON: the JSON form is AWS's, and what is read is what was written.
func TestJSON(t *testing.T) {
	for _, test := range []struct {
		given refresh.Preferences
		json  string
		aws   scaling.RefreshPreferences
	}{
		{refresh.Preferences{}, `{}`, scaling.RefreshPreferences{}},
		{
			everything,
			`{"MinHealthyPercentage":0,"MaxHealthyPercentage":100,"InstanceWarmup":120,"CheckpointPercentages":[50,100],"CheckpointDelay":0,` +
				`"AlarmSpecification":{"Alarms":["it's \"5xx\" \u0026 more"]}}`,
			scaling.RefreshPreferences{
				MinHealthyPercentage: aws.Int32(0), MaxHealthyPercentage: aws.Int32(100), InstanceWarmup: aws.Int32(120),
				CheckpointPercentages: []int32{50, 100}, CheckpointDelay: aws.Int32(0),
				AlarmSpecification: &scaling.AlarmSpecification{Alarms: []string{`it's "5xx" & more`}},
			},
		},
	} {
		text, err := json.Marshal(test.given)
		if err != nil || string(text) != test.json {
			t.Errorf("got  %s, %v\nwant %s", text, err, test.json)
		}
		var read refresh.Preferences
		if err := json.Unmarshal(text, &read); err != nil || !reflect.DeepEqual(read, test.given) {
			t.Errorf("%s reads as %+v, %v", text, read, err)
		}
		var sdk scaling.RefreshPreferences
		decoder := json.NewDecoder(bytes.NewReader(text))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(&sdk); err != nil || !reflect.DeepEqual(sdk, test.aws) {
			t.Errorf("%s is %+v to AWS, %v", text, sdk, err)
		}
	}
}

func TestWrongJSON(t *testing.T) {
	for _, test := range []struct{ given, want string }{
		{`{"AutoRollback": true}`, "AutoRollback: is no preference that can be set here: AlarmSpecification, CheckpointDelay, CheckpointPercentages, InstanceWarmup, MaxHealthyPercentage, MinHealthyPercentage are"},
		{`{"InstanceWarmup": 1.5, "MinHealthyPercentage": "90"}`, "InstanceWarmup: 1.5: must be a whole number of seconds\nMinHealthyPercentage: \"90\": must be a whole number"},
		{`{"CheckpointDelay": 3000000000}`, "CheckpointDelay: 3000000000: must be a whole number of seconds"},
		{`{"CheckpointPercentages": 50}`, "CheckpointPercentages: 50: must be a list of whole numbers, such as [50, 100]"},
		{`{"AlarmSpecification": {"Alarm": ["a"]}}`, `AlarmSpecification: {"Alarm": ["a"]}: must be the names of alarms, such as {"Alarms": ["web-5xx"]}`},
		{`{"InstanceWarmup": 60`, "unexpected end of JSON input"},
		{`[]`, "json: cannot unmarshal array into Go value of type map[string]json.RawMessage"},
	} {
		read := everything
		err := json.Unmarshal([]byte(test.given), &read)
		if err == nil || err.Error() != test.want {
			t.Errorf("%s: got  %v\nwant %s", test.given, err, test.want)
		}
		if !reflect.DeepEqual(read, everything) {
			t.Errorf("%s: changed the preferences to %+v", test.given, read)
		}
	}
}
