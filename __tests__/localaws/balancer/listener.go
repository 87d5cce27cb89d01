package balancer

import (
	"crypto/rand"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
)

// balancer is one load balancer.
type balancer struct {
	arn, name string
	all       *Balancers
	ip        string
	dnsName   string // address, with a port if that is not 80
	public    bool   // internet-facing; this and source are guarded by all's mu
	source    Source

	mu        sync.Mutex
	idle      time.Duration // idle time-out, AWS time
	xff       string
	listeners map[int]*listener // by port
	reserved  net.Listener      // the socket at dnsName while no listener has it
	refusing  chan struct{}     // closed when nobody accepts connections of reserved any more
}

// listener answers on one port.
type listener struct {
	lb     *balancer
	port   int // as AWS has it
	tls    bool
	socket net.Listener
	server *http.Server

	mu     sync.Mutex
	action types.Action // the default one

	shown       string                          // ARN of the certificate
	certificate atomic.Pointer[tls.Certificate] // for its names
}

// errNotPermitted is what listening on a port below 1024 without root ends in.
const errNotPermitted = syscall.EACCES

// maxAddress is the last N of 127.0.2.N.
const maxAddress = 254

// loopback is the address of all load balancers where there is no other, as on
// macOS, which has of 127.0.0.0/8 this one alone.
const loopback = "127.0.0.1"

// newBalancer finds a load balancer its address. Other local AWSs may run on
// this machine: the first address whose port 80 is free is taken. Not one that another
// load balancer has had: its name has gone with it, and whoever calls that gets no answer.
func newBalancer(all *Balancers, arn, name string) (*balancer, error) {
	lb := &balancer{arn: arn, name: name, all: all, listeners: map[int]*listener{}, idle: defaultIdleTimeout}
	for n := 1; n <= maxAddress; n++ {
		lb.ip = fmt.Sprintf("127.0.2.%d", n)
		if all.used[lb.ip] {
			continue
		}
		for _, port := range []string{"80", "0"} {
			socket, err := net.Listen("tcp", net.JoinHostPort(lb.ip, port))
			if err == nil {
				all.used[lb.ip] = true
				lb.hold(socket)
				lb.dnsName = strings.TrimSuffix(socket.Addr().String(), ":80")
				return lb, nil
			}
			if errors.Is(err, syscall.EADDRNOTAVAIL) {
				lb.ip = loopback
				if socket, err = net.Listen("tcp", loopback+":0"); err != nil {
					return nil, err
				}
				lb.hold(socket)
				lb.dnsName = socket.Addr().String()
				return lb, nil
			}
			if !errors.Is(err, errNotPermitted) {
				break // taken: the next address
			}
		}
	}
	return nil, fmt.Errorf("load balancer %s: no address 127.0.2.1 to 127.0.2.%d is free", name, maxAddress)
}

// update brings the listeners in line with those of the fake AWS.
func (lb *balancer) update(want []types.Listener, attributes map[string]string) {
	lb.mu.Lock()
	defer lb.mu.Unlock()
	lb.idle = seconds(attributes["idle_timeout.timeout_seconds"], defaultIdleTimeout)
	lb.xff = attributes["routing.http.xff_header_processing.mode"]
	// The lowest port first: dnsName becomes its address.
	slices.SortFunc(want, func(x, y types.Listener) int { return int(aws.ToInt32(x.Port) - aws.ToInt32(y.Port)) })
	ports := map[int]bool{}
	for _, w := range want {
		if len(w.DefaultActions) == 0 {
			continue
		}
		port := int(aws.ToInt32(w.Port))
		ports[port] = true
		withTLS := w.Protocol == types.ProtocolEnumHttps
		l := lb.listeners[port]
		if l != nil && l.tls != withTLS {
			lb.end(l)
			l = nil
		}
		if l == nil {
			var err error
			if l, err = lb.listen(port, withTLS); err != nil {
				lb.all.config.Log("load balancer %s: %v", lb.name, err)
				continue
			}
			lb.listeners[port] = l
		}
		// With several actions (authentication before it), the last answers.
		l.mu.Lock()
		l.action = w.DefaultActions[len(w.DefaultActions)-1]
		l.mu.Unlock()
		if withTLS && len(w.Certificates) > 0 {
			l.show(aws.ToString(w.Certificates[0].CertificateArn))
		}
	}
	for port, l := range lb.listeners {
		if !ports[port] {
			lb.end(l)
		}
	}
}

