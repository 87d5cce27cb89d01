package validation_test

import (
	"fmt"
	"strings"
	"testing"

	"example.com/webserver-cluster/constructs"
)

// schedules sets a cluster's schedules, between 2 and 4 instances.
func schedules(p *clusterProps, list ...constructs.Schedule) {
	p.MinSize, p.MaxSize, p.Schedules = 2, 4, list
}

// at is a schedule that sets MinSize to 3.
func at(recurrence string) constructs.Schedule {
	return constructs.Schedule{Name: "morning", Recurrence: recurrence, MinSize: 3}
}

// in is one in a time zone.
func in(zone string) constructs.Schedule {
	return constructs.Schedule{Name: "morning", Recurrence: "0 8 * * *", TimeZone: zone, MinSize: 3}
}

// named is one with a name, that comes at a minute of its own.
func named(name, minute string) constructs.Schedule {
	return constructs.Schedule{Name: name, Recurrence: minute + " 8 * * *", MinSize: 3}
}

// TestRecurrence has when schedules come.
func TestRecurrence(t *testing.T) {
	inStage(t, cluster, []row[clusterProps]{
		{func(p *clusterProps) { schedules(p, at("")) }, `stage.Cluster.Schedules[0].Recurrence: "": must be cron's five fields (minute, hour, day of month, month, day of week), such as "0 8 * * 1-5": it has 0`},
		{func(p *clusterProps) { schedules(p, at("8 o'clock")) }, `stage.Cluster.Schedules[0].Recurrence: "8 o'clock": must be cron's five fields (minute, hour, day of month, month, day of week), such as "0 8 * * 1-5": it has 2`},
		{func(p *clusterProps) { schedules(p, at("99 99 * * *")) }, `stage.Cluster.Schedules[0].Recurrence: "99 99 * * *": must be cron's five fields (minute, hour, day of month, month, day of week), such as "0 8 * * 1-5": end of range (99) above maximum (59)`},
		{func(p *clusterProps) { schedules(p, at("61 25 * * *")) }, `stage.Cluster.Schedules[0].Recurrence: "61 25 * * *": must be cron's five fields (minute, hour, day of month, month, day of week), such as "0 8 * * 1-5": end of range (61) above maximum (59)`},
		{func(p *clusterProps) { schedules(p, at("0 24 * * *")) }, `stage.Cluster.Schedules[0].Recurrence: "0 24 * * *": must be cron's five fields (minute, hour, day of month, month, day of week), such as "0 8 * * 1-5": end of range (24) above maximum (23)`},
		{func(p *clusterProps) { schedules(p, at("0 8 0 * *")) }, `stage.Cluster.Schedules[0].Recurrence: "0 8 0 * *": must be cron's five fields (minute, hour, day of month, month, day of week), such as "0 8 * * 1-5": beginning of range (0) below minimum (1)`},
		{func(p *clusterProps) { schedules(p, at("0 8 32 * *")) }, `stage.Cluster.Schedules[0].Recurrence: "0 8 32 * *": must be cron's five fields (minute, hour, day of month, month, day of week), such as "0 8 * * 1-5": end of range (32) above maximum (31)`},
		{func(p *clusterProps) { schedules(p, at("0 8 * 13 *")) }, `stage.Cluster.Schedules[0].Recurrence: "0 8 * 13 *": must be cron's five fields (minute, hour, day of month, month, day of week), such as "0 8 * * 1-5": end of range (13) above maximum (12)`},
		{func(p *clusterProps) { schedules(p, at("0 8 * * 8")) }, `stage.Cluster.Schedules[0].Recurrence: "0 8 * * 8": must be cron's five fields (minute, hour, day of month, month, day of week), such as "0 8 * * 1-5": end of range (8) above maximum (6)`},
		{func(p *clusterProps) { schedules(p, at("0 8 30 2 *")) }, `stage.Cluster.Schedules[0].Recurrence: "0 8 30 2 *": never comes: no month that it names has such a day`},
		{func(p *clusterProps) { schedules(p, at("0 8 31 4,6,9,11 *")) }, `stage.Cluster.Schedules[0].Recurrence: "0 8 31 4,6,9,11 *": never comes: no month that it names has such a day`},
		{func(p *clusterProps) { schedules(p, at("@daily")) }, `stage.Cluster.Schedules[0].Recurrence: "@daily": must be cron's five fields (minute, hour, day of month, month, day of week), such as "0 8 * * 1-5": it has 1`},
		{func(p *clusterProps) { schedules(p, at("0 0 8 * * *")) }, `stage.Cluster.Schedules[0].Recurrence: "0 0 8 * * *": must be cron's five fields (minute, hour, day of month, month, day of week), such as "0 8 * * 1-5": it has 6`},
		{func(p *clusterProps) { schedules(p, at("cron(0 8 * * ? *)")) }, `stage.Cluster.Schedules[0].Recurrence: "cron(0 8 * * ? *)": must be cron's five fields (minute, hour, day of month, month, day of week), such as "0 8 * * 1-5": it has 6`},
		{func(p *clusterProps) { schedules(p, at("0 8 ? * MON")) }, `stage.Cluster.Schedules[0].Recurrence: "0 8 ? * MON": must be cron's five fields (minute, hour, day of month, month, day of week), such as "0 8 * * 1-5": "?" is not cron's syntax`},
		{func(p *clusterProps) { schedules(p, at("0 8 * * MON#1")) }, `stage.Cluster.Schedules[0].Recurrence: "0 8 * * MON#1": must be cron's five fields (minute, hour, day of month, month, day of week), such as "0 8 * * 1-5": "MON#1" is not cron's syntax`},
		{func(p *clusterProps) { schedules(p, at("0 8 L * *")) }, `stage.Cluster.Schedules[0].Recurrence: "0 8 L * *": must be cron's five fields (minute, hour, day of month, month, day of week), such as "0 8 * * 1-5": failed to parse int from L`},
		{func(p *clusterProps) { schedules(p, at("0 8 15W * *")) }, `stage.Cluster.Schedules[0].Recurrence: "0 8 15W * *": must be cron's five fields (minute, hour, day of month, month, day of week), such as "0 8 * * 1-5": failed to parse int from 15W`},
		{func(p *clusterProps) { schedules(p, at("TZ=UTC 0 8 * *")) }, `stage.Cluster.Schedules[0].Recurrence: "TZ=UTC 0 8 * *": must be cron's five fields (minute, hour, day of month, month, day of week), such as "0 8 * * 1-5": "TZ=UTC" is not cron's syntax`},
		{func(p *clusterProps) { schedules(p, at("0 8 * * 5-1")) }, `stage.Cluster.Schedules[0].Recurrence: "0 8 * * 5-1": must be cron's five fields (minute, hour, day of month, month, day of week), such as "0 8 * * 1-5": beginning of range (5) beyond end of range (1)`},
		{func(p *clusterProps) { schedules(p, at("*/0 8 * * *")) }, `stage.Cluster.Schedules[0].Recurrence: "*/0 8 * * *": must be cron's five fields (minute, hour, day of month, month, day of week), such as "0 8 * * 1-5": step of range should be a positive number`},
		{func(p *clusterProps) { schedules(p, at("0 8 * *")) }, `stage.Cluster.Schedules[0].Recurrence: "0 8 * *": must be cron's five fields (minute, hour, day of month, month, day of week), such as "0 8 * * 1-5": it has 4`},
		{func(p *clusterProps) { schedules(p, at("every day at noon please")) }, `stage.Cluster.Schedules[0].Recurrence: "every day at noon please": must be cron's five fields (minute, hour, day of month, month, day of week), such as "0 8 * * 1-5": failed to parse int from every`},
		{func(p *clusterProps) { schedules(p, at("0 8 * * Mo")) }, `stage.Cluster.Schedules[0].Recurrence: "0 8 * * Mo": must be cron's five fields (minute, hour, day of month, month, day of week), such as "0 8 * * 1-5": failed to parse int from Mo`},
	})
}

