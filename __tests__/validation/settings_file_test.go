package validation_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"example.com/webserver-cluster/internal/project"
	"example.com/webserver-cluster/stacks"
)

func TestSettingsFaults(t *testing.T) {
	tests := []struct {
		name, context string
		want          []string
	}{
		{"none", `{}`, []string{
			`cdktf.json: context.project: "": must be lower-case letters, digits and single hyphens inside, a letter first`,
			`cdktf.json: context.region: "": must be an AWS region such as eu-central-1`,
			`cdktf.json: context.stateBucket: "": must not be empty`,
			`cdktf.json: context.lockTable: "": must not be empty`,
		}},
		{"misspelt, of a wrong type, impossible", `{"project": "My_Project", "region": "Frankfurt", "stateBucket": 7, "lockTable": "table", "bucket": "b", "stateLock": "none", "rolloutPlatforms": "linux/amd64"}`, []string{
			`cdktf.json: context.bucket: "b": is no setting; settings are [accountId alertEmail githubProviderArn githubRepository lockTable project region rolloutPlatforms stateBucket stateLock]`,
			`cdktf.json: context.rolloutPlatforms: "linux/amd64": must be a list of strings`,
			`cdktf.json: context.stateBucket: 7: must be a string`,
			`cdktf.json: context.project: "My_Project": must be lower-case letters, digits and single hyphens inside, a letter first`,
			`cdktf.json: context.region: "Frankfurt": must be an AWS region; did you mean eu-central-1?`,
			`cdktf.json: context.stateLock: "none": must be one of ["dynamodb" "both" "s3"]`,
		}},
		{"references", `{"project": "p", "region": "eu-central-1", "stateBucket": "${var.bucket}", "lockTable": "${var.table}", "alertEmail": "${var.email}"}`, []string{
			`cdktf.json: context.stateBucket: "${var.bucket}": must be the value itself: settings are read before Terraform runs`,
			`cdktf.json: context.lockTable: "${var.table}": must be the value itself: settings are read before Terraform runs`,
			`cdktf.json: context.alertEmail: "${var.email}": must be the value itself: settings are read before Terraform runs`,
		}},
		{"an account that is a number", `{"project": "p", "region": "eu-central-1", "stateBucket": "b-b", "lockTable": "locks", "accountId": 111122223333}`, []string{
			`cdktf.json: context.accountId: 111122223333: must be a string`,
		}},
		{"no account", `{"project": "p", "region": "eu-central-1", "stateBucket": "b-b", "lockTable": "locks", "accountId": "11112222333"}`, []string{
			`cdktf.json: context.accountId: "11112222333": must be the id of an AWS account: 12 digits, such as 111122223333`,
		}},
		{"no object", `[]`, []string{`cdktf.json: "context": must be an object with the project's settings`}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Setenv("CDKTF_CONTEXT_JSON", test.context)
			s, err := project.Load("../..")
			expectFaults(t, err, test.want)
			// What is at fault is left empty, and said once.
			if err := stacks.Validate(s, []stacks.Environment{stage}); err != nil {
				t.Errorf("Validate adds\n%v", err)
			}
		})
	}
}

// TestSettingsFile: what an editor makes of cdktf.json, and what a hand gets wrong.
func TestSettingsFile(t *testing.T) {
	good := "{\n  \"context\": {\n    \"project\": \"p\"\n  }\n}\n"
	utf16 := func(order string) string {
		var out strings.Builder
		for _, c := range []byte(good) {
			if order == "little" {
				out.WriteString(string([]byte{c, 0}))
			} else {
				out.WriteString(string([]byte{0, c}))
			}
		}
		return out.String()
	}
	for _, test := range []struct{ name, content, want string }{
		{"byte order mark", "\xEF\xBB\xBF" + good, "begins with a byte order mark (BOM): save it as UTF-8 without one; cdktf cannot read it either"},
		{"UTF-16 with a mark, little-endian", "\xFF\xFE" + utf16("little"), "is UTF-16 with a byte order mark (BOM): save it as UTF-8 without one; cdktf cannot read it either"},
		{"UTF-16 with a mark, big-endian", "\xFE\xFF" + utf16("big"), "is UTF-16 with a byte order mark (BOM): save it as UTF-8 without one; cdktf cannot read it either"},
		{"UTF-16, little-endian", utf16("little"), "is UTF-16 or UTF-32: save it as UTF-8; cdktf cannot read it either"},
		{"UTF-16, big-endian", utf16("big"), "is UTF-16 or UTF-32: save it as UTF-8; cdktf cannot read it either"},
		{"Latin-1", "{\n \"a\": \"\xFC\"\n}", "line 2, column 8: byte 0xfc is not UTF-8: save it as UTF-8"},
		{"comma missing", "{\n  \"ä\": 1 \"b\": 2\n}", `line 2, column 10: invalid character '"' after object key:value pair`},
		{"comma too many", "{\n  \"a\": 1,\n}", `line 3, column 1: invalid character '}' looking for beginning of object key string`},
		{"cut off", "{\n  \"a\": 1", "line 2, column 8: unexpected end of JSON input"},
		{"text behind", good + "}", `line 6, column 1: invalid character '}' after top-level value`},
		{"empty", "", "line 1, column 1: unexpected end of JSON input"},
		{"output that is no string", "{\n  \"output\": 7\n}", "line 2, column 13: must be a string, and is a number"},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "cdktf.json"), []byte(test.content), 0o644); err != nil {
				t.Fatal(err)
			}
			_, err := project.LoadFile(dir)
			expectFaults(t, err, []string{"cdktf.json: " + test.want})
		})
	}
}
