package rollout_test

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"example.com/webserver-cluster/internal/rollout"
)

// frame is the group as AWS shows it from a moment on.
type frame struct {
	at    time.Duration // since the scene began
	fleet rollout.Fleet
	err   error // if set: what a look returns instead
}

// scene is a group that changes as time goes by and as a rollout acts on it.
type scene struct {
	frames     []frame
	onStart    func(desired *rollout.Version) ([]frame, error) // nil: a start is a fault
	onRollback func() ([]frame, error)                         // nil: a rollback is a fault
	onCancel   func() ([]frame, error)                         // nil: a cancel is a fault
	alarms     []alarmState

	epoch, begin time.Time
	calls        []string // what the rollout did to the group
	started      rollout.Start
}

// alarmState is the state of an alarm from a moment of the story on.
type alarmState struct {
	at          time.Duration
	name, state string
}

func (s *scene) Describe(context.Context) (rollout.Fleet, error) {
	if s.epoch.IsZero() {
		s.epoch, s.begin = time.Now(), time.Now()
	}
	now := s.frames[0]
	for _, f := range s.frames {
		if time.Since(s.epoch) >= f.at {
			now = f
		}
	}
	for i := range now.fleet.Refreshes {
		now.fleet.Refreshes[i].Start = s.epoch
	}
	return now.fleet, now.err
}

func (s *scene) StartRefresh(_ context.Context, start rollout.Start) (string, error) {
	to := "group's version"
	if start.Desired != nil {
		to = start.Desired.String()
	}
	s.calls, s.started = append(s.calls, "start "+to), start
	if s.onStart == nil {
		return "", fmt.Errorf("unexpected start to %s", to)
	}
	frames, err := s.onStart(start.Desired)
	if s.turn(frames); err != nil {
		return "", err
	}
	return frames[len(frames)-1].fleet.Refreshes[0].ID, nil
}

func (s *scene) RollbackRefresh(context.Context) error { return s.act("rollback", s.onRollback) }

func (s *scene) CancelRefresh(context.Context) error { return s.act("cancel", s.onCancel) }

func (s *scene) act(name string, do func() ([]frame, error)) error {
	s.calls = append(s.calls, name)
	if do == nil {
		return fmt.Errorf("unexpected %s", name)
	}
	frames, err := do()
	s.turn(frames)
	return err
}

// turn has the scene go on with other frames, if there are any.
func (s *scene) turn(frames []frame) {
	if frames != nil {
		s.frames, s.epoch = frames, time.Now()
	}
}

func (s *scene) Alarms(_ context.Context, names []string) (list []rollout.Alarm, _ error) {
	for _, name := range names {
		found := rollout.Alarm{Name: name}
		for _, a := range s.alarms {
			if a.name == name && time.Since(s.begin) >= a.at {
				found.State, found.Reason = a.state, "Threshold crossed."
			}
		}
		if found.State != "" {
			list = append(list, found)
		}
	}
	return list, nil
}

// group makes a fleet from lines such as "i-a 4 ready"; see instance. It wants
// two instances.
func group(target int64, instances ...string) rollout.Fleet {
	f := rollout.Fleet{Group: "web", Target: version(target), Desired: 2}
	for _, line := range instances {
		f.Instances = append(f.Instances, instance(line))
	}
	return f
}

// with adds a refresh, newest first.
func with(f rollout.Fleet, id, status string, percent int, reason string, desired ...int64) rollout.Fleet {
	r := rollout.Refresh{ID: id, Status: status, Percent: percent, Reason: reason}
	if len(desired) > 0 {
		v := version(desired[0])
		r.Desired = &v
	}
	f.Refreshes = append([]rollout.Refresh{r}, f.Refreshes...)
	return f
}

func version(n int64) rollout.Version { return rollout.Version{TemplateID: "lt-1", Number: n} }

// instance reads "ID VERSION CONDITION".
func instance(line string) rollout.Instance {
	word := strings.Fields(line)
	number, err := strconv.ParseInt(word[1], 10, 64)
	if err != nil {
		panic(err)
	}
	i := rollout.Instance{ID: word[0], Version: version(number), State: "InService", Healthy: true}
	switch word[2] {
	case "ready":
	case "pending":
		i.State = "Pending"
	case "failing": // in service, but its target group has doubts
		i.Trouble = "unhealthy in the target group: Health checks failed with these codes: [500]"
	case "condemned": // the group is about to replace it
		i.Healthy, i.Trouble = false, "unhealthy in the target group: Request timed out"
	case "leaving":
		i.State, i.Trouble = "Terminating:Wait", "draining in the target group"
	case "standby":
		i.State, i.Trouble = "Standby", "not registered in the target group"
	default:
		panic(line)
	}
	return i
}

// notes is a reporter that keeps what was said.
type notes struct{ said []string }

func (n *notes) Say(format string, args ...any) {
	n.said = append(n.said, fmt.Sprintf(format, args...))
}
func (n *notes) Show(rollout.Progress) {}
