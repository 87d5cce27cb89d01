package fuzz_test

import (
	"strings"
	"time"

	"example.com/webserver-cluster/constructs"
)

// reference is one that holds in every stack, where addOther has put what it names.
const reference = "${data.aws_caller_identity.other.account_id}"

// The zero value of a list, and of a map.
var (
	noTexts []string
	noTags  map[string]string

	noScript      func(constructs.Facts) string
	noApplication *constructs.Application
	noDomain      *constructs.Domain
	noRestore     *constructs.Restore
)

var tags = []any{noTags, map[string]string{}, map[string]string{"Team": "web"}, map[string]string{"Größe": "x y", "a/b": "", "k": reference}}

// values are, by struct and field, values that are as they should be: one of them
// breaks no rule but beside another. The first one is the default, or what does for
// it where there is none. A field that is missing here ends the test; a bool needs
// no list.
var values = map[string][]any{
	"Settings.Project":           {"webservers", "a", "web-2", "aws-web", "my-company-web"},
	"Settings.Region":            {"eu-central-1", "eu-central-1", "eu-central-1", "eu-central-1", "us-east-1", "cn-north-1"},
	"Settings.StateBucket":       {"webservers-terraform-state", "abc", strings.Repeat("a", 63)},
	"Settings.LockTable":         {"locks", "abc", "a.b-c_D9", strings.Repeat("a", 255)},
	"Settings.StateLock":         {"both", "dynamodb", "s3"},
	"Settings.RolloutPlatforms":  {noTexts}, // each is built when it is synthesized
	"Settings.GitHubRepository":  {"", "", "acme/webservers", "a@1/b.c_d-e@23"},
	"Settings.GitHubProviderARN": {"", "", "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com"},
	"Settings.AccountID":         {"", "", "123456789012"},
	"Settings.AlertEmail":        {"", "ops@example.com", "first.last+tag@sub.example.com"},

	"Environment.Name":          {"stage", "a", "prod2", strings.Repeat("b", 17)},
	"Environment.Tags":          tags,
	"Environment.AccountID":     {"", "", "123456789012"},
	"Environment.AssumeRoleARN": {"", "", "arn:aws:iam::123456789012:role/deploy", "arn:aws-cn:iam::123456789012:role/team/a+b=c,d.e@f-g"},
	"Environment.Profile":       {"", "", "stage", "a b", "AdministratorAccess-123456789012"},

	"NetworkProps.Name":                   {"own", "a", "net-" + strings.Repeat("a", 196)},
	"NetworkProps.CIDR":                   {"10.0.0.0/16", "10.1.0.0/22", "192.168.0.0/18", "172.16.128.0/20"},
	"NetworkProps.ZoneCount":              {0, 0, 2, 3, 6},
	"NetworkProps.Zones":                  {noTexts, noTexts, noTexts, []string{}, []string{"eu-central-1a", "eu-central-1b"}, []string{"eu-central-1c", "eu-central-1b", "eu-central-1a"}, []string{reference, "eu-central-1b"}},
	"NetworkProps.NAT":                    {"", constructs.NATNone, constructs.NATSingle, constructs.NATPerZone},
	"NetworkProps.FlowLogRetentionDays":   {0, 1, 365, 3653},
	"NetworkProps.PermissionsBoundaryARN": {"", "arn:aws:iam::123456789012:policy/boundary", "arn:aws-cn:iam::aws:policy/a/b", reference},
	"NetworkProps.Tags":                   tags,

	"MySQLProps.Name":                {"own", "a", "db-" + strings.Repeat("a", 60)},
	"MySQLProps.InstanceClass":       {"", "db.t4g.micro", "db.m7g.large", "db.r6gd.16xlarge"},
	"MySQLProps.EngineVersion":       {"", "8.4", "8.4.5", "9.7", reference},
	"MySQLProps.DatabaseName":        {"", "app", "A_b9", strings.Repeat("a", 64)},
	"MySQLProps.StorageGiB":          {0, 20, 100, 400},
	"MySQLProps.MaxStorageGiB":       {0, 1000, 65536},
	"MySQLProps.BackupRetentionDays": {0, 1, 35},
	"MySQLProps.Tags":                tags,
	"MySQLProps.ApplicationUser":     {"", "app", "A_b9", strings.Repeat("a", 32)},
	"MySQLProps.LogRetentionDays":    {0, 1, 3653},
	"MySQLProps.Restore":             {noRestore, noRestore, noRestore, &constructs.Restore{Snapshot: "nightly"}, &constructs.Restore{Instance: "shop", Time: "2027-01-31T23:45:00Z"}, &constructs.Restore{ResourceID: "db-" + strings.Repeat("A1", 13)}},
	"MySQLProps.Alarms":              {constructs.MySQLAlarms{}, constructs.MySQLAlarms{CPU: 80, Connections: 100}},

	"MySQLProps.PerformanceInsightsRetentionDays": {0, 0, 0, 7, 31, 713, 731},

	"Restore.Snapshot":   {"", "nightly", "rds:shop-2027-01-31-02-00", "arn:aws:rds:eu-central-1:123456789012:snapshot:nightly", reference},
	"Restore.Instance":   {"", "", "shop", reference},
	"Restore.ResourceID": {"", "", "db-ABCDEFGHIJKLMNOPQRSTUVWXYZ"},
	"Restore.Time":       {"", "", "2027-01-31T23:45:00Z"},

	"MySQLAlarms.CPU":               {0, 1, 99, -1},
	"MySQLAlarms.FreeStorageGiB":    {0, 1, 19},
	"MySQLAlarms.FreeableMemoryMiB": {0, 1, 512},
	"MySQLAlarms.Connections":       {0, 1, 100000},
	"MySQLAlarms.ReadLatency":       {time.Duration(0), time.Millisecond, time.Second},
	"MySQLAlarms.WriteLatency":      {time.Duration(0), time.Millisecond, time.Second},

	"DashboardProps.Name": {"own", "a", "board-" + strings.Repeat("a", 194)},

	"AlertsProps.Name":  {"own", "a", "alerts-" + strings.Repeat("a", 193)},
	"AlertsProps.Email": {"", "ops@example.com", reference},
	"AlertsProps.Tags":  tags,

	"StateStoreProps.BucketName":      {"own-state", "abc", strings.Repeat("a", 63)},
	"StateStoreProps.TableName":       {"locks", "abc", strings.Repeat("a", 255)},
	"StateStoreProps.OldVersionDays":  {0, 1, 1000},
	"StateStoreProps.OldVersionsKept": {0, 1, 100},

	"Schedule.Name":            {"morning", "a", "working-hours", "in the evening", "x_y.z"},
	"Schedule.Recurrence":      {"0 8 * * 1-5", "*/5 * * * *", "0 0 1 1 *", "30 6 * JAN,JUN MON-FRI"},
	"Schedule.TimeZone":        {"", "Europe/Berlin", "America/Argentina/Buenos_Aires", "UTC"},
	"Schedule.MinSize":         {2, 0, 3},
	"Schedule.MaxSize":         {0, 6, 4},
	"Schedule.DesiredCapacity": {0, 3, 4},

	"Spot.OnDemandBase":       {0, 1, 12},
	"Spot.OnDemandPercentage": {0, 50, 100},
	"Spot.AllocationStrategy": {"", "price-capacity-optimized", "capacity-optimized", "capacity-optimized-prioritized", "lowest-price"},

	"WebserverClusterProps.Name":                   {"own-web", "a", "web-1", "w" + strings.Repeat("-a", 15)},
	"WebserverClusterProps.MinSize":                {0, 2, 3},
	"WebserverClusterProps.MaxSize":                {0, 4, 12},
	"WebserverClusterProps.CPUTarget":              {0, 1, 100},
	"WebserverClusterProps.RequestsTarget":         {0, 1, 1000000},
	"WebserverClusterProps.Schedules":              {[]constructs.Schedule(nil), []constructs.Schedule{{Name: "one", Recurrence: "0 8 * * *", MinSize: 2}}, []constructs.Schedule{{Name: "day-time", Recurrence: "0 7 * * 1-5", TimeZone: "Europe/Berlin", MinSize: 3, MaxSize: 4}, {Name: "night", Recurrence: "0 20 * * *", DesiredCapacity: 3}}},
	"WebserverClusterProps.InstanceType":           {"", "t3.micro", "t4g.small", "m7i-flex.large", "m6g.4xlarge"},
	"WebserverClusterProps.InstanceTypes":          {noTexts, noTexts, []string{}, []string{"t3a.micro"}, []string{"t4g.medium", "c7gn.large"}, []string{"m7i.large", reference}},
	"WebserverClusterProps.Spot":                   {(*constructs.Spot)(nil), (*constructs.Spot)(nil), &constructs.Spot{}, &constructs.Spot{OnDemandBase: 2, OnDemandPercentage: 100}},
	"WebserverClusterProps.AMI":                    {"", "", "", "ami-0123456789abcdef0", "ami-01234567", reference},
	"WebserverClusterProps.AMIParameter":           {"", "", "", "/images/web", "web.image", "/images/web:3"},
	"WebserverClusterProps.RootDeviceName":         {"", "/dev/xvda", "/dev/sda1"},
	"WebserverClusterProps.RootVolumeGiB":          {0, 8, 16384},
	"WebserverClusterProps.ServerText":             {"", "Hello", "<b>'\"$HOME ${x} %{ if } 日本"},
	"WebserverClusterProps.UserData":               {"", "", "#!/bin/sh\necho ${HOME} %{x} $${y} `z`\n", "#!/bin/sh\n" + strings.Repeat("#", 16000)},
	"WebserverClusterProps.UserDataFrom":           {noScript, noScript, noScript, func(f constructs.Facts) string { return "#!/bin/sh\n" + f.WriteFile() }},
	"WebserverClusterProps.Application":            {noApplication, noApplication, noApplication, &constructs.Application{Path: ".", Command: []string{"/usr/bin/python3", "-m", "http.server"}}},
	"WebserverClusterProps.Environment":            {"", "stage", reference},
	"Application.Path":                             {".", "../refresh"},
	"Application.Command":                          {[]string{"/bin/sh", "-c", `echo "$HOME" %h ${x}`}},
	"Application.Environment":                      {noTags, map[string]string{"GREETING": "Hello \"`$x ${y}"}},
	"Application.User":                             {"", "web"},
	"WebserverClusterProps.ServerPort":             {0, 1024, 65535},
	"WebserverClusterProps.Domain":                 {noDomain, noDomain, noDomain, &constructs.Domain{Name: "shop.example.com", HostedZoneID: "Z0123456789ABCDEFGHIJ"}, &constructs.Domain{Name: "a.bc", HostedZoneID: reference, AlternativeNames: []string{"www.example.com", "*.www.example.com"}}, &constructs.Domain{Name: reference, HostedZoneID: reference}},
	"Domain.Name":                                  {"shop.example.com", "a.bc", reference, strings.Repeat("a", 52) + ".example.com"},
	"Domain.AlternativeNames":                      {noTexts, []string{"www.example.com"}, []string{"example.com", "*.example.com", "*.a.example.com", "a-b.example.com", "a.b.example.com"}},
	"Domain.HostedZoneID":                          {"Z0123456789ABCDEFGHIJ", "Z1", reference},
	"ClusterAlarms.Target5XX":                      {0, 1, 1000, constructs.AlarmOff},
	"ClusterAlarms.LoadBalancer5XX":                {0, 1, 1000, constructs.AlarmOff},
	"ClusterAlarms.LatencyP99":                     {time.Duration(0), time.Millisecond, 333 * time.Millisecond, time.Duration(constructs.AlarmOff)},
	"ClusterAlarms.RejectedConnections":            {0, 1, 1000, constructs.AlarmOff},
	"ClusterAlarms.CPU":                            {0, 99, constructs.AlarmOff},
	"WebserverClusterProps.Alarms":                 {constructs.ClusterAlarms{}, constructs.ClusterAlarms{}, constructs.ClusterAlarms{Target5XX: 1, LoadBalancer5XX: constructs.AlarmOff, LatencyP99: 100 * time.Millisecond, RejectedConnections: 7, CPU: constructs.AlarmOff}},
	"WebserverClusterProps.LogRetentionDays":       {0, 0, 1, 365, 3653},
	"WebserverClusterProps.CertificateARN":         {"", "arn:aws:acm:eu-central-1:123456789012:certificate/12345678-1234-1234-1234-123456789012", reference},
	"WebserverClusterProps.AllowedCIDRs":           {noTexts, []string{}, []string{"10.0.0.0/8", "192.168.1.1/32"}, []string{"0.0.0.0/0"}},
	"WebserverClusterProps.AccessLogsBucket":       {"", "logs-of-mine", reference},
	"WebserverClusterProps.IdleTimeout":            {time.Duration(0), time.Second, 59 * time.Second},
	"WebserverClusterProps.DeregistrationDelay":    {time.Duration(0), time.Minute, time.Hour},
	"WebserverClusterProps.HealthCheckPath":        {"", "/", "/a?b=c&d=$e%20'", "/" + strings.Repeat("a", 1023)},
	"WebserverClusterProps.HealthCheckInterval":    {time.Duration(0), 10 * time.Second, 60 * time.Second},
	"WebserverClusterProps.Warmup":                 {time.Duration(0), 2 * time.Minute, time.Hour},
	"WebserverClusterProps.HealthCheckGracePeriod": {time.Duration(0), time.Second, 2 * time.Minute},
	"WebserverClusterProps.MaxHealthyPercentage":   {0, 101, 200},
	"WebserverClusterProps.Checkpoints":            {[]int(nil), []int(nil), []int{}, []int{100}, []int{1, 50, 100}},
	"WebserverClusterProps.CheckpointDelay":        {time.Duration(0), time.Duration(0), time.Duration(0), time.Second, 48 * time.Hour},
	"WebserverClusterProps.Tags":                   tags,
	"WebserverClusterProps.RolloutPlatforms":       {noTexts},
	"WebserverClusterProps.PermissionsBoundaryARN": {"", "arn:aws:iam::123456789012:policy/boundary", "arn:aws-cn:iam::aws:policy/a/b", reference},
	"WebserverClusterProps.DefaultTags":            tags,
}
