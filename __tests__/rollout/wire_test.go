package rollout_test

import (
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"example.com/webserver-cluster/internal/refresh"
	"example.com/webserver-cluster/internal/rollout"
)

// wire is AWS at the end of the line: it answers each action of the Query
// protocol with a fixed text, and keeps what it was asked.
type wire struct {
	*httptest.Server

	mu      sync.Mutex
	answers map[string]string     // by action
	forms   map[string]url.Values // by action
}

// answer sets the answer to an action: what stands in its result, or "STATUS
// CODE message" for an error.
func (w *wire) answer(action, text string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.answers[action] = text
}

// asked returns the last request for an action, nil if there was none.
func (w *wire) asked(action string) url.Values {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.forms[action]
}

// actions are those that were asked for.
func (w *wire) actions() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Collect(maps.Keys(w.forms))
}

func newWire(t *testing.T) *wire {
	w := &wire{answers: maps.Clone(awsAnswers), forms: map[string]url.Values{}}
	w.Server = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		r.ParseForm()
		action := r.Form.Get("Action")
		w.mu.Lock()
		defer w.mu.Unlock()
		w.forms[action] = r.Form
		var status int
		var code, message string
		if n, _ := fmt.Sscanf(w.answers[action], "%d %s", &status, &code); n == 2 {
			_, message, _ = strings.Cut(w.answers[action], code+" ")
			rw.WriteHeader(status)
			fmt.Fprintf(rw, "<ErrorResponse><Error><Type>Sender</Type><Code>%s</Code><Message>%s</Message></Error></ErrorResponse>", code, message)
			return
		}
		fmt.Fprintf(rw, "<%[1]sResponse><%[1]sResult>%[2]s</%[1]sResult></%[1]sResponse>", action, w.answers[action])
	}))
	t.Cleanup(w.Close)
	return w
}

func (w *wire) cloud() *rollout.AWS {
	return rollout.NewAWS(aws.Config{
		Region:       "eu-central-1",
		BaseEndpoint: &w.URL,
		Credentials:  credentials.NewStaticCredentialsProvider("id", "secret", ""),
		Retryer:      func() aws.Retryer { return aws.NopRetryer{} },
	}, "web")
}

