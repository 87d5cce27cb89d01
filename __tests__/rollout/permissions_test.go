package rollout_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"example.com/webserver-cluster/internal/rollout"
)

// TestPermissions denies each action that the help names, one at a time: the error
// names it. No other action is called.
func TestPermissions(t *testing.T) {
	const refreshes = "DescribeInstanceRefreshes"
	free := strings.ReplaceAll(awsAnswers["DescribeAutoScalingGroups"], "<ProcessName>Launch<", "<ProcessName>AlarmNotification<")
	called := map[string]bool{}
	for _, permission := range rollout.Permissions {
		service, action, _ := strings.Cut(permission, ":")
		if service == "ec2" || service == "iam" {
			continue // AWS's own check, which it words as a ValidationError or AccessDenied of StartInstanceRefresh
		}
		t.Run(permission, func(t *testing.T) {
			w := newWire(t)
			w.answer("DescribeAutoScalingGroups", free)
			args := []string{"--group", "web", "--poll", "10ms", "--timeout", "30ms", "--preferences", `{"AlarmSpecification":{"Alarms":["web-5xx"]}}`}
			switch action {
			case "StartInstanceRefresh", "DescribeAlarms":
				w.answer(refreshes, "<InstanceRefreshes/>")
				args = append(args, "--template-version", "6")
			case "CancelInstanceRefresh":
				w.answer("RollbackInstanceRefresh", "400 IrreversibleInstanceRefresh no desired configuration")
				args = append(args, "--template-version", "6")
			case "RollbackInstanceRefresh":
				args = append(args, "--template-version", "6")
			}
			w.answer(action, "403 AccessDenied User x is not authorized to perform: "+permission)
			g := &localGroup{env: w.environ()}
			r := g.run(t, args...)
			if r.code == 0 || !strings.Contains(r.out, action+" for group web: AccessDenied: User x is not authorized to perform: "+permission+"; see rollout --help") {
				t.Errorf("exit code %d\n%s", r.code, r.out)
			}
			for _, asked := range w.actions() {
				called[asked] = true
			}
		})
	}
	for action := range called {
		if !slices.ContainsFunc(rollout.Permissions, func(p string) bool { return strings.HasSuffix(p, ":"+action) }) {
			t.Errorf("%s is called, and --help does not name it", action)
		}
	}
	for _, permission := range rollout.Permissions {
		if service, action, _ := strings.Cut(permission, ":"); service != "ec2" && service != "iam" && !called[action] {
			t.Errorf("%s is never called; called are %v", permission, slices.Sorted(maps.Keys(called)))
		}
	}
}