// TestRecurrenceValid has odd values that must pass.
func TestRecurrenceValid(t *testing.T) {
	inStage(t, cluster, []row[clusterProps]{
		{func(p *clusterProps) { schedules(p, at("0 8 * * 1-5")) }, ""},
		{func(p *clusterProps) { schedules(p, at("  0  8 * *\t7 ")) }, ""},
		{func(p *clusterProps) { schedules(p, at("0 8 * * 5-7")) }, ""},
		{func(p *clusterProps) { schedules(p, at("0 8 * * 1-7/2")) }, ""},
		{func(p *clusterProps) { schedules(p, at("0 8 * * MON,wed")) }, ""},
		{func(p *clusterProps) { schedules(p, at("0 8 1 JAN,jul *")) }, ""},
		{func(p *clusterProps) { schedules(p, at("*/15 8-18/2 1,15 * *")) }, ""},
		{func(p *clusterProps) { schedules(p, at("0 8 29 2 *")) }, ""},
		{func(p *clusterProps) { schedules(p, at("0 8 30 2 0")) }, ""},
		{func(p *clusterProps) { schedules(p, at("${var.recurrence}")) }, ""},
	})
}

// TestTimeZones has the zones of schedules.
func TestTimeZones(t *testing.T) {
	inStage(t, cluster, []row[clusterProps]{
		{func(p *clusterProps) { schedules(p, in("Mars/Olympus")) }, `stage.Cluster.Schedules[0].TimeZone: "Mars/Olympus": must be a time zone of the IANA database, such as Europe/Berlin`},
		{func(p *clusterProps) { schedules(p, in("Local")) }, `stage.Cluster.Schedules[0].TimeZone: "Local": must be a time zone of the IANA database, such as Europe/Berlin`},
		{func(p *clusterProps) { schedules(p, in("localtime")) }, `stage.Cluster.Schedules[0].TimeZone: "localtime": must be a time zone of the IANA database, such as Europe/Berlin`},
		{func(p *clusterProps) { schedules(p, in("posix/Europe/Berlin")) }, `stage.Cluster.Schedules[0].TimeZone: "posix/Europe/Berlin": must be a time zone of the IANA database, such as Europe/Berlin`},
		{func(p *clusterProps) { schedules(p, in("right/Europe/Berlin")) }, `stage.Cluster.Schedules[0].TimeZone: "right/Europe/Berlin": must be a time zone of the IANA database, such as Europe/Berlin`},
		{func(p *clusterProps) { schedules(p, in("europe/berlin")) }, `stage.Cluster.Schedules[0].TimeZone: "europe/berlin": must be written as the IANA database has it: Europe/Berlin`},
		{func(p *clusterProps) { schedules(p, in("EUROPE/BERLIN")) }, `stage.Cluster.Schedules[0].TimeZone: "EUROPE/BERLIN": must be written as the IANA database has it: Europe/Berlin`},
		{func(p *clusterProps) { schedules(p, in("utc")) }, `stage.Cluster.Schedules[0].TimeZone: "utc": must be written as the IANA database has it: UTC`},
		{func(p *clusterProps) { schedules(p, in("Berlin")) }, `stage.Cluster.Schedules[0].TimeZone: "Berlin": must be a time zone of the IANA database, such as Europe/Berlin`},
		{func(p *clusterProps) { schedules(p, in("CET+1")) }, `stage.Cluster.Schedules[0].TimeZone: "CET+1": must be a time zone of the IANA database, such as Europe/Berlin`},
		{func(p *clusterProps) { schedules(p, in("+01:00")) }, `stage.Cluster.Schedules[0].TimeZone: "+01:00": must be a time zone of the IANA database, such as Europe/Berlin`},
		{func(p *clusterProps) { schedules(p, in("../Europe/Berlin")) }, `stage.Cluster.Schedules[0].TimeZone: "../Europe/Berlin": must be a time zone of the IANA database, such as Europe/Berlin`},
		{func(p *clusterProps) { schedules(p, in("Factory")) }, `stage.Cluster.Schedules[0].TimeZone: "Factory": must be a time zone of the IANA database, such as Europe/Berlin`},
	})
}

