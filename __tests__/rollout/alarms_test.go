package rollout_test

import (
	"testing"
	"time"

	"example.com/webserver-cluster/internal/refresh"
	"example.com/webserver-cluster/internal/rollout"
)

// watched asks for version 5, which the alarm web-5xx can stop.
func watched(o *rollout.Options) {
	five(o)
	o.Preferences = refresh.Preferences{Alarms: []string{"web-5xx"}}
}

func TestAlarms(t *testing.T) {
	tell(t, []story{
		{
			name:  "on before the rollout: the deploy that mends its cause gets through",
			scene: scene{frames: []frame{{fleet: proven}}, onStart: goes, alarms: []alarmState{{name: "web-5xx", state: "ALARM"}, {at: 40 * time.Second, name: "web-5xx", state: "OK"}}},
			opts:  watched,
			calls: []string{"start version 5"},
			says:  []string{"! the alarm web-5xx is in ALARM before the rollout: it stops the rollout only if it goes on after having been OK"},
			took:  time.Minute,
		},
		{
			name:  "without data, as on a first deploy",
			scene: scene{frames: []frame{{fleet: proven}}, onStart: goes, alarms: []alarmState{{name: "web-5xx", state: "INSUFFICIENT_DATA"}}},
			opts:  watched,
			calls: []string{"start version 5"},
			says:  []string{"web-5xx is in INSUFFICIENT_DATA before the rollout"},
			took:  time.Minute,
		},
		{
			name:  "that does not exist",
			scene: scene{frames: []frame{{fleet: proven}}, onStart: goes},
			opts:  watched,
			calls: []string{"start version 5"},
			says:  []string{"! there is no CloudWatch alarm web-5xx: it cannot stop this rollout"},
			took:  time.Minute,
		},
		{
			name: "that goes off as the refresh is to start",
			scene: scene{frames: []frame{{fleet: proven}}, alarms: []alarmState{{name: "web-5xx", state: "OK"}, {at: time.Second, name: "web-5xx", state: "ALARM"}},
				onStart: func() func(*rollout.Version) ([]frame, error) {
					refused := false
					return func(v *rollout.Version) ([]frame, error) {
						if !refused {
							refused = true
							return nil, rollout.ErrAlarm
						}
						return goes(v)
					}
				}()},
			opts:  watched,
			calls: []string{"start version 5", "start version 5"},
			says:  []string{"the alarm web-5xx is in ALARM before the rollout"},
			took:  poll + time.Minute,
		},
		{
			name: "on before the rollout, then OK, then on again",
			scene: scene{frames: []frame{{fleet: proven}}, onStart: goes, onRollback: turnsBack,
				alarms: []alarmState{{name: "web-5xx", state: "ALARM"}, {at: 20 * time.Second, name: "web-5xx", state: "OK"}, {at: 40 * time.Second, name: "web-5xx", state: "ALARM"}}},
			opts:  watched,
			end:   rolledBack,
			calls: []string{"start version 5", "rollback"},
			says:  []string{"the CloudWatch alarm web-5xx went off: Threshold crossed."},
			took:  40*time.Second + 2*poll + time.Minute,
		},
		{
			name: "a killed run's refresh does not heed it: the next one watches it",
			scene: scene{frames: []frame{{at: 0, fleet: onItsWay}, {at: time.Hour, fleet: done}}, onRollback: turnsBack,
				alarms: []alarmState{{name: "web-5xx", state: "OK"}, {at: 40 * time.Second, name: "web-5xx", state: "ALARM"}}},
			opts:  watched,
			end:   rolledBack,
			calls: []string{"rollback"},
			says:  []string{"the CloudWatch alarm web-5xx went off"},
			took:  40*time.Second + 2*poll + time.Minute,
		},
	})
}

func TestLaunchesThatFail(t *testing.T) {
	refused := func(f rollout.Fleet, n int, message string) rollout.Fleet {
		f.Problems = nil
		for i := range n {
			f.Problems = append(f.Problems, rollout.Problem{ID: string(rune('a' + i)), Text: "Failed: " + message, Launch: message})
		}
		return f
	}
	for message, hint := range map[string]string{
		"We currently do not have sufficient t3.micro capacity in the Availability Zone you requested (eu-central-1a).":                                                                       "let the group have more instance types",
		"You have requested more vCPU capacity than your current vCPU limit of 32 allows.":                                                                                                    "The account's EC2 quota is used up",
		"Max spot instance count exceeded. Launching EC2 instance failed.":                                                                                                                    "The account's EC2 quota is used up",
		"Instance became unhealthy while waiting for instance to be in InService state. Termination Reason: Client.InvalidKMSKey.InvalidState: The KMS key provided is in an incorrect state": "use the key of its volumes",
		"The image id '[ami-0]' does not exist. Launching EC2 instance failed.":                                                                                                               "The image cannot be used any more",
	} {
		tell(t, []story{{
			name: "in a rollback they do not count: " + message,
			scene: scene{frames: []frame{{fleet: proven}}, onStart: func(*rollout.Version) ([]frame, error) {
				return []frame{{at: 0, fleet: onItsWay}, {at: 30 * time.Second, fleet: turnedBack},
					{at: 60 * time.Second, fleet: refused(turnedBack, 4, message)}, {at: 2 * time.Minute, fleet: rolledBk}}, nil
			}},
			opts:  five,
			end:   rolledBack,
			calls: []string{"start version 5"},
			took:  2 * time.Minute,
		}, {
			name: message,
			scene: scene{frames: []frame{{fleet: proven}}, onStart: func(*rollout.Version) ([]frame, error) {
				return []frame{{at: 0, fleet: onItsWay}, {at: 30 * time.Second, fleet: refused(onItsWay, 1, message)}, {at: 60 * time.Second, fleet: refused(onItsWay, 2, message)}, {at: 90 * time.Second, fleet: refused(onItsWay, 3, message)}}, nil
			}, onRollback: turnsBack},
			opts:  five,
			end:   rolledBack,
			calls: []string{"start version 5", "rollback"},
			says:  []string{"3 attempts in a row to launch an instance failed: " + message, hint},
			took:  90*time.Second + 2*poll + time.Minute,
		}})
	}
}
