// Package metadata is the instance metadata service that EC2 instances find at
// http://169.254.169.254: who they are, and their role's credentials.
//
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html
package metadata

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// Instance is what a service is about.
type Instance struct {
	types.Instance
	Region   string
	Account  string
	UserData string
}

// Config is what a Service needs.
type Config struct {
	// Credentials are those of the role in the instance's profile, as of now.
	Credentials func(ctx context.Context, i Instance) (*Credentials, error)

	// SetHopLimit limits how far the answer to a request goes.
	SetHopLimit func(r *http.Request, hops int)
}

// Credentials are temporary ones.
type Credentials struct {
	Role                         string // its name
	AccessKeyID, SecretAccessKey string
	Token                        string
	Issued, Expires              time.Time
}

// Service is the service of one instance.
type Service struct {
	config Config

	mu       sync.Mutex
	instance Instance
	tokens   map[string]time.Time // when they end
}

// New returns the service of an instance.
func New(c Config, i Instance) *Service {
	return &Service{config: c, instance: i, tokens: map[string]time.Time{}}
}

// Update tells the service what has become of the instance.
func (s *Service) Update(i Instance) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.instance = i
}

const (
	tokenPath = "/latest/api/token"
	ttlHeader = "X-aws-ec2-metadata-token-ttl-seconds"
	maxTTL    = 21600
	// hops is the time to live of everything but tokens.
	hops = 64
)

// ServeHTTP answers with the statuses of
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html#instance-metadata-returns
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	i := s.instance
	s.mu.Unlock()
	options := i.MetadataOptions
	if options == nil {
		options = &types.InstanceMetadataOptionsResponse{}
	}
	w.Header().Set("Server", "EC2ws")
	s.config.SetHopLimit(r, hops)
	switch {
	case options.HttpEndpoint == types.InstanceMetadataEndpointStateDisabled:
		fail(w, http.StatusForbidden)
	case r.URL.Path == tokenPath:
		s.config.SetHopLimit(r, int(max(1, aws.ToInt32(options.HttpPutResponseHopLimit))))
		s.issue(w, r)
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		fail(w, http.StatusMethodNotAllowed)
	case !s.authorized(r, options.HttpTokens == types.HttpTokensStateRequired):
		fail(w, http.StatusUnauthorized)
	default:
		s.get(w, r, i, options.InstanceMetadataTags == types.InstanceMetadataTagsStateEnabled)
	}
}

// issue answers a request for a token.
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-metadata-v2-how-it-works.html
func (s *Service) issue(w http.ResponseWriter, r *http.Request) {
	ttl, err := strconv.Atoi(r.Header.Get(ttlHeader))
	switch {
	case r.Method != http.MethodPut:
		fail(w, http.StatusMethodNotAllowed)
	case r.Header.Get("X-Forwarded-For") != "":
		fail(w, http.StatusForbidden) // it comes by a proxy
	case err != nil || ttl < 1 || ttl > maxTTL:
		fail(w, http.StatusBadRequest)
	default:
		token := rand.Text() + rand.Text() + "=="
		s.mu.Lock()
		s.tokens[token] = time.Now().Add(time.Duration(ttl) * time.Second)
		s.mu.Unlock()
		w.Header().Set(ttlHeader, strconv.Itoa(ttl))
		w.Header().Set("Content-Type", "text/plain")
		fmt.Fprint(w, token)
	}
}

// authorized tells whether a request has a token that holds or, where none is
// required, has none.
func (s *Service) authorized(r *http.Request, required bool) bool {
	token := r.Header.Get("X-aws-ec2-metadata-token")
	if token == "" {
		return !required
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return time.Now().Before(s.tokens[token])
}

// get answers from the instance's data. A category's path, with or without a slash
// at its end, lists what is in it.
func (s *Service) get(w http.ResponseWriter, r *http.Request, i Instance, withTags bool) {
	path := strings.TrimSuffix(r.URL.Path, "/")
	w.Header().Set("Content-Type", "text/plain")
	switch {
	case path == "":
		fmt.Fprint(w, "latest")
		return
	case path == "/latest":
		fmt.Fprint(w, "dynamic\nmeta-data\nuser-data")
		return
	case path == "/latest/user-data" && i.UserData != "":
		w.Header().Set("Content-Type", "application/octet-stream")
		fmt.Fprint(w, i.UserData)
		return
	}
	values, err := s.values(r.Context(), i, withTags)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	if value, ok := values[path]; ok {
		fmt.Fprint(w, value)
		return
	}
	if names := below(values, path+"/"); len(names) > 0 {
		fmt.Fprint(w, strings.Join(names, "\n"))
		return
	}
	fail(w, http.StatusNotFound)
}

// fail answers with a page, as the service does.
func fail(w http.ResponseWriter, status int) {
	w.Header().Set("Content-Type", "text/html")
	w.WriteHeader(status)
	fmt.Fprintf(w, "<html><head><title>%d - %s</title></head><body><h1>%[1]d - %[2]s</h1></body></html>\n", status, http.StatusText(status))
}