// TestTimeZonesValid has odd values that must pass.
func TestTimeZonesValid(t *testing.T) {
	inStage(t, cluster, []row[clusterProps]{
		{func(p *clusterProps) { schedules(p, in("")) }, ""},
		{func(p *clusterProps) { schedules(p, in("Europe/Berlin")) }, ""},
		{func(p *clusterProps) { schedules(p, in("Etc/GMT+9")) }, ""},
		{func(p *clusterProps) { schedules(p, in("America/Argentina/Buenos_Aires")) }, ""},
		{func(p *clusterProps) { schedules(p, in("Asia/Kathmandu")) }, ""},
		{func(p *clusterProps) { schedules(p, in("US/Eastern")) }, ""},
		{func(p *clusterProps) { schedules(p, in("UTC")) }, ""},
		{func(p *clusterProps) { schedules(p, in("${var.zone}")) }, ""},
	})
}

// TestScheduleNames has the names of schedules: Terraform and AWS each have a rule.
func TestScheduleNames(t *testing.T) {
	inStage(t, cluster, []row[clusterProps]{
		{func(p *clusterProps) { schedules(p, named("", "0")) }, `stage.Cluster.Schedules[0].Name: "": must not be empty`},
		{func(p *clusterProps) { schedules(p, named(strings.Repeat("x", 256), "0")) }, `stage.Cluster.Schedules[0].Name: "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"…: has 256 characters; a scheduled action's name can have 255`},
		{func(p *clusterProps) { schedules(p, named("a\nb", "0")) }, `stage.Cluster.Schedules[0].Name: "a\nb": must be one line of text, UTF-8 without control characters`},
		{func(p *clusterProps) { schedules(p, named("\xff", "0")) }, `stage.Cluster.Schedules[0].Name: "\xff": must be one line of text, UTF-8 without control characters`},
		{func(p *clusterProps) { schedules(p, named("${var.x}", "0")) }, `stage.Cluster.Schedules[0].Name: "${var.x}": must have no reference and nothing that Terraform takes for one (${ or %{): a Terraform name is made of it`},
		{func(p *clusterProps) { schedules(p, named("100%{", "0")) }, `stage.Cluster.Schedules[0].Name: "100%{": must have no reference and nothing that Terraform takes for one (${ or %{): a Terraform name is made of it`},
		{func(p *clusterProps) { schedules(p, named("a", "0"), named("a", "1")) }, `stage.Cluster.Schedules[1].Name: "a": is used twice`},
		{func(p *clusterProps) { schedules(p, named("a-b", "0"), named("a_b", "1")) }, `stage.Cluster.Schedules[1].Name: "a_b": makes the Terraform name schedule_a_b, as Schedules[0] (a-b) does`},
		{func(p *clusterProps) { schedules(p, named("утро", "0"), named("ночь", "1")) }, `stage.Cluster.Schedules[1].Name: "ночь": makes the Terraform name schedule_____, as Schedules[0] (утро) does`},
		{func(p *clusterProps) {
			schedules(p, named("mon/fri", "0"), named("mon fri", "1"), named("mon.fri", "2"))
		}, "stage.Cluster.Schedules[1].Name: \"mon fri\": makes the Terraform name schedule_mon_fri, as Schedules[0] (mon/fri) does\nstage.Cluster.Schedules[2].Name: \"mon.fri\": makes the Terraform name schedule_mon_fri, as Schedules[0] (mon/fri) does"},
		{func(p *clusterProps) { schedules(p, named("", "0"), named("", "1")) }, "stage.Cluster.Schedules[0].Name: \"\": must not be empty\nstage.Cluster.Schedules[1].Name: \"\": must not be empty"},
	})
}

