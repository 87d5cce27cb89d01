package strict

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutDashboard.html
var dashboardName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,255}$`)

// widget is a widget of a dashboard, of which CloudWatch takes 500.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
type widget struct {
	Type                string
	X, Y, Width, Height *int
	Properties          struct {
		Markdown *string
		Alarms   []string
		Region   string
		Period   *int
		View     string
		Metrics  [][]any
		YAxis    map[string]struct{ Min, Max *float64 }
		// With an alarm, a graph needs no metrics.
		Annotations struct {
			Alarms     []string
			Horizontal []any
			Vertical   []any
		}
	}
}

// dashboard judges the body of a dashboard, which moto takes as it is.
func dashboard(call Call) []Fault {
	const code = "InvalidParameterInput"
	var faults []Fault
	if name := call.Text("DashboardName"); !dashboardName.MatchString(name) {
		faults = append(faults, Faultf(code, "The value %s for field DashboardName must be 1 to 255 characters of A-Z, a-z, 0-9, - and _", shorten(name)))
	}
	var body struct{ Widgets []widget }
	if err := json.Unmarshal([]byte(call.Text("DashboardBody")), &body); err != nil {
		return append(faults, Faultf(code, "The field DashboardBody must be a valid JSON object: %v", err))
	}
	if len(body.Widgets) > 500 {
		faults = append(faults, Faultf(code, "A dashboard can have 500 widgets: %d", len(body.Widgets)))
	}
	for i, w := range body.Widgets {
		for _, rule := range w.faults() {
			faults = append(faults, Faultf(code, "/widgets/%d: %s", i, rule))
		}
	}
	return faults
}

func (w widget) faults() (rules []string) {
	add := func(bad bool, format string, args ...any) {
		if bad {
			rules = append(rules, fmt.Sprintf(format, args...))
		}
	}
	within := func(name string, n *int, least, most int) {
		add(n != nil && (*n < least || *n > most), "%s must be %d to %d", name, least, most)
	}
	within("x", w.X, 0, 23)
	within("width", w.Width, 1, 24)
	within("height", w.Height, 1, 1000)
	add(w.Y != nil && *w.Y < 0, "y must be 0 or more")
	p := w.Properties
	switch w.Type {
	case "text":
		add(p.Markdown == nil, "a text needs markdown")
	case "alarm":
		add(len(p.Alarms) < 1 || len(p.Alarms) > 100, "alarms must be 1 to 100")
		for _, arn := range p.Alarms {
			add(!alarmARN.MatchString(arn), "%s is no ARN of an alarm", shorten(arn))
		}
	case "metric":
		add(p.Region == "", "a graph needs a region")
		add(len(p.Metrics) == 0 && len(p.Annotations.Alarms) == 0, "a graph needs metrics, or an alarm")
		add(len(p.Metrics) > 500, "a graph can have 500 metrics: %d", len(p.Metrics))
		add(p.View != "" && !slices.Contains([]string{"timeSeries", "singleValue", "gauge", "bar", "pie", "table"}, p.View), "there is no view %s", p.View)
		add(p.Period != nil && !slices.Contains([]int{1, 5, 10, 20, 30}, *p.Period) && (*p.Period < 60 || *p.Period%60 != 0), "period must be 1, 5, 10, 20, 30 or a multiple of 60")
		for axis := range p.YAxis {
			add(axis != "left" && axis != "right", "there is no axis %s", axis)
		}
		for _, metric := range p.Metrics {
			rules = append(rules, metricFaults(metric)...)
		}
	default:
		add(!slices.Contains([]string{"log", "explorer", "custom"}, w.Type), "there is no type %s of a widget", w.Type)
	}
	return rules
}

// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/arn-format.html
var alarmARN = regexp.MustCompile(`^arn:[a-z-]+:cloudwatch:[a-z0-9-]+:\d{12}:alarm:.+$`)

// metricFaults: a metric is its namespace, its name, names and values of dimensions in
// turn, and perhaps how it is shown; or that alone, with an expression.
func metricFaults(metric []any) (rules []string) {
	words := metric
	if n := len(words); n > 0 {
		if options, ok := words[n-1].(map[string]any); ok {
			if _, formula := options["expression"]; formula && n == 1 {
				return nil
			}
			if color, ok := options["color"].(string); ok && !hexColor.MatchString(color) {
				rules = append(rules, fmt.Sprintf("%s is no colour, such as #ff7f0e", shorten(color)))
			}
			words = words[:n-1]
		}
	}
	if len(words) < 2 || len(words)%2 != 0 {
		rules = append(rules, fmt.Sprintf("a metric needs a namespace, a name and pairs of a dimension's name and value: %v", metric))
	}
	for _, word := range words {
		if text, ok := word.(string); !ok || strings.TrimSpace(text) == "" {
			rules = append(rules, fmt.Sprintf("%v is no text in a metric", word))
		}
	}
	return rules
}

var hexColor = regexp.MustCompile(`^#[0-9A-Fa-f]{6}$`)
