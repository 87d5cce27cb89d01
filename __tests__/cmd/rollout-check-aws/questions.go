package main

import "context"

// question is one that AWS's pages leave open.
type question struct {
	ID      string `json:"id"`
	Asks    string `json:"asks"`
	Assumes string `json:"assumes"` // docs/rollout.md, and the engine in localaws/scaling
}

var questions = []question{
	{"a1", "A refresh is cancelled while there are two instances too many, with the termination policy Default: which go?", "newcomers or proven ones: AWS does not say, so that a cluster has another policy"},
	{"a2", "The same with NewestInstance?", "the newcomers"},
	{"b1", "A refresh is rolled back while there are two instances too many, with the termination policy Default: which go first?", "newcomers or proven ones: AWS does not say, so that a cluster has another policy"},
	{"b2", "The same with NewestInstance?", "the newcomers"},
	{"c", "How long after a refresh is Successful does the group launch its version?", "at once or soon: rollout waits ten minutes, then starts another refresh"},
	{"d", "How long does StartInstanceRefresh not know a new version of the launch template, and what does it say?", "seconds or minutes, in words that rollout knows"},
	{"e1", "StartInstanceRefresh with an alarm in INSUFFICIENT_DATA: is it refused?", "yes: rollout leaves such an alarm out"},
	{"e2", "With one in ALARM?", "yes: rollout leaves such an alarm out"},
	{"f", "UpdateAutoScalingGroup with a launch template version while a refresh goes to one: is it refused?", "yes: so Terraform never changes it"},
	{"g1", "RollbackInstanceRefresh at once after StartInstanceRefresh, while Pending?", "accepted; rollout does not rely on it and cancels"},
	{"g2", "RollbackInstanceRefresh a second time, during the rollback?", "refused: " + idle},
	{"h", "With checkpoints at 50 and 100 %, does a refresh rest at 100 % too?", "no"},
	{"i", "Does a refresh with AutoRollback roll back when it is cancelled?", "no"},
}

// experiment answers some of the questions, on a group that serves and has no
// refresh under way.
type experiment struct {
	name    string
	answers []string
	do      func(*lab, context.Context) error
}

// experiments are in the order of their duration: what may go wrong does so soon.
var experiments = []experiment{
	{"an alarm without data", []string{"e1"}, (*lab).alarmWithoutData},
	{"an alarm that is on", []string{"e2"}, (*lab).alarmOn},
	{"a rollback of a refresh that has just been started", []string{"g1"}, (*lab).early},
	{"a refresh with checkpoints to its end", []string{"d", "f", "h", "c"}, (*lab).whole},
	{"a cancelled refresh, termination policy Default", []string{"a1"}, (*lab).cancelDefault},
	{"a cancelled refresh, termination policy NewestInstance", []string{"a2", "i"}, (*lab).cancelNewest},
	{"a refresh that is rolled back, termination policy Default", []string{"b1", "g2"}, (*lab).rollBackDefault},
	{"a refresh that is rolled back, termination policy NewestInstance", []string{"b2"}, (*lab).rollBackNewest},
}
