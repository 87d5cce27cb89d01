package felt

import (
	"encoding/json"
	"fmt"

	"example.com/webserver-cluster/constructs"
	"example.com/webserver-cluster/internal/project"
	"example.com/webserver-cluster/stacks"
	"example.com/webserver-cluster/tests/literal"
)

// Config is what an environment shall be.
type Config struct {
	literal.Literal
	// Settings are those of cdktf.json that are others than the project's, by their
	// names: stateLock, project, … Default: none.
	Settings map[string]string
	// Host is the name that users call by. Default: the Domain's, or the load balancer's own.
	Host string
	// Page is in every good answer of the servers. Default: page.
	Page string
}

// page is in every good answer of an environment that Small has made.
const page = "Hello"

// Small is an environment with all that there is in one, as small as it gets, in the
// network 10.N.0.0/16.
func Small(name string, n int) Config {
	return Config{Literal: literal.Literal{Environment: stacks.Environment{
		Name:    name,
		Network: constructs.NetworkProps{CIDR: fmt.Sprintf("10.%d.0.0/16", n)},
		Cluster: constructs.WebserverClusterProps{
			AMI:        "ami-00000000000000001", // no newer one comes in the meantime
			MinSize:    2,
			MaxSize:    4,
			ServerText: page,
		},
		Database: &constructs.MySQLProps{
			BackupRetentionDays:    1,
			SkipFinalSnapshot:      true,
			DeleteAutomatedBackups: true,
			ApplyImmediately:       true,
		},
	}}}
}

// context is the context of cdktf.json with these settings, as the cdktf CLI hands it
// to the app.
func (c Config) context(s project.Settings) (string, error) {
	content, err := json.Marshal(s)
	if err != nil {
		return "", err
	}
	var settings map[string]any
	if err := json.Unmarshal(content, &settings); err != nil {
		return "", err
	}
	for name, value := range c.Settings {
		settings[name] = value
	}
	content, err = json.Marshal(settings)
	return string(content), err
}

// prefix begins the names of everything in the environment.
func (c Config) prefix(s project.Settings) string {
	name := s.Project
	if other := c.Settings["project"]; other != "" {
		name = other
	}
	return name + "-" + c.Environment.Name + "-"
}
