package state

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// File is a Terraform state in Terraform's own format, version 4. What this
// package does not know of it is kept as it is.
type File struct {
	Serial           uint64
	Lineage          string
	TerraformVersion string
	Resources        []Resource // managed ones; no data sources

	data       []byte
	attributes map[string]map[string]any // by address; of objects that are not deposed and have no index
}

// Resource is an object that a state knows.
type Resource struct {
	Address string // such as aws_vpc.network_vpc
	Type    string // such as aws_vpc
	ID      string // its id in AWS
	ARN     string // "" if it has none
	Deposed string // key of an object that the next apply destroys, else ""
	Tainted bool   // the next apply replaces it: it was not finished
}

func (r Resource) String() string {
	if r.Deposed != "" {
		return fmt.Sprintf("%s (deposed, id %s)", r.Address, r.ID)
	}
	return fmt.Sprintf("%s (id %s)", r.Address, r.ID)
}

// formatVersion is the one version of the format that Terraform has written
// since 0.12.
const formatVersion = 4

// resourceEntry is a resource in a state: a block of the configuration with
// the objects that it stands for.
type resourceEntry struct {
	Module    string          `json:"module"`
	Mode      string          `json:"mode"`
	Type      string          `json:"type"`
	Name      string          `json:"name"`
	Instances []instanceEntry `json:"instances"`
}

func (e resourceEntry) address() string {
	address := e.Type + "." + e.Name
	if e.Mode == "data" {
		address = "data." + address
	}
	if e.Module != "" {
		address = e.Module + "." + address
	}
	return address
}

type instanceEntry struct {
	IndexKey   any            `json:"index_key"`
	Deposed    string         `json:"deposed"`
	Status     string         `json:"status"`
	Attributes map[string]any `json:"attributes"`
}

// Parse reads a state.
func Parse(data []byte) (*File, error) {
	var content struct {
		Version          int             `json:"version"`
		TerraformVersion string          `json:"terraform_version"`
		Serial           uint64          `json:"serial"`
		Lineage          string          `json:"lineage"`
		Resources        []resourceEntry `json:"resources"`
	}
	if err := json.Unmarshal(data, &content); err != nil {
		return nil, fmt.Errorf("these %d bytes are no Terraform state: %w", len(data), err)
	}
	if content.Version != formatVersion || content.Lineage == "" {
		return nil, fmt.Errorf("these %d bytes are no Terraform state of format version %d", len(data), formatVersion)
	}
	f := &File{Serial: content.Serial, Lineage: content.Lineage, TerraformVersion: content.TerraformVersion, data: data}
	f.attributes = map[string]map[string]any{}
	for _, entry := range content.Resources {
		for _, instance := range entry.Instances {
			if instance.Deposed == "" && instance.IndexKey == nil {
				f.attributes[entry.address()] = instance.Attributes
			}
		}
		if entry.Mode != "managed" {
			continue
		}
		for _, instance := range entry.Instances {
			r := Resource{
				Address: entry.address(), Type: entry.Type, Deposed: instance.Deposed,
				ID: str(instance.Attributes["id"]), ARN: str(instance.Attributes["arn"]), Tainted: instance.Status == "tainted",
			}
			if instance.IndexKey != nil {
				key, _ := json.Marshal(instance.IndexKey)
				r.Address += "[" + string(key) + "]"
			}
			f.Resources = append(f.Resources, r)
		}
	}
	slices.SortFunc(f.Resources, func(a, b Resource) int { return strings.Compare(a.String(), b.String()) })
	return f, nil
}

// str is v if it is a string, else "".
func str(v any) string {
	s, _ := v.(string)
	return s
}

// Attribute is an attribute of the resource or, with "data." in front, the data
// source at an address, if it is a string; else "".
func (f *File) Attribute(address, name string) string { return str(f.attributes[address][name]) }

// Output is the value of one of the stack's outputs, if it is a string; else "".
func (f *File) Output(name string) string {
	var content struct {
		Outputs map[string]struct {
			Value any `json:"value"`
		} `json:"outputs"`
	}
	if json.Unmarshal(f.data, &content) != nil {
		return "" // unreachable: Parse has read it
	}
	return str(content.Outputs[name].Value)
}

// Size is the state's size in bytes.
func (f *File) Size() int { return len(f.data) }

// Bytes are the state as it is in the bucket.
func (f *File) Bytes() []byte { return f.data }

