package stacks

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"

	"example.com/webserver-cluster/internal/faults"
)

// Settings are what holds for the whole project. They stand in cdktf.json
// under "context", each by the name in its tag.
type Settings struct {
	// Project starts every name in AWS: lower-case letters, digits and single
	// hyphens.
	Project string `json:"project"`
	// Region is the AWS region of everything, the state included.
	Region string `json:"region"`
	// StateBucket is the S3 bucket of the Terraform state. Bucket names are
	// unique in all of AWS.
	StateBucket string `json:"stateBucket"`
	// LockTable is the DynamoDB table of the state's locks.
	LockTable string `json:"lockTable"`
	// AlertEmail gets the alarms of every environment. Optional.
	AlertEmail string `json:"alertEmail"`
}

// required are the settings that must be given.
var required = []string{"project", "region", "stateBucket", "lockTable"}

// cdktfContext are the keys that CDKTF itself knows in the context of
// cdktf.json or adds to it.
var cdktfContext = []string{"excludeStackIdFromLogicalIds", "allowSepCharsInLogicalIds", "cdktfRelativeModules", "cdktfVersion", "cdktfStaticModuleAssetHash"}

// contextVariable is how the cdktf CLI hands the context of cdktf.json to the
// app.
const contextVariable = "CDKTF_CONTEXT_JSON"

// LoadSettings reads the settings from the context that the cdktf CLI passes
// to the app or, without the CLI, from cdktf.json in dir.
func LoadSettings(dir string) (Settings, error) {
	if context := os.Getenv(contextVariable); context != "" {
		return parseSettings([]byte(context))
	}
	content, err := os.ReadFile(filepath.Join(dir, "cdktf.json"))
	if err != nil {
		return Settings{}, err
	}
	var file struct{ Context json.RawMessage }
	if err := json.Unmarshal(content, &file); err != nil {
		return Settings{}, fmt.Errorf("cdktf.json: %w", err)
	}
	return parseSettings(file.Context)
}

// parseSettings reads and validates the settings in a context. The error names
// every fault.
func parseSettings(context []byte) (Settings, error) {
	var keys map[string]json.RawMessage
	if err := json.Unmarshal(context, &keys); err != nil {
		return Settings{}, errors.New(`cdktf.json: "context": must be an object with the project's settings`)
	}
	var s Settings
	fields := map[string]*string{
		"project": &s.Project, "region": &s.Region, "stateBucket": &s.StateBucket,
		"lockTable": &s.LockTable, "alertEmail": &s.AlertEmail,
	}
	var f, list faults.List
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		field, known := fields[key]
		if !known {
			if !slices.Contains(cdktfContext, key) {
				f.Add(key, string(keys[key]), "is no setting; settings are %v", slices.Sorted(maps.Keys(fields)))
			}
		} else if err := json.Unmarshal(keys[key], field); err != nil {
			f.Add(key, string(keys[key]), "must be a string")
			*field = "invalid" // said once is enough: no rule below sees it
		}
	}
	for _, key := range required {
		if *fields[key] == "" {
			f.Add(key, "", "must not be empty")
		}
	}
	if s.Region != "" && s.Region != "invalid" && !regionRule.MatchString(s.Region) {
		f.Add("region", s.Region, "must be an AWS region such as eu-central-1")
	}
	list.In("cdktf.json: context", f.Err())
	return s, list.Err()
}

var regionRule = regexp.MustCompile(`^[a-z]{2}(-[a-z]+)+-\d$`)