// awsAnswers is a group in the middle of a rollout from version 4 to 5.
var awsAnswers = map[string]string{
	"DescribeAutoScalingGroups": `<AutoScalingGroups><member>
		<AutoScalingGroupName>web</AutoScalingGroupName><DesiredCapacity>2</DesiredCapacity>
		<LaunchTemplate><LaunchTemplateId>lt-1</LaunchTemplateId><Version>5</Version></LaunchTemplate>
		<InstanceMaintenancePolicy><MinHealthyPercentage>100</MinHealthyPercentage><MaxHealthyPercentage>200</MaxHealthyPercentage></InstanceMaintenancePolicy>
		<SuspendedProcesses><member><ProcessName>AZRebalance</ProcessName></member><member><ProcessName>Launch</ProcessName></member></SuspendedProcesses>
		<TargetGroupARNs><member>arn:tg</member></TargetGroupARNs>
		<Instances>
			<member><InstanceId>i-c</InstanceId><AvailabilityZone>eu-central-1b</AvailabilityZone><LifecycleState>InService</LifecycleState><HealthStatus>Healthy</HealthStatus><LaunchTemplate><LaunchTemplateId>lt-1</LaunchTemplateId><Version>5</Version></LaunchTemplate></member>
			<member><InstanceId>i-a</InstanceId><AvailabilityZone>eu-central-1a</AvailabilityZone><LifecycleState>InService</LifecycleState><HealthStatus>Healthy</HealthStatus><ProtectedFromScaleIn>true</ProtectedFromScaleIn><LaunchTemplate><LaunchTemplateId>lt-1</LaunchTemplateId><Version>4</Version></LaunchTemplate></member>
			<member><InstanceId>i-b</InstanceId><AvailabilityZone>eu-central-1a</AvailabilityZone><LifecycleState>Terminating:Wait</LifecycleState><HealthStatus>Unhealthy</HealthStatus></member>
		</Instances></member></AutoScalingGroups>`,
	"DescribeTargetHealth": `<TargetHealthDescriptions>
		<member><Target><Id>i-a</Id><Port>80</Port></Target><TargetHealth><State>healthy</State></TargetHealth></member>
		<member><Target><Id>i-c</Id><Port>80</Port></Target><TargetHealth><State>unhealthy</State><Reason>Target.ResponseCodeMismatch</Reason><Description>Health checks failed with these codes: [500]</Description></TargetHealth></member>
		</TargetHealthDescriptions>`,
	"DescribeInstanceRefreshes": `<InstanceRefreshes>
		<member><InstanceRefreshId>r-2</InstanceRefreshId><Status>InProgress</Status><StatusReason>Waiting for instances to warm up.</StatusReason><PercentageComplete>50</PercentageComplete><StartTime>2026-01-02T03:04:05Z</StartTime>
			<Preferences><MinHealthyPercentage>100</MinHealthyPercentage><MaxHealthyPercentage>200</MaxHealthyPercentage><InstanceWarmup>120</InstanceWarmup>
				<CheckpointPercentages><member>50</member><member>100</member></CheckpointPercentages><CheckpointDelay>600</CheckpointDelay><AlarmSpecification><Alarms><member>web-5xx</member></Alarms></AlarmSpecification></Preferences>
			<DesiredConfiguration><LaunchTemplate><LaunchTemplateId>lt-1</LaunchTemplateId><Version>5</Version></LaunchTemplate></DesiredConfiguration></member>
		<member><InstanceRefreshId>r-1</InstanceRefreshId><Status>Successful</Status><PercentageComplete>100</PercentageComplete><StartTime>2026-01-01T00:00:00Z</StartTime><EndTime>2026-01-01T00:05:00Z</EndTime></member>
		</InstanceRefreshes>`,
	"DescribeScalingActivities": `<Activities>
		<member><ActivityId>3</ActivityId><StatusCode>Successful</StatusCode><StartTime>2026-01-02T03:06:00Z</StartTime><Description>Terminating EC2 instance: i-b</Description><Cause>At 2026-01-02T03:06:00Z an instance was taken out of service in response to an ELB system health check failure.</Cause></member>
		<member><ActivityId>2</ActivityId><StatusCode>Failed</StatusCode><StatusMessage>No capacity. Launching EC2 instance failed.</StatusMessage><StartTime>2026-01-02T03:05:00Z</StartTime><Description>Launching a new EC2 instance.  Status Reason: No capacity. Launching EC2 instance failed.</Description><Cause>At 2026-01-02T03:05:00Z an instance was started.</Cause></member>
		<member><ActivityId>1</ActivityId><StatusCode>Successful</StatusCode><StartTime>2026-01-02T03:04:10Z</StartTime><Description>Launching a new EC2 instance: i-c</Description><Cause>At 2026-01-02T03:04:10Z an instance was started.</Cause></member>
		</Activities>`,
	"DescribeAlarms":        `<MetricAlarms><member><AlarmName>web-5xx</AlarmName><StateValue>ALARM</StateValue><StateUpdatedTimestamp>2026-01-02T03:04:05Z</StateUpdatedTimestamp><StateReason>Threshold crossed.</StateReason></member></MetricAlarms>`,
	"StartInstanceRefresh":  `<InstanceRefreshId>r-3</InstanceRefreshId>`,
	"CancelInstanceRefresh": `<InstanceRefreshId>r-2</InstanceRefreshId>`,
}

