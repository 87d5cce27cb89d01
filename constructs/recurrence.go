package constructs

import (
	_ "embed"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	// The time zones that Go knows do not depend on the machine.
	_ "time/tzdata"

	"github.com/robfig/cron/v3"

	"example.com/webserver-cluster/internal/faults"
)

// timeZones are the names of the IANA database, as Go's own copy of it has them. A
// look-up in the machine's copy would find other files beside it (localtime,
// posix/…), and on some file systems any spelling.
// https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-scheduled-scaling.html#scheduled-scaling-time-zone
//
//go:embed time_zones.txt
var timeZones string

// timeZoneFault is the rule that a time zone's name breaks; "" for a name.
func timeZoneFault(name string) string {
	if isToken(name) {
		return ""
	}
	for _, zone := range strings.Fields(timeZones) {
		if zone == name {
			return ""
		}
		if strings.EqualFold(zone, name) {
			return "must be written as the IANA database has it: " + zone
		}
	}
	return "must be a time zone of the IANA database, such as Europe/Berlin"
}

// Unix cron's syntax has neither EventBridge's ? L W # nor words such as @daily.
// https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_PutScheduledUpdateGroupAction.html
// https://man7.org/linux/man-pages/man5/crontab.5.html
var cronFieldRule = regexp.MustCompile(`^[0-9A-Za-z*,/-]+$`)

// parseRecurrence parses cron's five fields, in a time zone.
func parseRecurrence(recurrence, zone string) (cron.Schedule, error) {
	fields := strings.Fields(recurrence)
	if len(fields) != 5 {
		return nil, fmt.Errorf("it has %d", len(fields))
	}
	for _, field := range fields {
		if !cronFieldRule.MatchString(field) {
			return nil, fmt.Errorf("%q is not cron's syntax", field)
		}
	}
	fields[4] = withSundayAs0(fields[4])
	schedule, err := cron.ParseStandard("CRON_TZ=" + zone + " " + strings.Join(fields, " "))
	if err != nil {
		said, _, _ := strings.Cut(err.Error(), ": ") // behind it, what it was given
		return nil, errors.New(said)
	}
	return schedule, nil
}

// withSundayAs0 writes a 7 in the days of the week as 0: in cron both are Sunday,
// and the parser knows only one of them.
func withSundayAs0(field string) string {
	items := strings.Split(field, ",")
	for i, item := range items {
		days, step, _ := strings.Cut(item, "/")
		from, to, isRange := strings.Cut(days, "-")
		first, err := strconv.Atoi(from)
		every, stepErr := strconv.Atoi(orDefault(step, "1"))
		switch {
		case days == "7" && step == "":
			items[i] = "0"
		case isRange && to == "7" && err == nil && stepErr == nil && every > 0 && first <= 7:
			var list []string
			for day := first; day <= 7; day += every {
				list = append(list, strconv.Itoa(day%7))
			}
			items[i] = strings.Join(list, ",")
		}
	}
	return strings.Join(items, ",")
}

// timedSchedule is a schedule whose times are known.
type timedSchedule struct {
	Schedule
	field string
	when  cron.Schedule
}

// bound is the group's MinSize or MaxSize, and the schedule that has set it.
type bound struct {
	size      int
	field, by string
}

// The year that schedules are tried in: a leap year, always the same, so that what
// is valid today is so tomorrow.
var (
	yearStart = time.Date(2024, time.January, 1, 0, 0, 0, 0, time.UTC).Add(-time.Second)
	yearEnd   = yearStart.AddDate(1, 0, 0)
)

// checkMeetings adds a fault for two schedules that come at one time in that year,
// which AWS refuses.
// https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-scheduled-scaling.html#scheduled-scaling-limitations
func checkMeetings(f *faults.List, schedules []timedSchedule) {
	steps := 20_000 // which take less than a tenth of a second
	for i, later := range schedules {
		for _, earlier := range schedules[:i] {
			if !canMeet(earlier.when, later.when) {
				continue
			}
			a, b := earlier.when.Next(yearStart), later.when.Next(yearStart)
			for steps > 0 && !a.IsZero() && !b.IsZero() && a.Before(yearEnd) && b.Before(yearEnd) {
				steps--
				if a.Equal(b) {
					f.Add(later.field+".Recurrence", later.Recurrence, "comes at the same time as %s (%s), such as %s: AWS refuses that",
						earlier.field, earlier.Name, b.Format("2006-01-02 15:04 MST"))
					break
				}
				if a.Before(b) {
					a = earlier.when.Next(b.Add(-time.Second))
				} else {
					b = later.when.Next(a.Add(-time.Second))
				}
			}
		}
	}
}

// canMeet is false for two schedules whose fields alone say that they never meet:
// most do, and a walk through the year takes milliseconds.
func canMeet(a, b cron.Schedule) bool {
	x, xOK := a.(*cron.SpecSchedule)
	y, yOK := b.(*cron.SpecSchedule)
	if !xOK || !yOK || x.Location.String() != y.Location.String() {
		return true
	}
	return x.Minute&y.Minute != 0 && x.Hour&y.Hour != 0 && x.Month&y.Month != 0
}

// checkCourse goes through that year in the order in which the schedules come, and
// adds a fault for a size that does not fit one that an earlier schedule has set: a
// scheduled action with such a size fails when its time comes. The cluster's own
// bounds are checked against each schedule.
func checkCourse(f *faults.List, schedules []timedSchedule, clusterMin, clusterMax int) {
	if !slices.ContainsFunc(schedules, func(s timedSchedule) bool { return s.MaxSize != 0 || s.DesiredCapacity != 0 }) {
		return // as most: what only sets MinSize fits whatever came before
	}
	next := make([]time.Time, len(schedules))
	for i, s := range schedules {
		next[i] = s.when.Next(yearStart)
	}
	least, most := bound{size: clusterMin, field: "MinSize"}, bound{size: clusterMax, field: "MaxSize"}
	told := map[string]bool{}
	for range 5_000 {
		now := -1
		for i := range schedules {
			if !next[i].IsZero() && (now < 0 || next[i].Before(next[now])) {
				now = i
			}
		}
		if now < 0 || next[now].After(yearEnd) {
			return
		}
		s := schedules[now]
		next[now] = s.when.Next(next[now])
		if s.MinSize != 0 {
			least.size, least.by = s.MinSize, s.field
		}
		if s.MaxSize != 0 {
			most.size, most.by = s.MaxSize, s.field
		}
		check := func(field string, size int, b bound, how string, fits bool) {
			if size != 0 && !fits && b.by != "" && b.by != s.field && !told[s.field] {
				told[s.field] = true
				f.Add(s.field+"."+field, size, "must not be %s the %s (%d) that %s has set before", how, b.field, b.size, b.by)
			}
		}
		check("MinSize", s.MinSize, most, "above", s.MinSize <= most.size)
		check("MaxSize", s.MaxSize, least, "below", s.MaxSize >= least.size)
		check("DesiredCapacity", s.DesiredCapacity, least, "below", s.DesiredCapacity >= least.size)
		check("DesiredCapacity", s.DesiredCapacity, most, "above", s.DesiredCapacity <= most.size)
	}
}
