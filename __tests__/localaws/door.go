package localaws

import (
	"io"
	"net"
	"net/url"
	"sync"
)

// Door returns a URL on a port of 127.0.0.1 that leads to the server at target, a
// load balancer's URL, until Stop. A load balancer has an address of its own,
// 127.0.2.N, which is on this machine alone; a browser beyond it (of the Windows
// around WSL, at the other end of an ssh or an editor's port forwarding) reaches
// ports of 127.0.0.1.
func (a *AWS) Door(target string) (string, error) {
	to, err := url.Parse(target)
	if err != nil {
		return "", err
	}
	address := to.Host
	if to.Port() == "" {
		address = net.JoinHostPort(to.Hostname(), to.Scheme) // a port's name, too
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	a.AtStop(func() { listener.Close() })
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			go join(client, address)
		}
	}()
	to.Host = listener.Addr().String()
	return to.String(), nil
}

// join passes on what the two ends of a connection send until both have ended.
func join(client net.Conn, address string) {
	defer client.Close()
	server, err := net.Dial("tcp", address)
	if err != nil {
		return
	}
	defer server.Close()
	var both sync.WaitGroup
	pass := func(to, from net.Conn) {
		io.Copy(to, from)
		to.(*net.TCPConn).CloseWrite()
	}
	both.Go(func() { pass(server, client) })
	both.Go(func() { pass(client, server) })
	both.Wait()
}
