package identity

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"example.com/webserver-cluster/internal/outdir"
	"example.com/webserver-cluster/internal/project"
)

// ConfigFile is the Terraform configuration of a stack in its folder.
const ConfigFile = "cdk.tf.json"

// Provider is what a stack's AWS provider says of whose credentials it takes.
type Provider struct {
	Profile           string   `json:"profile"`
	AllowedAccountIDs []string `json:"allowed_account_ids"`
	AssumeRole        []struct {
		RoleARN     string `json:"role_arn"`
		ExternalID  string `json:"external_id"`
		SessionName string `json:"session_name"`
	} `json:"assume_role"`
}

// Identity is the same as an Identity, for a stack in dir.
func (p Provider) Identity(dir string) Identity {
	i := Identity{Profile: p.Profile, AccountIDs: p.AllowedAccountIDs, SaidIn: "allowed_account_ids in " + filepath.Join(dir, ConfigFile)}
	for _, role := range p.AssumeRole {
		i.RoleARN, i.ExternalID, i.SessionName = role.RoleARN, role.ExternalID, role.SessionName
	}
	return i
}

// OfStack is whose credentials the stack that was synthesized to dir is deployed with.
func OfStack(dir string) (Identity, error) {
	var c struct {
		Provider struct {
			AWS []Provider `json:"aws"`
		} `json:"provider"`
	}
	path := filepath.Join(dir, ConfigFile)
	content, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(content, &c)
	}
	if err != nil {
		return Identity{}, fmt.Errorf("the synthesized stack: %w", err)
	}
	if len(c.Provider.AWS) == 0 {
		return Identity{}, fmt.Errorf("%s: has no AWS provider", path)
	}
	return c.Provider.AWS[0].Identity(dir), nil
}

// OfEnvironment is whose credentials the environment of that name is deployed with, as it
// was synthesized from the project's folder; where it was not, those of whoever runs the
// command, in the settings' account.
func OfEnvironment(s project.Settings, name string) (Identity, error) {
	who, err := OfStack(outdir.Stack(project.OutputFolder("."), name))
	if errors.Is(err, fs.ErrNotExist) {
		who, err = Identity{}, nil
		if s.AccountID != "" {
			who.AccountIDs, who.SaidIn = []string{s.AccountID}, project.Place("accountId")
		}
	}
	return who, err
}
