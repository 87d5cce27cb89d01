package constructs

import (
	"time"

	"example.com/webserver-cluster/internal/faults"
)

// MySQLAlarms says when a database's alarms go off. The zero value of a field is its
// default, and AlarmOff no such alarm. A change holds at once.
type MySQLAlarms struct {
	// CPU is the average CPU utilization above which the alarm goes off, in percent, after
	// three times five minutes. Default 90.
	CPU int
	// FreeStorageGiB is the free storage below which the alarm goes off, in GiB. RDS lets
	// the storage grow when a tenth of it is free: below, it does not grow fast enough, or
	// has reached MaxStorageGiB. Default a twentieth of StorageGiB.
	FreeStorageGiB int
	// FreeableMemoryMiB is the memory that can be freed below which the alarm goes off, in
	// MiB, after three times five minutes. Default a twentieth of the class's memory: of
	// what InnoDB leaves, which takes three quarters, that is a fifth. Of a class whose
	// memory is not known: AlarmOff.
	FreeableMemoryMiB int
	// Connections is the number of connections above which the alarm goes off, after five
	// minutes. Default 60 % of max_connections as RDS's formula has it for the class's
	// memory; of that, RDS takes a part for itself, so that it is about 80 % of the true
	// limit. Of a class whose memory is not known: AlarmOff.
	Connections int
	// ReadLatency and WriteLatency are how long the storage may take for 90 of 100 reads,
	// and writes, in each of five minutes. Whole milliseconds. Default 20 ms.
	ReadLatency, WriteLatency time.Duration
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
	a.CPU = orDefault(a.CPU, 90)
	a.FreeStorageGiB = orDefault(a.FreeStorageGiB, max(storageGiB/20, 1))
	a.FreeableMemoryMiB = orDefault(a.FreeableMemoryMiB, orDefault(memory/20, AlarmOff))
	a.Connections = orDefault(a.Connections, orDefault(memory*mib/bytesPerConnection*6/10, AlarmOff))
	a.ReadLatency = orDefault(a.ReadLatency, 20*time.Millisecond)
	a.WriteLatency = orDefault(a.WriteLatency, 20*time.Millisecond)
	return a
}

func (a MySQLAlarms) check(f *faults.List, storageGiB int, class string) {
	const field, orOff = "Alarms.", ", or AlarmOff"
	if a.CPU < AlarmOff || a.CPU > 99 {
		f.Add(field+"CPU", a.CPU, "must be 1 to 99 (percent)"+orOff)
	}
	if a.FreeStorageGiB < AlarmOff || storageGiB >= minMySQLGiB && a.FreeStorageGiB >= storageGiB {
		f.Add(field+"FreeStorageGiB", a.FreeStorageGiB, "must be 1 or more, and below StorageGiB (%d), or the alarm would never end"+orOff, storageGiB)
	}
	if memory := classMemoryMiB(class); memory > 0 && a.FreeableMemoryMiB >= memory {
		f.Add(field+"FreeableMemoryMiB", a.FreeableMemoryMiB, "must be below the memory of %s (%d), or the alarm would never end", class, memory)
	}
	for _, number := range []struct {
		name  string
		value int
	}{{"FreeableMemoryMiB", a.FreeableMemoryMiB}, {"Connections", a.Connections}} {
		if number.value < AlarmOff {
			f.Add(field+number.name, number.value, "must be 1 or more"+orOff)
		}
	}
	for _, latency := range []struct {
		name  string
		value time.Duration
	}{{"ReadLatency", a.ReadLatency}, {"WriteLatency", a.WriteLatency}} {
		if latency.value != AlarmOff && (latency.value < 0 || latency.value%time.Millisecond != 0) {
			f.Add(field+latency.name, latency.value, "must be whole milliseconds"+orOff)
		}
	}
}

// alarms makes the database's alarms. What to watch, and the
// thresholds of CPU and latencies, are AWS's recommendation. Its threshold for memory, a
// quarter of all, is not: InnoDB takes three quarters, so that it would go off for ever.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Best_Practice_Recommended_Alarms_AWS_Services.html
func (p MySQLProps) alarms(s scope, instance string) madeAlarms {
	a := p.Alarms.withDefaults(p.StorageGiB, p.InstanceClass)
	list := []alarm{
		{
			name: "cpu", description: "The database is busy: look for slow queries, or take a larger class",
			metric: "CPUUtilization", statistic: "Average", threshold: float64(a.CPU), minutes: 5, periods: 3,
		},
		{
			name: "free-storage", description: "The database's storage is nearly full and does not grow fast enough, or has reached MaxStorageGiB",
			metric: "FreeStorageSpace", statistic: "Minimum", below: true, threshold: float64(a.FreeStorageGiB) * gib, minutes: 5, periods: 1,
		},
		{
			name: "read-latency", description: "Reads from the database's storage are slow: it is at the limit of its IOPS or throughput",
			metric: "ReadLatency", percentile: "p90", threshold: a.ReadLatency.Seconds(), minutes: 1, periods: 5,
		},
		{
			name: "write-latency", description: "Writes to the database's storage are slow: it is at the limit of its IOPS or throughput",
			metric: "WriteLatency", percentile: "p90", threshold: a.WriteLatency.Seconds(), minutes: 1, periods: 5,
		},
		{
			name: "freeable-memory", description: "The database is short of memory: take a larger class, or fewer connections",
			metric: "FreeableMemory", statistic: "Average", below: true, threshold: float64(a.FreeableMemoryMiB) * mib, minutes: 5, periods: 3,
		},
		{
			name: "connections", description: "The database has nearly as many connections as it can have; more are refused",
			metric: "DatabaseConnections", statistic: "Maximum", threshold: float64(a.Connections), minutes: 1, periods: 5,
		},
	}
	for i := range list {
		list[i].namespace, list[i].dimensions = "AWS/RDS", map[string]string{"DBInstanceIdentifier": instance}
	}
	return makeAlarms(s, p.Name+"-database", p.Alerts, list...)
}
