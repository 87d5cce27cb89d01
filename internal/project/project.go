// Package project has what holds for the whole project: its settings, read from
// cdktf.json, and the words that the app and the commands beside it share. It is
// plain Go and knows nothing of jsii, so that a command starts at once.
package project

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"example.com/webserver-cluster/internal/faults"
)

// Settings are what holds for the whole project. They stand in cdktf.json
// under "context", each by the name in its tag.
type Settings struct {
	// Project starts every name in AWS: lower-case letters, digits and single
	// hyphens.
	Project string `json:"project"`
	// Region is the AWS region of everything, the state included. Any partition
	// will do, if the AWS SDK in go.mod knows the region.
	Region string `json:"region"`
	// StateBucket is the S3 bucket of the Terraform state. Bucket names are
	// unique in all of AWS.
	StateBucket string `json:"stateBucket"`
	// AccountID is the AWS account of every stack, the state's included: Terraform and the
	// commands refuse to touch another. An environment can say another one. Default: any
	// account.
	AccountID string `json:"accountId"`
	// LockTable is the DynamoDB table of the state's locks.
	LockTable string `json:"lockTable"`
	// StateLock is where the locks lie. Default LockBoth.
	StateLock LockMode `json:"stateLock"`
	// AlertEmail gets the alarms of every environment. Default: nobody.
	AlertEmail string `json:"alertEmail"`
	// RolloutPlatforms are the platforms, such as linux/amd64, of machines that
	// deploy without Go. Default: none.
	RolloutPlatforms []string `json:"rolloutPlatforms"`
	// GitHubRepository is the GitHub repository, "owner/name" or "owner@1234/name@5678", whose
	// workflows get roles for reviews and deploys. Default: none.
	GitHubRepository string `json:"githubRepository"`
	// GitHubProviderARN is the account's IAM OIDC provider for GitHub, if it has one already:
	// an account can have one. Default: the stack state makes it.
	GitHubProviderARN string `json:"githubProviderArn"`
}

// LockMode says where the locks of the states lie.
type LockMode string

const (
	LockDynamoDB LockMode = "dynamodb" // in the table
	LockBoth     LockMode = "both"     // in the table and in the bucket
	LockS3       LockMode = "s3"       // in the bucket
)

// LockModes are all modes, neighbours beside each other.
var LockModes = []LockMode{LockDynamoDB, LockBoth, LockS3}

// File is the file with the settings, in the project's folder.
const File = "cdktf.json"

// Place is where a setting stands, for a fault in its value.
func Place(setting string) string { return File + ": context." + setting }

// cdktfContext are the keys that CDKTF itself knows in the context of
// cdktf.json or adds to it.
var cdktfContext = []string{"excludeStackIdFromLogicalIds", "allowSepCharsInLogicalIds", "cdktfRelativeModules", "cdktfVersion", "cdktfStaticModuleAssetHash"}

// contextVariable is how the cdktf CLI hands the context of cdktf.json to the
// app.
const contextVariable = "CDKTF_CONTEXT_JSON"

// Load reads the settings from the context that the cdktf CLI passes to the
// app or, outside of it, from cdktf.json in dir. The error names every fault. A
// setting at fault is left empty, so that what is wrong elsewhere can be said in
// the same run.
func Load(dir string) (Settings, error) {
	if context := os.Getenv(contextVariable); context != "" {
		return parse([]byte(context))
	}
	return LoadFile(dir)
}

var projectRule = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)

func parse(context []byte) (Settings, error) {
	var keys map[string]json.RawMessage
	if err := json.Unmarshal(context, &keys); err != nil {
		return Settings{}, errors.New(File + `: "context": must be an object with the project's settings`)
	}
	s := Settings{StateLock: LockBoth}
	fields := s.fields()
	var f, list faults.List
	atFault := map[string]bool{}
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		field, known := fields[key]
		var value string
		switch {
		case !known && !slices.Contains(cdktfContext, key):
			f.Add(key, keys[key], "is no setting; settings are %v", slices.Sorted(maps.Keys(fields)))
		case !known:
		case field.Kind() == reflect.Slice:
			if json.Unmarshal(keys[key], field.Addr().Interface()) != nil {
				f.Add(key, keys[key], "must be a list of strings")
				atFault[key] = true
			}
		case json.Unmarshal(keys[key], &value) != nil:
			f.Add(key, keys[key], "must be a string")
			atFault[key] = true
		case value != "":
			field.SetString(value)
		}
	}
	check := func(key, rule string) {
		if rule != "" && !atFault[key] {
			f.Add(key, fields[key].String(), "%s", rule)
			atFault[key] = true
		}
	}
	if !projectRule.MatchString(s.Project) {
		check("project", "must be lower-case letters, digits and single hyphens inside, a letter first")
	}
	check("region", RegionRule(s.Region))
	for _, key := range []string{"stateBucket", "lockTable"} {
		if fields[key].String() == "" {
			check(key, "must not be empty")
		}
	}
	if s.AccountID != "" {
		check("accountId", AccountRule(s.AccountID))
	}
	// A reference could only come true too late.
	// https://developer.hashicorp.com/terraform/language/backend#define-a-backend-block
	for _, key := range []string{"stateBucket", "lockTable", "alertEmail", "githubRepository", "githubProviderArn"} {
		if strings.Contains(fields[key].String(), "${") {
			check(key, "must be the value itself: settings are read before Terraform runs")
		}
	}
	if !slices.Contains(LockModes, s.StateLock) {
		check("stateLock", fmt.Sprintf("must be one of %q", LockModes))
	}
	for key := range atFault {
		fields[key].SetZero()
	}
	list.In(File+": context", f.Err())
	return s, list.Err()
}

// accountRule is the form of an account's id, leading zeros included.
// https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-identifiers.html
var accountRule = regexp.MustCompile(`^[0-9]{12}$`)

// AccountRule is the rule that an account's id breaks; "" for none.
func AccountRule(id string) string {
	if accountRule.MatchString(id) {
		return ""
	}
	return "must be the id of an AWS account: 12 digits, such as 111122223333"
}

// fields are the fields of s, strings and lists of them, by the names in their tags.
func (s *Settings) fields() map[string]reflect.Value {
	fields := map[string]reflect.Value{}
	for field, value := range reflect.ValueOf(s).Elem().Fields() {
		fields[field.Tag.Get("json")] = value
	}
	return fields
}
