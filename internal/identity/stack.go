package identity

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
)

// ConfigFile is the Terraform configuration of a stack in its folder.
const ConfigFile = "cdk.tf.json"

// Provider is what a stack's AWS provider says of whose credentials it takes.
type Provider struct {
	Profile    string `json:"profile"`
	AssumeRole []struct {
		RoleARN     string `json:"role_arn"`
		ExternalID  string `json:"external_id"`
		SessionName string `json:"session_name"`
	} `json:"assume_role"`
}

// Identity is the same as an Identity.
func (p Provider) Identity() Identity {
	i := Identity{Profile: p.Profile}
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
	return c.Provider.AWS[0].Identity(), nil
}