// TestScheduleNamesValid has odd values that must pass.
func TestScheduleNamesValid(t *testing.T) {
	inStage(t, cluster, []row[clusterProps]{
		{func(p *clusterProps) { schedules(p, named("working hours", "0")) }, ""},
		{func(p *clusterProps) { schedules(p, named("07:00", "0")) }, ""},
		{func(p *clusterProps) { schedules(p, named("mon/fri", "0")) }, ""},
		{func(p *clusterProps) { schedules(p, named("v1.2", "0")) }, ""},
		{func(p *clusterProps) { schedules(p, named("-", "0")) }, ""},
		{func(p *clusterProps) { schedules(p, named("утро", "0")) }, ""},
		{func(p *clusterProps) { schedules(p, named(strings.Repeat("x", 255), "0")) }, ""},
		{func(p *clusterProps) { schedules(p, named(`"quoted" $5 100%`, "0")) }, ""},
		{func(p *clusterProps) { schedules(p, named("a", "0"), named("A", "1")) }, ""},
	})
}

// TestScheduledSizes has sizes of schedules, alone and in the order in which they come.
func TestScheduledSizes(t *testing.T) {
	inStage(t, cluster, []row[clusterProps]{
		{func(p *clusterProps) { schedules(p, []constructs.Schedule{{Name: "a", Recurrence: "0 8 * * *"}}...) }, `stage.Cluster.Schedules[0].MinSize: 0: must be given, or MaxSize or DesiredCapacity: the schedule changes nothing`},
		{func(p *clusterProps) {
			schedules(p, []constructs.Schedule{{Name: "a", Recurrence: "0 8 * * *", MinSize: 1}}...)
		}, `stage.Cluster.Schedules[0].MinSize: 1: must be 2 or more: one instance cannot survive the loss of its zone`},
		{func(p *clusterProps) {
			schedules(p, []constructs.Schedule{{Name: "a", Recurrence: "0 8 * * *", MinSize: -1}}...)
		}, `stage.Cluster.Schedules[0].MinSize: -1: must be 2 or more: one instance cannot survive the loss of its zone`},
		{func(p *clusterProps) {
			schedules(p, []constructs.Schedule{{Name: "a", Recurrence: "0 8 * * *", MinSize: 5}}...)
		}, `stage.Cluster.Schedules[0].MinSize: 5: must not be above the cluster's MaxSize (4)`},
		{func(p *clusterProps) {
			schedules(p, []constructs.Schedule{{Name: "a", Recurrence: "0 8 * * *", MaxSize: 1}}...)
		}, `stage.Cluster.Schedules[0].MaxSize: 1: must not be below the cluster's MinSize (2)`},
		{func(p *clusterProps) {
			schedules(p, []constructs.Schedule{{Name: "a", Recurrence: "0 8 * * *", MaxSize: -1}}...)
		}, `stage.Cluster.Schedules[0].MaxSize: -1: must not be below the cluster's MinSize (2)`},
		{func(p *clusterProps) {
			schedules(p, []constructs.Schedule{{Name: "a", Recurrence: "0 8 * * *", MinSize: 5, MaxSize: 4}}...)
		}, `stage.Cluster.Schedules[0].MinSize: 5: must not be above MaxSize (4)`},
		{func(p *clusterProps) {
			schedules(p, []constructs.Schedule{{Name: "a", Recurrence: "0 8 * * *", DesiredCapacity: 5}}...)
		}, `stage.Cluster.Schedules[0].DesiredCapacity: 5: must be from the cluster's MinSize (2) to the cluster's MaxSize (4)`},
		{func(p *clusterProps) {
			schedules(p, []constructs.Schedule{{Name: "a", Recurrence: "0 8 * * *", DesiredCapacity: 1}}...)
		}, `stage.Cluster.Schedules[0].DesiredCapacity: 1: must be from the cluster's MinSize (2) to the cluster's MaxSize (4)`},
		{func(p *clusterProps) {
			schedules(p, []constructs.Schedule{{Name: "a", Recurrence: "0 8 * * *", MinSize: 3, DesiredCapacity: 2}}...)
		}, `stage.Cluster.Schedules[0].DesiredCapacity: 2: must be from MinSize (3) to the cluster's MaxSize (4)`},
		{func(p *clusterProps) {
			schedules(p, []constructs.Schedule{{Name: "a", Recurrence: "0 8 * * *", MaxSize: 8, DesiredCapacity: 9}}...)
		}, `stage.Cluster.Schedules[0].DesiredCapacity: 9: must be from the cluster's MinSize (2) to MaxSize (8)`},
		{func(p *clusterProps) {
			schedules(p, []constructs.Schedule{{Name: "b", Recurrence: "0 8 * * *", MinSize: 9, DesiredCapacity: 3}}...)
		}, `stage.Cluster.Schedules[0].MinSize: 9: must not be above the cluster's MaxSize (4)`},
		{func(p *clusterProps) {
			schedules(p, []constructs.Schedule{{Name: "a", Recurrence: "0 8 * * *", MaxSize: 3}, {Name: "b", Recurrence: "0 9 * * *", MinSize: 4}}...)
		}, "stage.Cluster.Schedules[1].MinSize: 4: must not be above the MaxSize (3) that Schedules[0] has set before\nstage.Cluster.Schedules[0].MaxSize: 3: must not be below the MinSize (4) that Schedules[1] has set before"},
		{func(p *clusterProps) {
			schedules(p, []constructs.Schedule{{Name: "a", Recurrence: "0 9 * * *", MinSize: 4}, {Name: "b", Recurrence: "0 8 * * *", MaxSize: 3}}...)
		}, "stage.Cluster.Schedules[0].MinSize: 4: must not be above the MaxSize (3) that Schedules[1] has set before\nstage.Cluster.Schedules[1].MaxSize: 3: must not be below the MinSize (4) that Schedules[0] has set before"},
		{func(p *clusterProps) {
			schedules(p, []constructs.Schedule{{Name: "a", Recurrence: "0 8 * * *", MinSize: 4}, {Name: "b", Recurrence: "0 9 * * *", DesiredCapacity: 3}}...)
		}, `stage.Cluster.Schedules[1].DesiredCapacity: 3: must not be below the MinSize (4) that Schedules[0] has set before`},
		{func(p *clusterProps) {
			schedules(p, []constructs.Schedule{{Name: "a", Recurrence: "0 8 * * *", MaxSize: 3}, {Name: "b", Recurrence: "0 9 * * *", DesiredCapacity: 4}}...)
		}, `stage.Cluster.Schedules[1].DesiredCapacity: 4: must not be above the MaxSize (3) that Schedules[0] has set before`},
		{func(p *clusterProps) {
			schedules(p, []constructs.Schedule{{Name: "a", Recurrence: "0 8 * * 1", MinSize: 4}, {Name: "b", Recurrence: "0 8 * * 2", MinSize: 2}, {Name: "c", Recurrence: "0 8 * * 3", MaxSize: 3}, {Name: "d", Recurrence: "0 8 * * 4", MinSize: 4}}...)
		}, "stage.Cluster.Schedules[3].MinSize: 4: must not be above the MaxSize (3) that Schedules[2] has set before\nstage.Cluster.Schedules[0].MinSize: 4: must not be above the MaxSize (3) that Schedules[2] has set before"},
		{func(p *clusterProps) {
			p.MinSize, p.MaxSize, p.Schedules = 5, 4, []constructs.Schedule{{Name: "a", Recurrence: "0 8 * * *", MinSize: 9}}
		}, `stage.Cluster.MinSize: 5: must not be above MaxSize (4)`},
	})
}

