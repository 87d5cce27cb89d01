package synth_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// TestDashboard reads the dashboard as CloudWatch draws it.
func TestDashboard(t *testing.T) {
	environments(t, func(t *testing.T, s stack) {
		dashboard := s.get("aws_cloudwatch_dashboard", "dashboard_dashboard")
		expect(t, dashboard, "${jsonencode(local.dashboard_body)}", "dashboard_body")
		widgets := at(s.json, "locals", "dashboard_body", "widgets").([]any)

		var alarms []string
		for name := range s.all("aws_cloudwatch_metric_alarm") {
			alarms = append(alarms, reference("aws_cloudwatch_metric_alarm."+name+".arn"))
		}
		slices.Sort(alarms)
		enabled := s.get("aws_autoscaling_group", "web_group")["enabled_metrics"].([]any)
		taken, shown := map[[2]int]any{}, map[string]bool{}
		for _, w := range widgets {
			title := at(w, "properties", "title")
			number := func(key string) int { return int(at(w, key).(float64)) }
			for x := number("x"); x < number("x")+number("width"); x++ {
				for y := number("y"); y < number("y")+number("height"); y++ {
					if other, ok := taken[[2]int{x, y}]; ok || x >= 24 {
						t.Fatalf("%v stands at %d, %d, where there is %v", title, x, y, other)
					}
					taken[[2]int{x, y}] = title
				}
			}
			switch at(w, "type") {
			case "alarm":
				var listed []string
				for _, arn := range at(w, "properties", "alarms").([]any) {
					listed = append(listed, arn.(string))
				}
				slices.Sort(listed)
				if !slices.Equal(listed, alarms) {
					t.Errorf("the dashboard shows the alarms %v, and there are %v", listed, alarms)
				}
			case "metric":
				expect(t, w, 0, "properties", "yAxis", "left", "min")
				for _, metric := range at(w, "properties", "metrics").([]any) {
					name := fmt.Sprint(at(metric, 1))
					shown[name] = true
					// The group reports only what it is told to.
					if at(metric, 0) == "AWS/AutoScaling" && !slices.Contains(enabled, any(name)) {
						t.Errorf("the group does not report %s", name)
					}
				}
			}
		}
		for _, want := range []string{
			"RequestCount", "HTTPCode_Target_5XX_Count", "HTTPCode_ELB_5XX_Count", "TargetResponseTime", "HealthyHostCount",
			"GroupDesiredCapacity", "GroupInServiceInstances", "CPUUtilization", "DatabaseConnections", "FreeStorageSpace",
		} {
			if !shown[want] {
				t.Errorf("the dashboard does not show %s", want)
			}
		}
		// What to do first, for each alarm of the cluster's.
		guide := fmt.Sprint(at(s.json, "locals", "dashboard_guide"))
		for name := range s.all("aws_cloudwatch_metric_alarm") {
			if alarm, ours := strings.CutPrefix(name, "web_alarm_"); ours && !strings.Contains(guide, strings.ReplaceAll(alarm, "_", "-")) {
				t.Errorf("the guide does not say what to do about %s", alarm)
			}
		}
	})
}
