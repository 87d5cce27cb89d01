package mysql

import (
	"net"
	"sync"
)

// door is a listener that can be shut and opened again at the same port. While
// it is shut, who knocks gets a reset: the port stays ours.
type door struct {
	net.Listener

	mu     sync.Mutex
	closed chan struct{} // is closed as long as the door is shut
	inside map[*visitor]bool
}

// visitor is a connection that leaves the list when it ends.
type visitor struct {
	net.Conn
	door *door
}

func openDoor() (*door, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	return &door{Listener: l, closed: make(chan struct{}), inside: map[*visitor]bool{}}, nil
}

// Accept returns the next connection that comes while the door is open.
func (d *door) Accept() (net.Conn, error) {
	for {
		conn, err := d.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if v := d.enter(conn); v != nil {
			return v, nil
		}
		conn.(*net.TCPConn).SetLinger(0)
		conn.Close()
	}
}

func (d *door) enter(conn net.Conn) *visitor {
	d.mu.Lock()
	defer d.mu.Unlock()
	select {
	case <-d.closed:
		return nil
	default:
	}
	v := &visitor{conn, d}
	d.inside[v] = true
	return v
}

func (v *visitor) Close() error {
	v.door.mu.Lock()
	delete(v.door.inside, v)
	v.door.mu.Unlock()
	return v.Conn.Close()
}

// shut sends everybody out.
func (d *door) shut() {
	d.mu.Lock()
	defer d.mu.Unlock()
	select {
	case <-d.closed:
	default:
		close(d.closed)
	}
	for v := range d.inside {
		v.Conn.Close()
		delete(d.inside, v)
	}
}

func (d *door) open() {
	d.mu.Lock()
	defer d.mu.Unlock()
	select {
	case <-d.closed:
		d.closed = make(chan struct{})
	default:
	}
}

// shutting is closed when the door is shut next, or if it is.
func (d *door) shutting() <-chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.closed
}
