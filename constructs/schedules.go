package constructs

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/robfig/cron/v3"

	"example.com/webserver-cluster/internal/faults"
)

// Schedule changes the size of the group at set times. At least one of
// MinSize, MaxSize and DesiredCapacity is given.
//
// As soon as one schedule sets MinSize or MaxSize, the cluster's own MinSize
// and MaxSize count only when the group is made: later the schedules own them.
type Schedule struct {
	// Name is the scheduled action's name and tells it from the cluster's other
	// schedules: one line of at most 255 characters. Its Terraform name has _ in
	// the place of all but letters (A to Z) and digits. Required.
	Name string
	// Recurrence is when, in Unix cron's five fields: minute, hour, day of month,
	// month, day of week. No two schedules of a cluster may fall on one minute.
	// Required.
	Recurrence string
	// TimeZone is the zone of Recurrence, as the IANA database names it, such
	// as "Europe/Berlin"; daylight saving time is followed. Default "Etc/UTC".
	TimeZone string
	// MinSize, MaxSize and DesiredCapacity are set from then on. Default: left
	// as they are.
	MinSize, MaxSize, DesiredCapacity int
}

func (s Schedule) setsBounds() bool { return s.MinSize != 0 || s.MaxSize != 0 }

func (s Schedule) timeZone() string { return orDefault(s.TimeZone, "Etc/UTC") }

var notInTerraformName = regexp.MustCompile(`[^A-Za-z0-9]`)

// role is the schedule's Terraform name in the cluster's scope.
// https://developer.hashicorp.com/terraform/language/syntax/configuration#identifiers
func (s Schedule) role() string {
	return "schedule_" + notInTerraformName.ReplaceAllString(s.Name, "_")
}

const (
	// https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_PutScheduledUpdateGroupAction.html
	maxScheduleName = 255
	// https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-scheduled-scaling.html#scheduled-scaling-limitations
	maxSchedules = 125
)

// checkSchedules checks the schedules one by one and together. The cluster's own
// bounds are 0 if they are at fault themselves.
func checkSchedules(f *faults.List, schedules []Schedule, clusterMin, clusterMax int) {
	if len(schedules) > maxSchedules {
		f.Add("Schedules", len(schedules), "is their number; an Auto Scaling group can have %d", maxSchedules)
	}
	names, roles := map[string]bool{}, map[string]int{}
	var timed []timedSchedule
	for i, s := range schedules {
		field := fmt.Sprintf("Schedules[%d]", i)
		var own faults.List
		s.checkName(&own)
		s.checkSizes(&own, clusterMin, clusterMax)
		when := s.checkTime(&own)
		f.In(field, own.Err())
		switch first, taken := roles[s.role()]; {
		case s.Name == "":
		case names[s.Name]:
			f.Add(field+".Name", s.Name, "is used twice")
		case taken:
			f.Add(field+".Name", s.Name, "makes the Terraform name %s, as Schedules[%d] (%s) does", s.role(), first, schedules[first].Name)
		default:
			roles[s.role()] = i
		}
		names[s.Name] = true
		if when != nil {
			timed = append(timed, timedSchedule{s, field, when})
		}
	}
	checkMeetings(f, timed)
	if clusterMin != 0 {
		checkCourse(f, timed, clusterMin, clusterMax)
	}
}

func (s Schedule) checkName(f *faults.List) {
	switch {
	case s.Name == "":
		f.Add("Name", s.Name, "must not be empty")
	case utf8.RuneCountInString(s.Name) > maxScheduleName:
		f.Add("Name", s.Name, "has %d characters; a scheduled action's name can have %d", utf8.RuneCountInString(s.Name), maxScheduleName)
	case !utf8.ValidString(s.Name) || strings.ContainsFunc(s.Name, unicode.IsControl):
		f.Add("Name", s.Name, "must be one line of text, UTF-8 without control characters")
	case templateRule.MatchString(s.Name):
		f.Add("Name", s.Name, "must have no reference and nothing that Terraform takes for one (${ or %%{): a Terraform name is made of it")
	}
}

func (s Schedule) checkSizes(f *faults.List, clusterMin, clusterMax int) {
	if !s.setsBounds() && s.DesiredCapacity == 0 {
		f.Add("MinSize", s.MinSize, "must be given, or MaxSize or DesiredCapacity: the schedule changes nothing")
	}
	if s.MinSize != 0 && s.MinSize < leastSize {
		f.Add("MinSize", s.MinSize, "must be %d or more: one instance cannot survive the loss of its zone", leastSize)
		return
	}
	if clusterMin == 0 {
		return // what is at fault already is no measure
	}
	// Any schedule may be the first to come after the group was made.
	least, leastName := s.MinSize, "MinSize"
	if least == 0 {
		least, leastName = clusterMin, "the cluster's MinSize"
	}
	most, mostName := s.MaxSize, "MaxSize"
	if most == 0 {
		most, mostName = clusterMax, "the cluster's MaxSize"
	}
	switch {
	case least > most && s.MinSize != 0:
		f.Add("MinSize", s.MinSize, "must not be above %s (%d)", mostName, most)
	case least > most:
		f.Add("MaxSize", s.MaxSize, "must not be below %s (%d)", leastName, least)
	case s.DesiredCapacity != 0 && (s.DesiredCapacity < least || s.DesiredCapacity > most):
		f.Add("DesiredCapacity", s.DesiredCapacity, "must be from %s (%d) to %s (%d)", leastName, least, mostName, most)
	}
}

// checkTime returns when the schedule comes; nil for what is at fault, or known to
// Terraform only.
func (s Schedule) checkTime(f *faults.List) cron.Schedule {
	zoneRule := timeZoneFault(s.timeZone())
	if zoneRule != "" {
		f.Add("TimeZone", s.TimeZone, "%s", zoneRule)
	}
	if isToken(s.Recurrence) {
		return nil
	}
	// Without a zone first: each field has its own fault.
	if when, err := parseRecurrence(s.Recurrence, "UTC"); err != nil {
		f.Add("Recurrence", s.Recurrence, "must be cron's five fields (minute, hour, day of month, month, day of week), such as \"0 8 * * 1-5\": %v", err)
		return nil
	} else if when.Next(yearStart).IsZero() {
		f.Add("Recurrence", s.Recurrence, "never comes: no month that it names has such a day")
		return nil
	}
	if zoneRule != "" || isToken(s.TimeZone) {
		return nil
	}
	when, _ := parseRecurrence(s.Recurrence, s.timeZone()) // both are checked
	return when
}
