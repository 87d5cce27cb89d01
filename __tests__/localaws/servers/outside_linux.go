package servers

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/netip"
	"os"
	"sync"
	"time"

	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/adapters/gonet"
	"gvisor.dev/gvisor/pkg/tcpip/header"
	"gvisor.dev/gvisor/pkg/tcpip/link/fdbased"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv4"
	"gvisor.dev/gvisor/pkg/tcpip/stack"
	"gvisor.dev/gvisor/pkg/tcpip/transport/tcp"
	"gvisor.dev/gvisor/pkg/tcpip/transport/udp"
	"gvisor.dev/gvisor/pkg/waiter"
)

// network is the other end of a machine's network interface: a TCP/IP stack in
// this process that has every address there is, and asks an Outside what is
// there.
type network struct {
	outside Outside
	from    func() Details // the machine's, as they are now
	stack   *stack.Stack
	file    *os.File

	ctx      context.Context // done when the network ends
	end      context.CancelFunc
	metadata *http.Server
	visitors visitors // connections to metadata
}

const nic tcpip.NICID = 1

// maxConnecting is how many connections may be under way to be made at a time.
const maxConnecting = 4096

// dialPatience is how long the outside may take to connect: Linux gives up later.
const dialPatience = 2 * time.Minute

// newNetwork serves a machine's interface until close.
func newNetwork(file *os.File, outside Outside, from func() Details) (*network, error) {
	link, err := fdbased.New(&fdbased.Options{FDs: []int{int(file.Fd())}, MTU: mtu, RXChecksumOffload: true})
	if err != nil {
		return nil, err
	}
	n := &network{outside: outside, from: from, file: file, visitors: visitors{conns: make(chan net.Conn), closed: make(chan struct{})}}
	n.stack = stack.New(stack.Options{
		// Load balancers have loopback addresses.
		NetworkProtocols:   []stack.NetworkProtocolFactory{ipv4.NewProtocolWithOptions(ipv4.Options{AllowExternalLoopbackTraffic: true})},
		TransportProtocols: []stack.TransportProtocolFactory{tcp.NewProtocol, udp.NewProtocol},
	})
	for _, err := range []tcpip.Error{
		n.stack.CreateNIC(nic, link),
		n.stack.SetPromiscuousMode(nic, true), // takes packets to every address
		n.stack.SetSpoofing(nic, true),        // and answers from it
	} {
		if err != nil {
			return nil, errors.New(err.String())
		}
	}
	n.stack.SetRouteTable([]tcpip.Route{{Destination: header.IPv4EmptySubnet, NIC: nic}})
	n.stack.SetTransportProtocolHandler(tcp.ProtocolNumber, tcp.NewForwarder(n.stack, 0, maxConnecting, n.connect).HandlePacket)
	n.stack.SetTransportProtocolHandler(udp.ProtocolNumber, udp.NewForwarder(n.stack, n.datagram).HandlePacket)
	n.ctx, n.end = context.WithCancel(context.Background())
	n.metadata = &http.Server{
		Handler:  http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { outside.Metadata(from()).ServeHTTP(w, r) }),
		ErrorLog: log.New(io.Discard, "", 0),
		ConnContext: func(ctx context.Context, c net.Conn) context.Context {
			return context.WithValue(ctx, hopLimitKey{}, c.(visitor).setHopLimit)
		},
	}
	go n.metadata.Serve(&n.visitors)
	return n, nil
}

// close ends all connections.
func (n *network) close() {
	n.end()
	n.metadata.Close()
	n.stack.Destroy() // it reads from the file no more
	n.file.Close()
}

// connect is called for the first packet of a connection.
func (n *network) connect(r *tcp.ForwarderRequest) {
	to := netip.AddrPortFrom(netip.AddrFrom4(r.ID().LocalAddress.As4()), r.ID().LocalPort)
	if to == netip.AddrPortFrom(netip.MustParseAddr(metadataAddress), 80) {
		// Security groups do not see it:
		// https://docs.aws.amazon.com/vpc/latest/userguide/vpc-security-groups.html
		if conn, endpoint, err := accept(r); err == nil {
			n.visitors.add(visitor{conn, endpoint})
		}
		return
	}
	ctx, cancel := context.WithTimeout(n.ctx, dialPatience)
	defer cancel()
	there, err := n.outside.Dial(ctx, n.from().Server, to)
	if err != nil {
		r.Complete(!errors.Is(err, ErrDropped) && ctx.Err() == nil)
		return
	}
	defer there.Close()
	here, _, err := accept(r)
	if err != nil {
		return
	}
	defer here.Close()
	defer context.AfterFunc(n.ctx, func() { there.Close() })()
	splice(here, there)
}

// accept makes the connection that r asks for.
func accept(r *tcp.ForwarderRequest) (*gonet.TCPConn, tcpip.Endpoint, error) {
	var queue waiter.Queue
	endpoint, err := r.CreateEndpoint(&queue)
	if err != nil {
		r.Complete(true)
		return nil, nil, errors.New(err.String())
	}
	r.Complete(false)
	return gonet.NewTCPConn(&queue, endpoint), endpoint, nil
}

// splice passes on what the ends of two connections send until both have ended.
func splice(a, b net.Conn) {
	var both sync.WaitGroup
	pass := func(to, from net.Conn) {
		if _, err := io.Copy(to, from); err != nil {
			to.Close() // what was cut off there is not ended well here
			return
		}
		if half, ok := to.(interface{ CloseWrite() error }); ok {
			half.CloseWrite()
		}
	}
	both.Go(func() { pass(a, b) })
	both.Go(func() { pass(b, a) })
	both.Wait()
}

// datagram answers questions for names, and nothing else.
func (n *network) datagram(r *udp.ForwarderRequest) bool {
	if r.ID().LocalPort != 53 || r.ID().LocalAddress.String() != resolverAddress {
		return true // dropped
	}
	var queue waiter.Queue
	endpoint, err := r.CreateEndpoint(&queue)
	if err != nil {
		return true
	}
	conn := gonet.NewUDPConn(&queue, endpoint)
	go func() {
		defer conn.Close()
		packet := make([]byte, 1500)
		for {
			conn.SetDeadline(time.Now().Add(10 * time.Second))
			size, err := conn.Read(packet)
			if err != nil {
				return
			}
			if reply := answer(packet[:size], func(name string) (netip.Addr, bool) { return n.outside.Lookup(n.from().Server, name) }); reply != nil {
				conn.Write(reply)
			}
		}
	}()
	return true
}

// visitors is a listener to which connections are given.
type visitors struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func (v *visitors) add(c net.Conn) {
	select {
	case v.conns <- c:
	case <-v.closed:
		c.Close()
	}
}

func (v *visitors) Accept() (net.Conn, error) {
	select {
	case c := <-v.conns:
		return c, nil
	case <-v.closed:
		return nil, net.ErrClosed
	}
}

func (v *visitors) Close() error {
	v.once.Do(func() { close(v.closed) })
	return nil
}

func (*visitors) Addr() net.Addr { return &net.TCPAddr{IP: net.ParseIP(metadataAddress), Port: 80} }

// visitor is a connection whose packets can be told how far to go.
type visitor struct {
	*gonet.TCPConn
	endpoint tcpip.Endpoint
}

func (v visitor) setHopLimit(hops int) { v.endpoint.SetSockOptInt(tcpip.IPv4TTLOption, hops) }