// end cuts a listener's connections.
func (lb *balancer) end(l *listener) {
	l.server.Close()
	delete(lb.listeners, l.port)
	lb.reserve(l.socket)
}

// reserve keeps the address of a closed socket if dnsName stands for it.
func (lb *balancer) reserve(closed net.Listener) {
	addr := closed.Addr().String()
	if strings.TrimSuffix(addr, ":80") != lb.dnsName {
		return
	}
	socket, err := net.Listen("tcp", addr)
	if err != nil {
		lb.all.config.Log("load balancer %s: %v", lb.name, err)
		return
	}
	lb.hold(socket)
}

// listen starts a listener on the port or, where that is not allowed, on
// another one.
func (lb *balancer) listen(port int, withTLS bool) (*listener, error) {
	l := &listener{lb: lb, port: port, tls: withTLS}
	var err error
	if lb.reserved != nil && (port == 80 || portOf(lb.reserved) != 80) {
		l.socket = lb.release()
	} else if lb.ip == loopback {
		l.socket, err = net.Listen("tcp", loopback+":0") // the port may be anybody's
	} else if l.socket, err = net.Listen("tcp", net.JoinHostPort(lb.ip, strconv.Itoa(port))); errors.Is(err, errNotPermitted) {
		l.socket, err = net.Listen("tcp", net.JoinHostPort(lb.ip, "0"))
	}
	if err != nil {
		return nil, err
	}
	if portOf(l.socket) != port {
		lb.all.config.Log("load balancer %s: port %d cannot be had here; its listener is at %s", lb.name, port, l.socket.Addr())
	}
	l.server = &http.Server{
		Handler:  l,
		ErrorLog: log.New(io.Discard, "", 0),
		// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/edit-load-balancer-attributes.html#connection-idle-timeout
		// A later change has no effect here, but on answers it has.
		IdleTimeout: lb.all.config.Clock.Real(lb.idle),
	}
	var socket net.Listener = &admitting{l.socket, lb, port}
	if withTLS {
		certificate, err := selfSigned(nil, lb.ip)
		if err != nil {
			return nil, err
		}
		l.certificate.Store(&certificate)
		socket = tls.NewListener(socket, &tls.Config{GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
			return l.certificate.Load(), nil
		}})
	}
	lb.all.done.Go(func() { l.server.Serve(socket) }) // until it is closed
	return l, nil
}

func (lb *balancer) close() {
	lb.mu.Lock()
	defer lb.mu.Unlock()
	if lb.reserved != nil {
		lb.reserved.Close()
	}
	for _, l := range lb.listeners {
		l.server.Close()
	}
}

func (l *listener) scheme() string {
	if l.tls {
		return "https"
	}
	return "http"
}

// ServeHTTP does the listener's default action.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/rule-action-types.html
func (l *listener) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	l.mu.Lock()
	action := l.action
	l.mu.Unlock()
	l.lb.mu.Lock()
	way := route{listener: l, idleTimeout: l.lb.all.config.Clock.Real(l.lb.idle), xff: l.lb.xff}
	l.lb.mu.Unlock()
	switch action.Type {
	case types.ActionTypeEnumForward:
		if g := l.lb.all.group(chooseGroup(action)); g != nil {
			g.forward(w, r, way)
			return
		}
		writeError(w, http.StatusServiceUnavailable)
	case types.ActionTypeEnumRedirect:
		redirect(w, r, l, action.RedirectConfig)
	case types.ActionTypeEnumFixedResponse:
		c := action.FixedResponseConfig
		status, _ := strconv.Atoi(aws.ToString(c.StatusCode)) // AWS has checked it
		w.Header().Set("Content-Type", aws.ToString(c.ContentType))
		w.WriteHeader(status)
		io.WriteString(w, aws.ToString(c.MessageBody))
	default:
		http.Error(w, fmt.Sprintf("the local AWS does not do listener actions of the type %s", action.Type), http.StatusNotImplemented)
	}
}

func portOf(socket net.Listener) int { return socket.Addr().(*net.TCPAddr).Port }

// randomHex returns n hexadecimal digits.
func randomHex(n int) string {
	data := make([]byte, n/2)
	rand.Read(data) // never fails
	return hex.EncodeToString(data)
}
