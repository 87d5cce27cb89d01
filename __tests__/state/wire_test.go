package state_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"
)

// wire is a way to the local AWS that a test can listen in on, and cut.
type wire struct {
	url string

	mu   sync.Mutex
	hook hook
	log  []call
}

// call is one request to AWS.
type call struct {
	Service string // "s3", "dynamodb", "ec2", …
	Action  string // "PutItem", "CreateVpc"; for S3 the HTTP method
	Object  string // the path for S3, the LockID for DynamoDB
	Body    string
}

func (c call) String() string { return fmt.Sprintf("%s %s %s", c.Service, c.Action, c.Object) }

// writes tells whether the call changes something on AWS.
func (c call) writes() bool {
	if c.Service == "s3" {
		return c.Action == http.MethodPut || c.Action == http.MethodDelete || c.Action == http.MethodPost
	}
	for _, verb := range []string{"Get", "Describe", "List", "Scan", "Query", "Head", "Assume"} {
		if strings.HasPrefix(c.Action, verb) {
			return false
		}
	}
	return true
}

// hook sees a call before AWS does. It may pass it on, answer in AWS's place
// by writing to w, or do neither: then the connection breaks.
type hook func(c call, w http.ResponseWriter, pass func())

// newWire returns a wire that passes all calls on.
func newWire(t *testing.T) *wire {
	w := &wire{}
	server := httptest.NewServer(w)
	t.Cleanup(server.Close)
	w.url = server.URL
	return w
}

// watch has h see each call from now on; nil for nobody.
func (w *wire) watch(h hook) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.hook, w.log = h, nil
}

// calls are the calls that succeeded since the last watch.
func (w *wire) calls() []call {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]call(nil), w.log...)
}

func (w *wire) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler) // the client was killed in the middle of it
	}
	c := newCall(r, body)
	answer, passed := httptest.NewRecorder(), false
	pass := func() {
		r.Body = io.NopCloser(bytes.NewReader(body))
		cloud.Front.ServeHTTP(answer, r)
		passed = true
		if answer.Code < 300 {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.log = append(w.log, c)
		}
	}
	w.mu.Lock()
	h := w.hook
	w.mu.Unlock()
	if h == nil {
		pass()
	} else {
		h(c, answer, pass)
	}
	if !passed && answer.Body.Len() == 0 && len(answer.Result().Header) == 0 {
		panic(http.ErrAbortHandler)
	}
	for name, values := range answer.Result().Header {
		rw.Header()[name] = values
	}
	rw.WriteHeader(answer.Code)
	_, _ = rw.Write(answer.Body.Bytes()) // the client may be gone
}

var (
	signed   = regexp.MustCompile(`Credential=[^/]+/\d+/[^/]+/([^/]+)/`)
	formName = regexp.MustCompile(`(?:^|&)Action=(\w+)`)
	lockID   = regexp.MustCompile(`"LockID":\{"S":"([^"]*)"`)
)

func newCall(r *http.Request, body []byte) call {
	c := call{Action: r.Method, Object: r.URL.Path, Body: string(body)}
	if m := signed.FindStringSubmatch(r.Header.Get("Authorization")); m != nil {
		c.Service = m[1]
	}
	if _, action, ok := strings.Cut(r.Header.Get("X-Amz-Target"), "."); ok {
		c.Action, c.Object = action, ""
	} else if m := formName.FindSubmatch(body); m != nil {
		c.Action, c.Object = string(m[1]), ""
	}
	if m := lockID.FindSubmatch(body); m != nil {
		c.Object = string(m[1])
	}
	return c
}
