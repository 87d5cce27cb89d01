package front

import (
	"bytes"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
)

// Reads is a transport to the AWS behind a front. It gives the answers of some reads
// again until something is written: what follows groups and instances asks many times a
// second, and each answer costs moto 20 ms of a processor.
//
// All requests must come through it, or it does not see what is written.
type Reads struct {
	next http.RoundTripper
	pure map[operation]bool

	mu      sync.Mutex
	writes  int               // begun, and ended
	answers map[string]answer // by who asked for what; since the last write
}

type answer struct {
	header http.Header
	body   []byte
}

// NewReads gives answers of the actions of pure, by service, again. Their answers must
// follow from what was written and from nothing else, such as the time.
func NewReads(next http.RoundTripper, pure map[string][]string) *Reads {
	c := &Reads{next: next, pure: map[operation]bool{}, answers: map[string]answer{}}
	for service, actions := range pure {
		for _, action := range actions {
			c.pure[operation{service, action}] = true
		}
	}
	return c
}

// RoundTrip implements http.RoundTripper.
func (c *Reads) RoundTrip(hr *http.Request) (*http.Response, error) {
	out := hr.Clone(hr.Context())
	if out.Body == nil {
		out.Body = http.NoBody
	}
	defer out.Body.Close()
	r, err := readRequest(out)
	if err != nil {
		return nil, err
	}
	switch {
	case c.pure[operation{r.Service, r.Action}]:
		return c.read(r)
	case r.writes():
		c.forget()
		defer c.forget()
	}
	return c.next.RoundTrip(out)
}

func (c *Reads) read(r *Request) (*http.Response, error) {
	key := strings.Join([]string{r.AccessKey, r.Region, r.Service, r.Action, r.HTTP.Header.Get("Accept-Encoding"), string(r.Body)}, "\n")
	c.mu.Lock()
	known, is := c.answers[key]
	writes := c.writes
	c.mu.Unlock()
	if is {
		return known.response(r.HTTP), nil
	}
	resp, err := c.next.RoundTrip(r.HTTP)
	if err != nil || resp.StatusCode != http.StatusOK {
		return resp, err
	}
	defer resp.Body.Close()
	known.header = resp.Header
	if known.body, err = io.ReadAll(resp.Body); err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.writes == writes { // else it may be from before
		c.answers[key] = known
	}
	return known.response(r.HTTP), nil
}

func (c *Reads) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.writes++
	clear(c.answers)
}

func (a answer) response(r *http.Request) *http.Response {
	return &http.Response{
		Status: "200 OK", StatusCode: http.StatusOK, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: r,
		Header: a.header.Clone(), Body: io.NopCloser(bytes.NewReader(a.body)), ContentLength: int64(len(a.body)),
	}
}

// writes tells whether a request may change what another one reads. What S3 and DynamoDB
// are given, no other service tells.
func (r *Request) writes() bool {
	if r.Service == "s3" || r.Service == "dynamodb" || r.HTTP.Method == http.MethodGet || r.HTTP.Method == http.MethodHead {
		return false
	}
	return !slices.ContainsFunc([]string{"Describe", "Get", "List"}, func(p string) bool { return strings.HasPrefix(r.Action, p) })
}
