package balancer

import (
	"fmt"
	"io"
	"net"
	"sync"
	"time"
)

// hold keeps an address for the load balancer while no listener has it: connections are
// cut as soon as they are there. What AWS does with them it does not say; nobody answers.
func (lb *balancer) hold(socket net.Listener) {
	lb.reserved, lb.refusing = socket, make(chan struct{})
	go func(done chan<- struct{}) {
		defer close(done)
		for {
			conn, err := socket.Accept()
			if err != nil {
				return // closed, or released
			}
			conn.(*net.TCPConn).SetLinger(0) // a reset, as of a port that nobody has
			conn.Close()
		}
	}(lb.refusing)
}

// release gives the address to a listener.
func (lb *balancer) release() net.Listener {
	socket := lb.reserved.(*net.TCPListener)
	socket.SetDeadline(time.Now())
	<-lb.refusing
	socket.SetDeadline(time.Time{})
	lb.reserved = nil
	return socket
}

// admitting is a socket whose clients are judged by the security groups of a load balancer
// that faces the internet. Who may not connect is cut off: on AWS nobody answers, which to
// a client is the same, only later. Connections that are there go on when a rule goes,
// as tracked ones do on AWS, to which all through a load balancer belong:
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/security-group-connection-tracking.html
type admitting struct {
	net.Listener
	lb   *balancer
	port int
}

func (a *admitting) Accept() (net.Conn, error) {
	conn, err := a.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &judged{Conn: conn, judge: sync.OnceValue(func() error { return a.lb.admit(a.port) })}, nil
}

// judged is a connection whose client is judged before the first byte, not in Accept,
// where others would wait.
type judged struct {
	net.Conn
	judge func() error
}

func (j *judged) Read(p []byte) (int, error) {
	if j.judge() != nil {
		j.Conn.(*net.TCPConn).SetLinger(0)
		j.Conn.Close()
		return 0, io.EOF
	}
	return j.Conn.Read(p)
}

// admit judges a client.
func (lb *balancer) admit(port int) error {
	lb.all.mu.Lock()
	public, source := lb.public, lb.source
	lb.all.mu.Unlock()
	if !public || lb.all.config.Admit == nil {
		return nil
	}
	if err := lb.all.config.Admit(lb.all.ctx, source, port); err != nil {
		return fmt.Errorf("load balancer %s: %w", lb.name, err)
	}
	return nil
}
