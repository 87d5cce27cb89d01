package balancer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"strconv"
	"strings"
	"time"
)

// connectTimeout is how long a target has to accept a connection, in AWS time.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-troubleshooting.html#http-504-issues
const connectTimeout = 10 * time.Second

// route is what the proxy needs to know of a request's way.
type route struct {
	listener    *listener
	idleTimeout time.Duration // real time
	xff         string        // attribute routing.http.xff_header_processing.mode
}

type routeKey struct{}

// errIdle is why a request ends that its target does not answer in time.
var errIdle = errors.New("the idle time-out has passed")

// forward has a target of the group answer the request.
func (g *targetGroup) forward(w http.ResponseWriter, r *http.Request, way route) {
	t := g.pick()
	if t == nil {
		// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-troubleshooting.html#http-503-issues
		g.mu.Lock()
		g.now.add(elb5xx, 1)
		g.mu.Unlock()
		writeError(w, http.StatusServiceUnavailable)
		return
	}
	defer func() {
		// The proxy panics when it can only break off an answer under way.
		broken := recover()
		g.mu.Lock()
		t.inFlight--
		if broken != nil && r.Context().Err() == nil { // and the client is still there
			t.failed++
		}
		g.mu.Unlock()
		if broken != nil {
			panic(http.ErrAbortHandler)
		}
	}()
	ctx, cancel := context.WithCancelCause(context.WithValue(r.Context(), routeKey{}, way))
	defer cancel(nil)
	defer context.AfterFunc(t.requests, func() { cancel(errCut) })()
	idle := time.AfterFunc(way.idleTimeout, func() { cancel(errIdle) })
	defer idle.Stop()
	recorder := &recorder{ResponseWriter: w, onWrite: func() { idle.Reset(way.idleTimeout) }}
	t.proxy.ServeHTTP(recorder, r.WithContext(ctx))
}

// recorder tells of each sign of life of an answer.
type recorder struct {
	http.ResponseWriter
	onWrite func()
}

func (r *recorder) WriteHeader(status int) {
	r.onWrite()
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Write(p []byte) (int, error) {
	r.onWrite()
	return r.ResponseWriter.Write(p)
}

// Unwrap has http.ResponseController find Flush and Hijack.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// newProxy makes the part that passes requests on to t.
func (t *target) newProxy() *httputil.ReverseProxy {
	return &httputil.ReverseProxy{
		Transport:     noRetry{t},
		FlushInterval: -1, // pass on what comes
		ErrorLog:      log.New(io.Discard, "", 0),
		Rewrite: func(p *httputil.ProxyRequest) {
			way := p.In.Context().Value(routeKey{}).(route)
			p.Out.URL.Scheme, p.Out.URL.Host = "http", net.JoinHostPort(t.id, strconv.Itoa(t.port))
			p.Out.Host = p.In.Host
			addHeaders(p.Out.Header, p.In, way)
		},
		ModifyResponse: func(resp *http.Response) error {
			t.group.mu.Lock()
			defer t.group.mu.Unlock()
			t.group.now.add(requestCount, 1)
			if resp.StatusCode >= 500 {
				t.answered5xx++
				t.group.now.add(target5xx, 1)
			}
			return nil
		},
		ErrorHandler: t.fail,
	}
}

// fail answers a request that t did not.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-troubleshooting.html#load-balancer-http-error-codes
func (t *target) fail(w http.ResponseWriter, r *http.Request, err error) {
	cause := context.Cause(r.Context())
	if errors.Is(cause, context.Canceled) {
		return // the client has gone (460)
	}
	var timeout net.Error
	// 502: the target refused or closed the connection, answered something
	// else than HTTP, or its deregistration delay has passed.
	status := http.StatusBadGateway
	switch {
	case errors.Is(cause, errCut):
	case errors.Is(cause, errIdle), errors.As(err, &timeout) && timeout.Timeout():
		status = http.StatusGatewayTimeout // no connection or no answer in time
	}
	t.group.mu.Lock()
	t.failed++
	t.group.now.add(elb5xx, 1)
	t.group.mu.Unlock()
	writeError(w, status)
}

// noRetry sends a request once: a load balancer does not send it again where
// http.Transport would, when a kept connection turns out to be closed. AWS's
// answer is a 502.
type noRetry struct{ *target }

func (t noRetry) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body == nil {
		// Transport repeats requests without a body, and finds out that this
		// one is empty only when it sends it. Left to itself, it waits 200 ms for a
		// first byte, and on a busy machine then announces a body in chunks, whose
		// end servers that expect none take for the next request.
		r = r.Clone(r.Context())
		r.Body, r.TransferEncoding = io.NopCloser(strings.NewReader("")), []string{"identity"}
	}
	return t.transport.RoundTrip(r)
}

// addHeaders adds what a load balancer adds.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/x-forwarded-headers.html
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-request-tracing.html
func addHeaders(h http.Header, in *http.Request, way route) {
	client, _, _ := net.SplitHostPort(in.RemoteAddr)
	before := in.Header.Values("X-Forwarded-For")
	switch way.xff {
	case "remove":
	case "preserve":
		if before != nil {
			h["X-Forwarded-For"] = before
		}
	default: // append
		h.Set("X-Forwarded-For", strings.Join(append(before[:len(before):len(before)], client), ", "))
	}
	h.Set("X-Forwarded-Proto", way.listener.scheme())
	h.Set("X-Forwarded-Port", strconv.Itoa(way.listener.port))
	if h.Get("X-Amzn-Trace-Id") == "" {
		h.Set("X-Amzn-Trace-Id", fmt.Sprintf("Root=1-%08x-%s", time.Now().Unix(), randomHex(24)))
	}
}

// writeError answers as a load balancer does by itself.
func writeError(w http.ResponseWriter, status int) {
	w.Header().Set("Server", "awselb/2.0")
	w.Header().Set("Content-Type", "text/html")
	w.WriteHeader(status)
	title := fmt.Sprintf("%d %s", status, http.StatusText(status))
	if status == http.StatusServiceUnavailable {
		title = "503 Service Temporarily Unavailable"
	}
	fmt.Fprintf(w, "<html>\r\n<head><title>%[1]s</title></head>\r\n<body>\r\n<center><h1>%[1]s</h1></center>\r\n</body>\r\n</html>\r\n", title)
}
