package constructs

import "example.com/webserver-cluster/internal/faults"

// MySQLAlarms are the thresholds of a database's alarms. A value that is 0 is the
// default.
type MySQLAlarms struct {
	// CPUPercent is the average CPU utilization above which the alarm goes off after a
	// quarter of an hour, in percent, 1 to 100. Default 90.
	CPUPercent int
	// FreeStorageGiB is the free storage below which the alarm goes off, in GiB. RDS lets
	// the storage grow when a tenth of it is free: what is below stays free no longer, or
	// MaxStorageGiB is reached. Default a twentieth of StorageGiB.
	FreeStorageGiB int
	// FreeableMemoryMiB is the memory that can be freed below which the alarm goes off
	// after a quarter of an hour, in MiB. Default a twentieth of the class's memory: of
	// what InnoDB leaves, which takes three quarters, that is a fifth. Of an unknown
	// class: no alarm.
	FreeableMemoryMiB int
	// Connections is the number of connections above which the alarm goes off. Default 60 %
	// of max_connections as RDS's formula has it for the class's memory; of that, RDS takes
	// a part for itself, so that it is about 80 % of the true limit. Of an unknown class: no
	// alarm.
	Connections int
	// ReadMilliseconds and WriteMilliseconds are the times that the slowest tenth of the
	// reads from and writes to the storage take, in milliseconds, above which the alarm
	// goes off after five minutes. Default 20.
	ReadMilliseconds, WriteMilliseconds int
}

const (
	mib = 1 << 20
	gib = 1 << 30
	// max_connections is DBInstanceClassMemory, in bytes, by this.
	// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Limits.html#RDS_Limits.MaxConnections
	bytesPerConnection = 12582880
)

// withDefaults are the thresholds for a database, by its storage and class.
func (a MySQLAlarms) withDefaults(storageGiB int, class string) MySQLAlarms {
	memory := classMemoryMiB(class)
	a.CPUPercent = orDefault(a.CPUPercent, 90)
	a.FreeStorageGiB = orDefault(a.FreeStorageGiB, max(storageGiB/20, 1))
	a.FreeableMemoryMiB = orDefault(a.FreeableMemoryMiB, memory/20)
	a.Connections = orDefault(a.Connections, memory*mib/bytesPerConnection*6/10)
	a.ReadMilliseconds = orDefault(a.ReadMilliseconds, 20)
	a.WriteMilliseconds = orDefault(a.WriteMilliseconds, 20)
	return a
}

func (a MySQLAlarms) check(f *faults.List, storageGiB int, class string) {
	if a.CPUPercent < 0 || a.CPUPercent > 100 {
		f.Add("Alarms.CPUPercent", a.CPUPercent, "must be 1 to 100 (percent)")
	}
	if a.FreeStorageGiB < 0 || storageGiB >= minMySQLGiB && a.FreeStorageGiB >= storageGiB {
		f.Add("Alarms.FreeStorageGiB", a.FreeStorageGiB, "must be 1 or more, and below StorageGiB (%d), or the alarm would never end", storageGiB)
	}
	if memory := classMemoryMiB(class); memory > 0 && a.FreeableMemoryMiB >= memory {
		f.Add("Alarms.FreeableMemoryMiB", a.FreeableMemoryMiB, "must be below the memory of %s (%d), or the alarm would never end", class, memory)
	}
	for _, number := range []struct {
		field string
		value int
	}{
		{"FreeableMemoryMiB", a.FreeableMemoryMiB},
		{"Connections", a.Connections},
		{"ReadMilliseconds", a.ReadMilliseconds},
		{"WriteMilliseconds", a.WriteMilliseconds},
	} {
		if number.value < 0 {
			f.Add("Alarms."+number.field, number.value, "must be 1 or more")
		}
	}
}

// alarms makes the database's alarms and returns their names. What to watch, and the
// thresholds of CPU and latencies, are AWS's recommendation. Its threshold for memory, a
// quarter of all, is not: InnoDB takes three quarters, so that it would go off for ever.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Best_Practice_Recommended_Alarms_AWS_Services.html
func (p MySQLProps) alarms(s scope, instance string) []string {
	a := p.Alarms.withDefaults(p.StorageGiB, p.InstanceClass)
	list := []alarm{
		{
			name: "cpu", description: "The database is busy: look for slow queries, or take a larger class",
			metric: "CPUUtilization", statistic: "Average", threshold: float64(a.CPUPercent), minutes: 5, periods: 3,
		},
		{
			name: "free-storage", description: "The database's storage is nearly full and does not grow fast enough, or has reached MaxStorageGiB",
			metric: "FreeStorageSpace", statistic: "Minimum", below: true, threshold: float64(a.FreeStorageGiB) * gib, minutes: 5, periods: 1,
		},
		{
			name: "read-latency", description: "Reads from the database's storage are slow: it is at the limit of its IOPS or throughput",
			metric: "ReadLatency", percentile: "p90", threshold: float64(a.ReadMilliseconds) / 1000, minutes: 1, periods: 5,
		},
		{
			name: "write-latency", description: "Writes to the database's storage are slow: it is at the limit of its IOPS or throughput",
			metric: "WriteLatency", percentile: "p90", threshold: float64(a.WriteMilliseconds) / 1000, minutes: 1, periods: 5,
		},
	}
	if a.FreeableMemoryMiB > 0 {
		list = append(list, alarm{
			name: "freeable-memory", description: "The database is short of memory: take a larger class, or fewer connections",
			metric: "FreeableMemory", statistic: "Average", below: true, threshold: float64(a.FreeableMemoryMiB) * mib, minutes: 5, periods: 3,
		})
	}
	if a.Connections > 0 {
		list = append(list, alarm{
			name: "connections", description: "The database has nearly as many connections as it can have; more are refused",
			metric: "DatabaseConnections", statistic: "Maximum", threshold: float64(a.Connections), minutes: 1, periods: 5,
		})
	}
	for i := range list {
		list[i].namespace, list[i].dimensions = "AWS/RDS", map[string]string{"DBInstanceIdentifier": instance}
	}
	return makeAlarms(s, p.Name+"-database", p.Alerts, list...)
}