// WithSerial returns the same state with another serial.
func (f *File) WithSerial(serial uint64) (*File, error) {
	return f.edit(func(content map[string]json.RawMessage) (err error) {
		content["serial"], err = json.Marshal(serial)
		return err
	})
}

// Add returns the state with more objects in it, and the next serial. Each
// comes from another state, in which it is the only one. One whose address
// is taken, by an object that is not itself deposed, becomes a deposed object of that
// address: Terraform shows in the next plan that it will destroy it.
func (f *File) Add(others ...*File) (*File, error) {
	return f.edit(func(content map[string]json.RawMessage) error {
		var entries []map[string]json.RawMessage
		if err := json.Unmarshal(content["resources"], &entries); err != nil {
			return err
		}
		for _, other := range others {
			var theirs struct{ Resources []map[string]json.RawMessage }
			if err := json.Unmarshal(other.data, &theirs); err != nil {
				return err
			}
			for _, entry := range theirs.Resources {
				if string(entry["mode"]) != `"managed"` {
					continue // a data source: read at each plan
				}
				var err error
				if entries, err = addEntry(entries, entry); err != nil {
					return err
				}
			}
		}
		var err error
		if content["resources"], err = json.Marshal(entries); err != nil {
			return err
		}
		content["serial"], err = json.Marshal(f.Serial + 1)
		return err
	})
}

func addEntry(entries []map[string]json.RawMessage, entry map[string]json.RawMessage) ([]map[string]json.RawMessage, error) {
	same := func(e map[string]json.RawMessage) bool {
		return bytes.Equal(e["module"], entry["module"]) && bytes.Equal(e["mode"], entry["mode"]) &&
			bytes.Equal(e["type"], entry["type"]) && bytes.Equal(e["name"], entry["name"])
	}
	i := slices.IndexFunc(entries, same)
	if i < 0 {
		return append(entries, entry), nil
	}
	var have, more []map[string]json.RawMessage
	if err := errors.Join(json.Unmarshal(entries[i]["instances"], &have), json.Unmarshal(entry["instances"], &more)); err != nil {
		return nil, err
	}
	for _, instance := range more {
		current := func(other map[string]json.RawMessage) bool {
			return other["deposed"] == nil && bytes.Equal(other["index_key"], instance["index_key"])
		}
		if slices.ContainsFunc(have, current) {
			// Terraform's keys are 8 hexadecimal digits at random.
			instance["deposed"] = json.RawMessage(`"` + newID()[:8] + `"`)
		}
		have = append(have, instance)
	}
	var err error
	entries[i]["instances"], err = json.Marshal(have)
	return entries, err
}

func (f *File) edit(change func(content map[string]json.RawMessage) error) (*File, error) {
	var content map[string]json.RawMessage
	if err := json.Unmarshal(f.data, &content); err != nil {
		return nil, err
	}
	if err := change(content); err != nil {
		return nil, err
	}
	data, err := json.MarshalIndent(content, "", "  ")
	if err != nil {
		return nil, err
	}
	return Parse(append(data, '\n'))
}

// New is a state that knows nothing, the first of a new lineage.
func New() *File {
	// Any Terraform that the app accepts can go on from one of its oldest.
	const template = `{"version": %d, "terraform_version": "1.10.0", "serial": 0, "lineage": %q, "outputs": {}, "resources": []}`
	f := &File{Lineage: newID()}
	f.data = fmt.Appendf(nil, template, formatVersion, f.Lineage)
	return f
}

// ParseErrored reads a state that Terraform could not write to the bucket
// (errored.tfstate). Where it did not get as far as to look what is in the bucket,
// it has no lineage yet: it then is the first of a new one.
func ParseErrored(data []byte) (*File, error) {
	f := &File{data: data}
	return f.edit(func(content map[string]json.RawMessage) error {
		if string(content["lineage"]) == `""` {
			content["lineage"], content["serial"] = json.RawMessage(`"`+newID()+`"`), json.RawMessage("1")
		}
		return nil
	})
}

// newID is an id at random in the form of Terraform's.
func newID() string {
	var b [16]byte
	rand.Read(b[:])
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// Compare tells what going from one state to another does to what Terraform
// knows: the objects that leave the state, and those that come back into it.
func Compare(from, to *File) (forgotten, resurrected []Resource) {
	return missing(from, to), missing(to, from)
}

// missing are the resources of a that b does not have.
func missing(a, b *File) []Resource {
	var list []Resource
	for _, r := range a.Resources {
		if !slices.Contains(b.Resources, r) {
			list = append(list, r)
		}
	}
	return list
}