// TestScheduledSizesValid has odd values that must pass.
func TestScheduledSizesValid(t *testing.T) {
	inStage(t, cluster, []row[clusterProps]{
		{func(p *clusterProps) {
			schedules(p, []constructs.Schedule{{Name: "a", Recurrence: "0 8 * * *", MinSize: 4, MaxSize: 8}, {Name: "b", Recurrence: "0 20 * * *", MinSize: 2, MaxSize: 3}}...)
		}, ""},
		{func(p *clusterProps) {
			schedules(p, []constructs.Schedule{{Name: "a", Recurrence: "0 8 * * *", MinSize: 4}, {Name: "b", Recurrence: "0 20 * * *", MinSize: 2}}...)
		}, ""},
		{func(p *clusterProps) {
			schedules(p, []constructs.Schedule{{Name: "a", Recurrence: "0 8 * * *", DesiredCapacity: 4}}...)
		}, ""},
		{func(p *clusterProps) {
			schedules(p, []constructs.Schedule{{Name: "a", Recurrence: "0 8 * * *", MaxSize: 2}}...)
		}, ""},
	})
}

// TestSchedulesAtOneTime has schedules that meet: AWS refuses that.
func TestSchedulesAtOneTime(t *testing.T) {
	inStage(t, cluster, []row[clusterProps]{
		{func(p *clusterProps) {
			schedules(p, []constructs.Schedule{{Name: "a", Recurrence: "0 8 * * *", MinSize: 3}, {Name: "b", Recurrence: "0 8 * * *", MinSize: 4}}...)
		}, `stage.Cluster.Schedules[1].Recurrence: "0 8 * * *": comes at the same time as Schedules[0] (a), such as 2024-01-01 08:00 UTC: AWS refuses that`},
		{func(p *clusterProps) {
			schedules(p, []constructs.Schedule{{Name: "a", Recurrence: "0 8 * * *", MinSize: 3}, {Name: "b", Recurrence: "0 8 * * 1-5", MinSize: 4}}...)
		}, `stage.Cluster.Schedules[1].Recurrence: "0 8 * * 1-5": comes at the same time as Schedules[0] (a), such as 2024-01-01 08:00 UTC: AWS refuses that`},
		{func(p *clusterProps) {
			schedules(p, []constructs.Schedule{{Name: "a", Recurrence: "*/15 * * * *", MinSize: 3}, {Name: "b", Recurrence: "45 23 31 12 *", MinSize: 4}}...)
		}, `stage.Cluster.Schedules[1].Recurrence: "45 23 31 12 *": comes at the same time as Schedules[0] (a), such as 2024-12-31 23:45 UTC: AWS refuses that`},
		{func(p *clusterProps) {
			schedules(p, []constructs.Schedule{{Name: "a", Recurrence: "0 7 * * *", TimeZone: "Europe/Berlin", MinSize: 3}, {Name: "b", Recurrence: "0 6 * * *", MinSize: 4}}...)
		}, `stage.Cluster.Schedules[1].Recurrence: "0 6 * * *": comes at the same time as Schedules[0] (a), such as 2024-01-01 06:00 UTC: AWS refuses that`},
		{func(p *clusterProps) {
			schedules(p, []constructs.Schedule{{Name: "a", Recurrence: "0 8 * * 0", MinSize: 3}, {Name: "b", Recurrence: "0 8 29 2 *", MinSize: 4}, {Name: "c", Recurrence: "0 8 3 3 *", MinSize: 4}}...)
		}, `stage.Cluster.Schedules[2].Recurrence: "0 8 3 3 *": comes at the same time as Schedules[0] (a), such as 2024-03-03 08:00 UTC: AWS refuses that`},
		{func(p *clusterProps) {
			schedules(p, []constructs.Schedule{{Name: "a", Recurrence: "* * * * *", MinSize: 3}, {Name: "b", Recurrence: "* * * * *", MinSize: 4}}...)
		}, `stage.Cluster.Schedules[1].Recurrence: "* * * * *": comes at the same time as Schedules[0] (a), such as 2024-01-01 00:00 UTC: AWS refuses that`},
		{func(p *clusterProps) {
			schedules(p, []constructs.Schedule{{Name: "a", Recurrence: "0 8 * * 7", MinSize: 3}, {Name: "b", Recurrence: "0 8 * * SUN", MinSize: 4}}...)
		}, `stage.Cluster.Schedules[1].Recurrence: "0 8 * * SUN": comes at the same time as Schedules[0] (a), such as 2024-01-07 08:00 UTC: AWS refuses that`},
		{func(p *clusterProps) {
			for i := range 126 {
				p.Schedules = append(p.Schedules, constructs.Schedule{Name: fmt.Sprint(i), Recurrence: fmt.Sprint(i%60, i/60, " * * *"), MinSize: 2})
			}
		}, `stage.Cluster.Schedules: 126: is their number; an Auto Scaling group can have 125`},
	})
}

