package review_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"example.com/webserver-cluster/internal/review"
)

// parsed is a stack of these resources, by their addresses, and of more.
func parsed(t testing.TB, resources map[string]string, more string) *review.Stack {
	t.Helper()
	byType := map[string]map[string]json.RawMessage{}
	for address, text := range resources {
		kind, name, _ := strings.Cut(address, ".")
		if byType[kind] == nil {
			byType[kind] = map[string]json.RawMessage{}
		}
		byType[kind][name] = json.RawMessage(text)
	}
	text, err := json.Marshal(byType)
	if err != nil {
		t.Fatal(err)
	}
	s, err := review.ParseStack("stage", fmt.Appendf(nil, `{"resource": %s%s}`, text, more))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// row is a change of one resource beside others, and what is found of it.
type row struct {
	address       string
	before, after string // its arguments; "" where it is not there
	level         review.Level
	word          string            // in the text of a finding of this level; "" if users feel nothing and nobody has to look
	beside        map[string]string // other resources, the same before and after
	was, becomes  map[string]string // others that change as well, as they are before and after
}

func (r row) judge(t *testing.T) review.Verdict {
	t.Helper()
	side := func(arguments string, others map[string]string) *review.Stack {
		resources := map[string]string{"aws_sns_topic.any": `{"name": "any"}`}
		maps.Copy(resources, r.beside)
		maps.Copy(resources, others)
		if arguments != "" {
			resources[r.address] = arguments
		}
		return parsed(t, resources, "")
	}
	return review.Judge(side(r.before, r.was), side(r.after, r.becomes), nil)
}

func check(t *testing.T, rows []row) {
	t.Helper()
	for _, r := range rows {
		t.Run(r.address+" "+r.before+" to "+r.after, func(t *testing.T) {
			v := r.judge(t)
			if v.Level != r.level {
				t.Errorf("is %q, want %q: %+v", v.Level.Word(), r.level.Word(), v.Findings)
			}
			if r.word != "" && !slices.ContainsFunc(v.Findings, func(f review.Finding) bool {
				return f.Level == r.level && strings.Contains(f.Text, r.word) && (f.Level > review.Nothing || f.Attention)
			}) {
				t.Errorf("no finding says %q: %+v", r.word, v.Findings)
			}
			for _, f := range v.Findings {
				if f.Level > review.Nothing && f.Level != review.Unknown && f.Source == "" && !strings.Contains(f.Text, "prevent_destroy") {
					t.Errorf("no source: %+v", f)
				}
				if r.word == "" && f.Attention {
					t.Errorf("asks for attention: %+v", f)
				}
			}
		})
	}
}

const (
	nothing      = review.Nothing
	rolling      = review.Rolling
	refused      = review.Refused
	unknown      = review.Unknown
	interruption = review.Interruption
	atRisk       = review.DataAtRisk
)

func TestDatabase(t *testing.T) {
	const db = "aws_db_instance.db"
	at := func(argument string, before, after any) row {
		text := func(value any) string {
			encoded, err := json.Marshal(value)
			if err != nil {
				t.Fatal(err)
			}
			return fmt.Sprintf(`{"maintenance_window": "sun:03:30-sun:04:30", "multi_az": false, %q: %s}`, argument, encoded)
		}
		return row{address: db, before: text(before), after: text(after)}
	}
	found := func(r row, level review.Level, word string) row {
		r.level, r.word = level, word
		return r
	}
	check(t, []row{
		{address: db, after: `{"engine": "mysql"}`},
		{address: db, before: `{"engine": "mysql", "skip_final_snapshot": true}`, level: atRisk, word: "without a last snapshot"},
		{address: db, before: `{"engine": "mysql"}`, level: atRisk, word: "a last snapshot is taken"},
		{address: db, before: `{"engine": "mysql", "deletion_protection": true}`, level: atRisk, word: "half-way"},
		{address: db, before: `{"engine": "mysql", "lifecycle": {"prevent_destroy": true}}`, after: `{"engine": "mariadb", "lifecycle": {"prevent_destroy": true}}`, level: refused, word: "because of engine"},
		{address: db, before: `{"multi_az": true, "instance_class": "db.t4g.micro"}`, after: `{"multi_az": true, "instance_class": "db.t4g.small"}`, level: interruption, word: "failover"},
		{address: db, before: `{"multi_az": true, "engine_version": "8.4.5"}`, after: `{"multi_az": true, "engine_version": "8.4.7"}`, level: interruption, word: "minutes"},
		{address: db, before: `{"apply_immediately": true, "instance_class": "db.t4g.micro"}`, after: `{"apply_immediately": true, "instance_class": "db.t4g.small"}`, level: interruption, word: "at once"},
		found(at("engine", "mysql", "mariadb"), atRisk, "because of engine"),
		found(at("storage_encrypted", true, false), atRisk, "because of storage_encrypted"),
		found(at("username", "admin", "root"), atRisk, "because of username"),
		found(at("instance_class", "db.t4g.micro", "db.t4g.small"), interruption, "window"),
		found(at("engine_version", "8.4", "8.4.7"), interruption, "if another patch of 8.4 runs"),
		found(at("engine_version", "8.4.5", "8.4.7"), interruption, "version 8.4.7"),
		found(at("engine_version", "8.4.5", "8.4"), nothing, ""),
		found(at("engine_version", "8.4.7", "8.4.5"), refused, "go back"),
		found(at("engine_version", "8.4", "9.7"), refused, "AllowMajorVersionUpgrade"),
		found(at("identifier", "one", "two"), interruption, "address"),
		found(at("port", 3306, 3307), interruption, "at once"),
		found(at("allocated_storage", 20, 40), nothing, ""),
		found(at("allocated_storage", 40, 20), refused, "shrink"),
		found(at("max_allocated_storage", 100, 50), nothing, "50 GiB"),
		found(at("max_allocated_storage", 50, 100), nothing, ""),
		found(at("storage_type", "gp3", "gp2"), nothing, ""),
		found(at("storage_type", "gp3", "standard"), interruption, "storage"),
		found(at("backup_retention_period", 7, 0), atRisk, "deleted"),
		found(at("backup_retention_period", 0, 7), interruption, "backups begin"),
		found(at("backup_retention_period", 7, 3), atRisk, "3 days"),
		found(at("backup_retention_period", 7, 14), nothing, ""),
		found(at("multi_az", false, true), nothing, "standby"),
		found(at("deletion_protection", true, false), atRisk, "can be deleted"),
		found(at("deletion_protection", false, true), nothing, ""),
		found(at("skip_final_snapshot", false, true), atRisk, "no last snapshot"),
		found(at("delete_automated_backups", false, true), atRisk, "backups go"),
		found(at("parameter_group_name", "one", "two"), nothing, "restarted next"),
		found(at("vpc_security_group_ids", []string{"sg-1"}, []string{"sg-2"}), interruption, "security group"),
		found(at("db_subnet_group_name", "one", "two"), refused, "of its own"),
		found(at("publicly_accessible", false, true), atRisk, "public address"),
		found(at("iam_database_authentication_enabled", true, false), interruption, "token"),
		found(at("iam_database_authentication_enabled", false, true), nothing, ""),
		found(at("performance_insights_enabled", false, true), nothing, ""),
		found(at("maintenance_window", "sun:03:30-sun:04:30", "mon:03:30-mon:04:30"), nothing, "window is now"),
		found(at("apply_immediately", false, true), nothing, "those that wait"),
		found(at("copy_tags_to_snapshot", true, false), nothing, ""),
		found(at("tags", map[string]string{"A": "b"}, map[string]string{"A": "c"}), nothing, ""),
		found(at("character_set_name", "a", "b"), unknown, "no rule knows the argument character_set_name"),
		found(at("manage_master_user_password", true, false), unknown, "master"),
		{address: db, before: `{"allocated_storage": 40, "max_allocated_storage": 100}`, after: `{"allocated_storage": 20, "max_allocated_storage": 100}`},
	})
	parameter := func(name, value string) string {
		return fmt.Sprintf(`{"family": "mysql8.4", "parameter": [{"name": %q, "value": %q}]}`, name, value)
	}
	check(t, []row{
		{address: "aws_db_parameter_group.p", before: parameter("require_secure_transport", "1"), after: parameter("require_secure_transport", "0"), level: atRisk, word: "without encryption"},
		{address: "aws_db_parameter_group.p", before: parameter("require_secure_transport", "0"), after: parameter("require_secure_transport", "1"), level: interruption, word: "refused"},
		{address: "aws_db_parameter_group.p", before: parameter("long_query_time", "1"), after: parameter("long_query_time", "2")},
		{address: "aws_db_parameter_group.p", before: parameter("innodb_log_file_size", "1"), after: parameter("innodb_log_file_size", "2"), level: unknown, word: "the parameter innodb_log_file_size"},
		{address: "aws_db_parameter_group.p", before: parameter("long_query_time", "1"), after: `{"family": "mysql9.7"}`, level: nothing, word: "restarted next"},
		{address: "aws_db_subnet_group.s", before: `{"name_prefix": "a-"}`, after: `{"name_prefix": "b-"}`},
		{address: "aws_db_subnet_group.s", before: `{"subnet_ids": ["a", "b", "c"]}`, after: `{"subnet_ids": ["a", "b"]}`, level: unknown, word: "SubnetAlreadyInUse"},
		{address: "aws_db_subnet_group.s", before: `{"subnet_ids": ["a", "b"]}`, after: `{"subnet_ids": ["c", "b", "a"]}`},
	})
	const vpc, group, of = "aws_vpc.v", "aws_db_parameter_group.p", "${aws_db_parameter_group.p.name}"
	upgrade := func(version, atOnce string) string {
		return fmt.Sprintf(`{"engine_version": %q, "parameter_group_name": %q, "allow_major_version_upgrade": true, "apply_immediately": %s}`, version, of, atOnce)
	}
	check(t, []row{
		{address: db, before: `{"db_subnet_group_name": "a"}`, after: `{"db_subnet_group_name": "b"}`, level: refused, word: "of its own",
			was: map[string]string{vpc: `{"tags": {"Name": "a"}}`}, becomes: map[string]string{vpc: `{"tags": {"Name": "b"}}`}},
		{address: db, before: `{"db_subnet_group_name": "a"}`, after: `{"db_subnet_group_name": "b"}`, level: interruption, word: "another VPC",
			becomes: map[string]string{vpc: `{"cidr_block": "10.0.0.0/16"}`}},
		{address: db, before: upgrade("8.4", "true"), after: upgrade("9.7", "true"), level: interruption, word: "another major version",
			was: map[string]string{group: `{"family": "mysql8.4"}`}, becomes: map[string]string{group: `{"family": "mysql9.7"}`}},
	})
	// In the window, both: the deploy fails, and the database is away when it is upgraded.
	waits := row{address: db, before: upgrade("8.4", "false"), after: upgrade("9.7", "false"),
		was: map[string]string{group: `{"family": "mysql8.4"}`}, becomes: map[string]string{group: `{"family": "mysql9.7"}`}}.judge(t)
	if !slices.ContainsFunc(waits.Findings, func(f review.Finding) bool {
		return f.Level == refused && strings.Contains(f.Text, "deploy again after the window")
	}) ||
		!slices.ContainsFunc(waits.Findings, func(f review.Finding) bool {
			return f.Level == interruption && strings.Contains(f.Text, "in the maintenance window")
		}) {
		t.Errorf("of a major version in the window: %+v", waits.Findings)
	}
}
