package strict

import (
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

// Models are AWS's service models in botocore's form, in a folder
// SERVICE/VERSION/service-2.json(.gz).
// https://github.com/boto/botocore/tree/develop/botocore/data
type Models struct {
	dir string

	index   func() (map[string][]string, error) // folders by the name that signs
	mu      sync.Mutex
	loading map[string]func() (*service, error)
}

// NewModels returns the models in dir.
func NewModels(dir string) *Models {
	m := &Models{dir: dir, loading: map[string]func() (*service, error){}}
	m.index = sync.OnceValues(m.readIndex)
	return m
}

type service struct {
	name       string // its folder, such as "elbv2"
	Metadata   metadata
	Operations map[string]*operation
	Shapes     map[string]*shape

	routes []route // of the REST protocols
}

type metadata struct {
	APIVersion     string `json:"apiVersion"`
	EndpointPrefix string `json:"endpointPrefix"`
	Protocol       string `json:"protocol"`
	SigningName    string `json:"signingName"`
	TargetPrefix   string `json:"targetPrefix"`
}

type operation struct {
	Name string
	HTTP struct {
		Method     string
		RequestURI string `json:"requestUri"`
	}
	Input      *member
	Deprecated bool
}

// shape is a type. Its name is its key in the model.
type shape struct {
	Type      string
	Members   map[string]*member // of a structure
	Required  []string
	Payload   string // the member that is the body
	Member    *member
	Key       *member
	Value     *member
	Flattened bool
	Enum      []string
	Min, Max  *float64
	Pattern   string

	pattern func() (matcher, error)

	// by an amendment
	allowed    []string // a number's values
	code, says string
}

// member is a use of a shape.
type member struct {
	Shape        string
	Location     string // uri, querystring, header, headers; "" for the body
	LocationName string `json:"locationName"`
	QueryName    string `json:"queryName"`
	Flattened    bool
	XMLAttribute bool `json:"xmlAttribute"`
}

// named returns the services whose requests are signed with a name, the one
// that has it for a folder first. There is mostly one; "elasticloadbalancing",
// "dynamodb" and "rds" (Neptune's, too) sign for several.
func (m *Models) named(signingName string) ([]*service, error) {
	index, err := m.index()
	if err != nil {
		return nil, err
	}
	var list []*service
	for _, folder := range index[signingName] {
		s, err := m.service(folder)
		if err != nil {
			return nil, err
		}
		list = append(list, s)
	}
	return list, nil
}

func (m *Models) service(folder string) (*service, error) {
	m.mu.Lock()
	load := m.loading[folder]
	if load == nil {
		load = sync.OnceValues(func() (*service, error) { return m.load(folder) })
		m.loading[folder] = load
	}
	m.mu.Unlock()
	return load()
}

func (m *Models) load(folder string) (*service, error) {
	s := &service{name: filepath.Base(filepath.Dir(folder))}
	if err := m.open(folder, func(r io.Reader) error { return json.NewDecoder(r).Decode(s) }); err != nil {
		return nil, err
	}
	for _, sh := range s.Shapes {
		if sh.Pattern != "" {
			sh.pattern = sync.OnceValues(func() (matcher, error) { return compile(sh.Pattern) })
		}
	}
	if strings.HasPrefix(s.Metadata.Protocol, "rest-") {
		s.routes = routesOf(s)
	}
	return s, s.amend()
}

// readIndex reads the head of every service's newest model.
func (m *Models) readIndex() (map[string][]string, error) {
	services, err := os.ReadDir(m.dir)
	if err != nil {
		return nil, fmt.Errorf("AWS's service models: %w", err)
	}
	index := map[string][]string{}
	for _, entry := range services {
		versions, _ := filepath.Glob(filepath.Join(m.dir, entry.Name(), "*", "service-2.json*"))
		if len(versions) == 0 {
			continue
		}
		folder := filepath.Dir(slices.Max(versions)) // versions are dates
		var head metadata
		if err := m.open(folder, func(r io.Reader) error { return readMetadata(r, &head) }); err != nil {
			return nil, err
		}
		name := head.SigningName
		if name == "" {
			name = head.EndpointPrefix
		}
		if entry.Name() == name {
			index[name] = slices.Insert(index[name], 0, folder)
		} else {
			index[name] = append(index[name], folder)
		}
	}
	if len(index) == 0 {
		return nil, fmt.Errorf("AWS's service models: none in %s", m.dir)
	}
	return index, nil
}

// readMetadata reads no more of a model than its metadata, which stand near its
// beginning.
func readMetadata(r io.Reader, v *metadata) error {
	d := json.NewDecoder(r)
	if _, err := d.Token(); err != nil { // {
		return err
	}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return err
		}
		if key == "metadata" {
			return d.Decode(v)
		}
		var skipped json.RawMessage
		if err := d.Decode(&skipped); err != nil {
			return err
		}
	}
	return fmt.Errorf("no metadata")
}

// open has read read the model in folder, compressed or not.
func (m *Models) open(folder string, read func(io.Reader) error) error {
	path := filepath.Join(folder, "service-2.json.gz")
	f, err := os.Open(path)
	if os.IsNotExist(err) {
		path = filepath.Join(folder, "service-2.json")
		f, err = os.Open(path)
	}
	if err != nil {
		return fmt.Errorf("AWS's service models: %w", err)
	}
	defer f.Close()
	var r io.Reader = f
	if strings.HasSuffix(path, ".gz") {
		if r, err = gzip.NewReader(f); err != nil {
			return fmt.Errorf("AWS's service models: %s: %w", path, err)
		}
	}
	if err := read(r); err != nil {
		return fmt.Errorf("AWS's service models: %s: %w", path, err)
	}
	return nil
}