// TestSchedulesAtOneTimeValid has odd values that must pass.
func TestSchedulesAtOneTimeValid(t *testing.T) {
	inStage(t, cluster, []row[clusterProps]{
		{func(p *clusterProps) {
			schedules(p, []constructs.Schedule{{Name: "a", Recurrence: "0 8 * * *", MinSize: 3}, {Name: "b", Recurrence: "1 8 * * *", MinSize: 4}}...)
		}, ""},
		{func(p *clusterProps) {
			schedules(p, []constructs.Schedule{{Name: "a", Recurrence: "0 8 * * *", TimeZone: "Europe/Berlin", MinSize: 3}, {Name: "b", Recurrence: "0 8 * * *", TimeZone: "Europe/Athens", MinSize: 4}}...)
		}, ""},
		{func(p *clusterProps) {
			schedules(p, []constructs.Schedule{{Name: "a", Recurrence: "0 8 * * 1-5", MinSize: 3}, {Name: "b", Recurrence: "0 8 * * 6,0", MinSize: 4}}...)
		}, ""},
		{func(p *clusterProps) {
			schedules(p, []constructs.Schedule{{Name: "a", Recurrence: "*/2 * * * *", MinSize: 3}, {Name: "b", Recurrence: "1-59/2 * * * *", MinSize: 4}}...)
		}, ""},
		{func(p *clusterProps) {
			schedules(p, []constructs.Schedule{{Name: "a", Recurrence: "0 8 1 * *", MinSize: 3}, {Name: "b", Recurrence: "0 8 31 * *", MinSize: 4}}...)
		}, ""},
	})
}
