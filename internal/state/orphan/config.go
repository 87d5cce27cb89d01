package orphan

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"example.com/webserver-cluster/internal/identity"
)

// config is what this package reads of a synthesized stack.
type config struct {
	Provider struct {
		AWS []struct {
			DefaultTags []struct {
				Tags map[string]string `json:"tags"`
			} `json:"default_tags"`
			identity.Provider
		} `json:"aws"`
	} `json:"provider"`
	Resource map[string]map[string]map[string]any `json:"resource"` // type, name, argument
}

func readConfig(dir string) (config, error) {
	var c config
	path := filepath.Join(dir, identity.ConfigFile)
	content, err := os.ReadFile(path)
	if err != nil {
		return c, fmt.Errorf("the synthesized stack: %w", err)
	}
	if err := json.Unmarshal(content, &c); err != nil {
		return c, fmt.Errorf("%s: %w", path, err)
	}
	if len(c.Provider.AWS) > 0 && len(c.tags()) == 0 {
		return c, fmt.Errorf("%s: the provider has no default_tags: nothing tells this stack's resources from others", path)
	}
	return c, nil
}

// tags are those that every resource of the stack carries.
func (c config) tags() map[string]string {
	tags := map[string]string{}
	for _, provider := range c.Provider.AWS {
		for _, block := range provider.DefaultTags {
			for key, value := range block.Tags {
				tags[key] = value
			}
		}
	}
	return tags
}

// identity is whose credentials made the stack's resources. The state is reached
// without it.
func (c config) identity(dir string) identity.Identity {
	return c.Provider.AWS[0].Identity(dir)
}

// owns tells whether tags are those of one of the stack's resources.
func (c config) owns(tags map[string]string) bool {
	for key, value := range c.tags() {
		if tags[key] != value {
			return false
		}
	}
	return true
}

// kind is the type of the resource with that name, "" if there is none.
func (c config) kind(name string) string {
	for kind, named := range c.Resource {
		if named[name] != nil {
			return kind
		}
	}
	return ""
}

// overwrites says whether the provider is to set a DNS record that is there already.
func (c config) overwrites(kind, name string) bool {
	return c.Resource[kind][name]["allow_overwrite"] == true
}

// argument is a resource's argument if it is a string, else "".
func (c config) argument(kind, name, argument string) string {
	s, _ := c.Resource[kind][name][argument].(string)
	return s
}
