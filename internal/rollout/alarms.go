package rollout

import (
	"context"
	"fmt"
	"slices"
)

// alarmWatch are alarms that the attempt's refresh does not heed. AWS starts no
// refresh while one of its alarms is in ALARM or has no data
// (https://docs.aws.amazon.com/autoscaling/ec2/userguide/instance-refresh-rollback.html#instance-refresh-using-auto-rollback),
// and the deploy that mends the cause of an alarm must get through. An alarm that was
// OK since then counts again.
type alarmWatch map[string]bool // whether it was OK

// unwatched has the alarms watched that the refresh does not know of.
func (w *alarmWatch) unwatched(wanted, known []string) {
	*w = alarmWatch{}
	for _, name := range wanted {
		if !slices.Contains(known, name) {
			(*w)[name] = false
		}
	}
}

// leaveOutAlarms takes those out of the preferences for which AWS would not start.
func (r *Rollout) leaveOutAlarms(ctx context.Context, p *preferences, a *attempt) error {
	wanted := p.Alarms
	alarms, err := r.cloud.Alarms(ctx, wanted)
	if err != nil {
		return err
	}
	p.Alarms = nil
	for _, name := range wanted {
		at := slices.IndexFunc(alarms, func(alarm Alarm) bool { return alarm.Name == name })
		switch {
		case at < 0:
			r.once("alarm "+name, "! there is no CloudWatch alarm %s: it cannot stop this rollout", name)
		case alarms[at].State == "OK":
			p.Alarms = append(p.Alarms, name)
		default:
			r.once("alarm "+name, "! the alarm %s is in %s before the rollout: it stops the rollout only if it goes on after having been OK", name, alarms[at].State)
		}
	}
	a.alarms.unwatched(wanted, p.Alarms)
	return nil
}

// checkAlarms returns a *failure if an alarm that the refresh does not heed went off.
func (r *Rollout) checkAlarms(ctx context.Context, a *attempt) error {
	if a.bad != nil || len(a.alarms) == 0 {
		return nil
	}
	var names []string
	for name := range a.alarms {
		names = append(names, name)
	}
	slices.Sort(names)
	alarms, err := r.cloud.Alarms(ctx, names)
	if err != nil {
		return err
	}
	for _, alarm := range alarms {
		switch {
		case alarm.State == "OK":
			a.alarms[alarm.Name] = true
		case alarm.State == "ALARM" && a.alarms[alarm.Name]:
			return &failure{reason: fmt.Sprintf("the CloudWatch alarm %s went off: %s", alarm.Name, alarm.Reason)}
		}
	}
	return nil
}