func TestDescribe(t *testing.T) {
	fleet, err := newWire(t).cloud().Describe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	five := version(5)
	at := func(text string) time.Time {
		moment, err := time.Parse(time.RFC3339, text)
		if err != nil {
			t.Fatal(err)
		}
		return moment
	}
	want := rollout.Fleet{
		Group: "web", Target: five, Desired: 2, HasMaintenancePolicy: true, Suspended: []string{"Launch"},
		Instances: []rollout.Instance{
			{ID: "i-a", Zone: "eu-central-1a", Version: version(4), State: "InService", Healthy: true, Protected: true},
			{ID: "i-b", Zone: "eu-central-1a", State: "Terminating:Wait", Trouble: "not registered in the target group"},
			{ID: "i-c", Zone: "eu-central-1b", Version: five, State: "InService", Healthy: true,
				Trouble: "unhealthy in the target group: Health checks failed with these codes: [500]"},
		},
		Refreshes: []rollout.Refresh{
			{ID: "r-2", Status: "InProgress", Reason: "Waiting for instances to warm up.", Percent: 50,
				Start: at("2026-01-02T03:04:05Z"), Desired: &five, Preferences: refresh.Preferences{
					MinHealthyPercentage: new(100), MaxHealthyPercentage: new(200), InstanceWarmup: new(2 * time.Minute),
					Checkpoints: []int{50, 100}, CheckpointDelay: new(10 * time.Minute), Alarms: []string{"web-5xx"},
				}},
			{ID: "r-1", Status: "Successful", Percent: 100, Start: at("2026-01-01T00:00:00Z"), End: at("2026-01-01T00:05:00Z")},
		},
		Problems: []rollout.Problem{
			{ID: "2", Time: at("2026-01-02T03:05:00Z"), Text: "Failed: Launching a new EC2 instance.  Status Reason: No capacity. Launching EC2 instance failed.",
				Launch: "No capacity. Launching EC2 instance failed."},
			{ID: "3", Time: at("2026-01-02T03:06:00Z"), Text: "Terminating EC2 instance: i-b: At 2026-01-02T03:06:00Z an instance was taken out of service in response to an ELB system health check failure."},
		},
	}
	if !reflect.DeepEqual(fleet, want) {
		t.Errorf("got  %+v\nwant %+v", fleet, want)
	}
}

// A refresh of long ago may have gone anywhere: only what is under way matters.
func TestHistoryOfOthers(t *testing.T) {
	for _, desired := range []string{
		"<LaunchTemplate><LaunchTemplateId>lt-1</LaunchTemplateId><Version>$Latest</Version></LaunchTemplate>",
		"<LaunchTemplate><LaunchTemplateName>web</LaunchTemplateName><Version>$Default</Version></LaunchTemplate>",
		"<LaunchTemplate><LaunchTemplateName>web</LaunchTemplateName></LaunchTemplate>",
		"<MixedInstancesPolicy><LaunchTemplate><Overrides/></LaunchTemplate></MixedInstancesPolicy>",
		"",
	} {
		w := newWire(t)
		w.answer("DescribeInstanceRefreshes", "<InstanceRefreshes><member><InstanceRefreshId>r-1</InstanceRefreshId><Status>Successful</Status><DesiredConfiguration>"+desired+"</DesiredConfiguration></member></InstanceRefreshes>")
		fleet, err := w.cloud().Describe(t.Context())
		if err != nil || fleet.Active() != nil || fleet.Destination() != version(5) {
			t.Errorf("%s: %+v, %v", desired, fleet.Refreshes, err)
		}
	}
}

func TestStartRefresh(t *testing.T) {
	w := newWire(t)
	four := version(4)
	id, err := w.cloud().StartRefresh(t.Context(), rollout.Start{Desired: &four, AutoRollback: true, Preferences: refresh.Preferences{
		MinHealthyPercentage: new(100), MaxHealthyPercentage: new(150), InstanceWarmup: new(2 * time.Minute),
		Checkpoints: []int{50, 100}, CheckpointDelay: new(10 * time.Minute), Alarms: []string{"web-5xx"},
	}})
	if err != nil || id != "r-3" {
		t.Fatalf("got %q, %v", id, err)
	}
	want := url.Values{
		"Action": {"StartInstanceRefresh"}, "Version": {"2011-01-01"}, "AutoScalingGroupName": {"web"},
		"DesiredConfiguration.LaunchTemplate.LaunchTemplateId": {"lt-1"},
		"DesiredConfiguration.LaunchTemplate.Version":          {"4"},
		"Preferences.AutoRollback":                             {"true"},
		"Preferences.SkipMatching":                             {"true"},
		"Preferences.StandbyInstances":                         {"Ignore"},
		"Preferences.ScaleInProtectedInstances":                {"Refresh"},
		"Preferences.MinHealthyPercentage":                     {"100"},
		"Preferences.MaxHealthyPercentage":                     {"150"},
		"Preferences.InstanceWarmup":                           {"120"},
		"Preferences.CheckpointPercentages.member.1":           {"50"},
		"Preferences.CheckpointPercentages.member.2":           {"100"},
		"Preferences.CheckpointDelay":                          {"600"},
		"Preferences.AlarmSpecification.Alarms.member.1":       {"web-5xx"},
	}
	if got := w.asked("StartInstanceRefresh"); !reflect.DeepEqual(got, want) {
		t.Errorf("sent %v\nwant %v", got, want)
	}

	// What the group knows itself is not sent.
	if _, err := w.cloud().StartRefresh(t.Context(), rollout.Start{}); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"DesiredConfiguration.LaunchTemplate.Version", "Preferences.AutoRollback", "Preferences.MinHealthyPercentage", "Preferences.InstanceWarmup", "Preferences.CheckpointDelay"} {
		if w.asked("StartInstanceRefresh").Has(name) {
			t.Errorf("sent %s", name)
		}
	}
}

