package refresh_test

import (
	"testing"
	"time"

	"example.com/webserver-cluster/internal/refresh"
)

// rolling is preferences that replace as many instances at once as the percentages
// allow, each of which warms up for two minutes.
func rolling(least, most int, checkpoints ...int) refresh.Preferences {
	p := refresh.Preferences{MinHealthyPercentage: &least, MaxHealthyPercentage: &most, InstanceWarmup: new(2 * time.Minute), Checkpoints: checkpoints}
	if len(checkpoints) > 0 {
		p.CheckpointDelay = new(10 * time.Minute)
	}
	return p
}

// A batch takes three minutes: one to launch, two to warm up.
func TestExpected(t *testing.T) {
	const batch = 3 * time.Minute
	hour := rolling(100, 200, 50, 100)
	hour.CheckpointDelay = nil
	for _, test := range []struct {
		name      string
		given     refresh.Preferences
		instances int
		want      time.Duration
	}{
		{"no instances", rolling(100, 200), 0, 0},
		{"twice the capacity: all at once", rolling(100, 200), 12, batch},
		{"half as much again", rolling(100, 150), 12, 2 * batch},
		{"half of three is one", rolling(100, 150), 3, 3 * batch},
		{"less than one is one", rolling(100, 101), 3, 3 * batch},
		{"no room at all is one", rolling(100, 100), 3, 3 * batch},
		{"down by 10 %: none of 3", rolling(90, 110), 3, 3 * batch},
		{"down by half", rolling(50, 100), 4, 2 * batch},
		{"down and up", rolling(50, 150), 4, batch},
		{"a pause in the middle, none at the end", rolling(100, 200, 50, 100), 4, 2*batch + 10*time.Minute},
		{"half of three is two, in a batch each", rolling(100, 150, 50, 100), 3, 3*batch + 10*time.Minute},
		{"checkpoints that are reached together", rolling(100, 200, 10, 20, 50, 100), 2, 2*batch + 10*time.Minute},
		{"one instance passes all of them", rolling(100, 200, 50, 100), 1, batch},
		{"AWS's own pause", hour, 4, 2*batch + time.Hour},
	} {
		if got, known := test.given.Expected(test.instances); got != test.want || !known {
			t.Errorf("%s: %v (known: %v), want %v", test.name, got, known, test.want)
		}
	}
	for name, p := range map[string]refresh.Preferences{
		"capacity": {InstanceWarmup: new(time.Minute)},
		"warm-up":  {MinHealthyPercentage: new(100), MaxHealthyPercentage: new(200)},
	} {
		if got, known := p.Expected(2); known {
			t.Errorf("the group's own %s: %v", name, got)
		}
	}
}

func TestTimeout(t *testing.T) {
	const minute = time.Minute
	for _, test := range []struct {
		name  string
		given refresh.Preferences
		group refresh.Group
		want  time.Duration
	}{
		{"nothing known", refresh.Preferences{}, refresh.Group{}, 60 * minute},
		{"checkpoints: a batch for each, and no pauses", rolling(100, 200, 50, 100), refresh.Group{MaxSize: 2}, 60*minute + 2*2*3*minute},
		{"all at once", rolling(100, 200), refresh.Group{MaxSize: 4}, 60*minute + 2*3*minute},
		{"the size with most batches", rolling(100, 150), refresh.Group{MaxSize: 12}, 60*minute + 2*3*3*minute},
		{"one by one", rolling(100, 101), refresh.Group{MaxSize: 12}, 60*minute + 2*12*3*minute},
		{"draining", rolling(100, 200), refresh.Group{MaxSize: 4, DeregistrationDelay: 5 * minute}, 60*minute + 2*8*minute},
		{"whole minutes, rounded up", rolling(100, 200), refresh.Group{MaxSize: 4, DeregistrationDelay: time.Second}, 60*minute + 2*3*minute + minute},
		{"health checks during the warm-up", rolling(100, 200), refresh.Group{MaxSize: 4, HealthChecks: minute}, 60*minute + 2*3*minute},
		{"health checks longer than the warm-up", rolling(100, 200), refresh.Group{MaxSize: 4, HealthChecks: 10 * minute}, 60*minute + 2*11*minute},
		{"the group's own capacity: one by one", refresh.Preferences{InstanceWarmup: new(2 * minute)}, refresh.Group{MaxSize: 4}, 60*minute + 2*4*3*minute},
	} {
		if got := test.given.Timeout(test.group); got != test.want {
			t.Errorf("%s: %v, want %v", test.name, got, test.want)
		}
	}
}

func TestPauses(t *testing.T) {
	for _, test := range []struct {
		given refresh.Preferences
		want  time.Duration
	}{
		{rolling(100, 200), 0},
		{rolling(100, 200, 50, 100), 20 * time.Minute},
		{refresh.Preferences{Checkpoints: []int{100}}, time.Hour},
	} {
		if got := test.given.Pauses(); got != test.want {
			t.Errorf("%v: %v, want %v", test.given.Checkpoints, got, test.want)
		}
	}
}

// The time is never below what is expected, whatever the group's size is by then.
func TestTimeoutIsEnough(t *testing.T) {
	for _, p := range []refresh.Preferences{rolling(100, 200), rolling(100, 150, 50, 100), rolling(100, 110, 10, 20, 30, 100), rolling(0, 100), rolling(90, 110, 100)} {
		timeout := p.Timeout(refresh.Group{MaxSize: 50}) + p.Pauses()
		for n := range 51 {
			if expected, _ := p.Expected(n); expected+time.Hour > timeout {
				t.Errorf("%d to %d %%, %v, %d instances: expected %v, timeout %v", *p.MinHealthyPercentage, *p.MaxHealthyPercentage, p.Checkpoints, n, expected, timeout)
			}
		}
	}
}
