package front

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httputil"
	"net/url"
	"sync"
)

// Next passes a request on: to the handler registered before, in the end to
// the AWS behind the front. An error that AWS answers is a Response like any
// other; see Response.OK.
type Next func(*Request) (*Response, error)

// Handler answers one action. See the package comment for what it can do.
type Handler func(r *Request, next Next) (*Response, error)

// Front is an http.Handler that answers the registered actions itself and
// passes all else on. It is safe for concurrent use.
type Front struct {
	target    *url.URL
	transport http.RoundTripper
	proxy     *httputil.ReverseProxy

	mu       sync.RWMutex
	gate     func(*Request) error
	handlers map[operation]Handler
}

type operation struct{ service, action string }

// requestKey is where the proxy's error handler finds the *Request in a context.
type requestKey struct{}

// Transport returns one for a Front.
func Transport() *http.Transport {
	// The default keeps two connections: a port for nearly every request of a
	// busy Terraform, each of them blocked for a minute afterwards.
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = 64
	return transport
}

// New returns a Front before the AWS at target, such as http://127.0.0.1:5000, which it
// reaches by the transport.
func New(target *url.URL, transport http.RoundTripper) *Front {
	return &Front{
		target:    target,
		transport: transport,
		proxy: &httputil.ReverseProxy{
			Transport: transport,
			// The Host header stays what the client sent: the AWS behind
			// makes the addresses in its answers (queues, buckets) from it.
			Rewrite: func(r *httputil.ProxyRequest) {
				r.SetURL(target)
				r.Out.Host = r.In.Host
			},
			ModifyResponse: func(resp *http.Response) error { return checkStatus(resp.StatusCode) },
			ErrorHandler: func(w http.ResponseWriter, hr *http.Request, err error) {
				hr.Context().Value(requestKey{}).(*Request).fail(w, err)
			},
		},
		handlers: map[operation]Handler{},
	}
}

// Handle registers h for an action of a service, named as the signature names
// it ("autoscaling", "ec2", "elasticloadbalancing", "rds", "s3"). A handler
// registered before for the same action becomes its next.
func (f *Front) Handle(service, action string, h Handler) {
	f.mu.Lock()
	defer f.mu.Unlock()
	op := operation{service, action}
	if before := f.handlers[op]; before != nil {
		after := h
		h = func(r *Request, next Next) (*Response, error) {
			return after(r, func(r *Request) (*Response, error) { return before(r, next) })
		}
	}
	f.handlers[op] = h
}

// Gate has check judge every request before any handler, or the AWS behind, gets
// it. A request is refused with the error that check returns.
func (f *Front) Gate(check func(*Request) error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.gate = check
}

func (f *Front) check(r *Request) error {
	f.mu.RLock()
	gate := f.gate
	f.mu.RUnlock()
	if gate == nil {
		return nil
	}
	return gate(r)
}

func (f *Front) handler(r *Request) Handler {
	f.mu.RLock()
	defer f.mu.RUnlock()
	return f.handlers[operation{r.Service, r.Action}]
}

// ServeHTTP implements http.Handler.
func (f *Front) ServeHTTP(w http.ResponseWriter, hr *http.Request) {
	r, err := readRequest(hr)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if err := f.check(r); err != nil {
		r.fail(w, err)
		return
	}
	h := f.handler(r)
	if h == nil {
		f.proxy.ServeHTTP(w, hr.WithContext(context.WithValue(hr.Context(), requestKey{}, r)))
		return
	}
	resp, err := h(r, f.forward)
	if err != nil {
		r.fail(w, err)
		return
	}
	resp.write(w)
}

// fail answers a request with the AWS error in err, or an InternalFailure.
func (r *Request) fail(w http.ResponseWriter, err error) {
	var e *Error
	if !errors.As(err, &e) {
		e = &Error{Code: "InternalFailure", Message: err.Error(), Status: http.StatusInternalServerError}
	}
	r.errorResponse(e).write(w)
}

func (r *Response) write(w http.ResponseWriter) {
	maps.Copy(w.Header(), r.Header)
	w.WriteHeader(cmp.Or(r.Status, http.StatusOK))
	w.Write(r.Body) // fails only if the client has gone
}

// checkStatus makes an error of status 500, with which the fake AWS behind
// says that it does not know an action, or has failed in it. Clients would
// try for minutes; to a 501 they give up at once.
func checkStatus(status int) error {
	if status != http.StatusInternalServerError {
		return nil
	}
	return &Error{
		Code:    "NotImplemented",
		Message: "the local AWS does not know this action or its arguments (its log says more)",
		Status:  http.StatusNotImplemented,
	}
}

// forward sends r to the target and reads the whole answer.
func (f *Front) forward(r *Request) (*Response, error) {
	out := r.HTTP.Clone(r.HTTP.Context())
	out.RequestURI = ""
	out.URL.Scheme, out.URL.Host = f.target.Scheme, f.target.Host
	out.Header.Del("Accept-Encoding") // the transport then unpacks what it gets
	body := r.encodeBody()
	out.Body, out.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	out.TransferEncoding = nil

	resp, err := f.transport.RoundTrip(out)
	if err != nil {
		return nil, fmt.Errorf("pass %s on: %w", r.Action, err)
	}
	defer resp.Body.Close()
	if err := checkStatus(resp.StatusCode); err != nil {
		return nil, err
	}
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, fmt.Errorf("read the answer to %s: %w", r.Action, err)
	}
	header := resp.Header.Clone()
	if r.HTTP.Method != http.MethodHead { // whose answer has no body, only its length
		header.Del("Content-Length") // a handler may change the body
	}
	header.Del("Connection")
	return &Response{Status: resp.StatusCode, Header: header, Body: answer}, nil
}