func TestErrors(t *testing.T) {
	group := awsAnswers["DescribeAutoScalingGroups"]
	tests := []struct{ action, answer, want string }{
		{"DescribeAutoScalingGroups", "<AutoScalingGroups/>",
			"there is no Auto Scaling group web in eu-central-1: check the name, the region and the account"},
		{"DescribeAutoScalingGroups", strings.Replace(group, "<DesiredCapacity>", "<Status>Delete in progress</Status><DesiredCapacity>", 1),
			"the Auto Scaling group web is being deleted (Delete in progress)"},
		{"DescribeAutoScalingGroups", "<AutoScalingGroups><member><LaunchConfigurationName>lc</LaunchConfigurationName></member></AutoScalingGroups>",
			"the Auto Scaling group web has a launch configuration, which AWS no longer develops: give it a launch template"},
		{"DescribeAutoScalingGroups", strings.Replace(group, "<Version>5</Version>", "<Version>$Latest</Version>", 1),
			`the Auto Scaling group web launches version "$Latest" of launch template lt-1: must be a number, so that only a deploy changes what it launches; its instances run 5: aws autoscaling update-auto-scaling-group --auto-scaling-group-name web --launch-template LaunchTemplateId=lt-1,Version=5`},
		{"DescribeAutoScalingGroups", "403 AccessDenied User x is not authorized to perform: autoscaling:DescribeAutoScalingGroups",
			"DescribeAutoScalingGroups for group web: AccessDenied: User x is not authorized to perform: autoscaling:DescribeAutoScalingGroups; see rollout --help for the permissions it needs"},
		{"DescribeTargetHealth", "400 TargetGroupNotFound One or more target groups not found",
			"DescribeTargetHealth for group web: TargetGroupNotFound: One or more target groups not found"},
		{"DescribeScalingActivities", "403 ExpiredToken The security token included in the request is expired",
			"DescribeScalingActivities for group web: ExpiredToken: The security token included in the request is expired; sign in again and run it again: AWS goes on meanwhile"},
	}
	for _, test := range tests {
		w := newWire(t)
		w.answer(test.action, test.answer)
		if _, err := w.cloud().Describe(t.Context()); err == nil || err.Error() != test.want {
			t.Errorf("got  %v\nwant %s", err, test.want)
		}
	}

	w := newWire(t)
	w.answer("StartInstanceRefresh", "400 InstanceRefreshInProgress An Instance Refresh is already in progress and blocks the execution of this Instance Refresh.")
	if _, err := w.cloud().StartRefresh(t.Context(), rollout.Start{}); err != rollout.ErrInProgress {
		t.Errorf("got %v", err)
	}
	w.answer("CancelInstanceRefresh", "400 ActiveInstanceRefreshNotFound No in progress or pending Instance Refresh found for Auto Scaling group web")
	if err := w.cloud().CancelRefresh(t.Context()); err != rollout.ErrNotInProgress {
		t.Errorf("got %v", err)
	}
	w.answer("DescribeInstanceRefreshes", "</garbage>")
	if _, err := w.cloud().Describe(t.Context()); err == nil || err.Error() != "DescribeInstanceRefreshes for group web: AWS answered HTTP 200 and no reason" {
		t.Errorf("got %v", err)
	}
	w.Close()
	if _, err := w.cloud().Describe(t.Context()); err == nil || !strings.HasPrefix(err.Error(), "DescribeAutoScalingGroups for group web: cannot reach "+w.URL) {
		t.Errorf("got %v", err)
	}
}
