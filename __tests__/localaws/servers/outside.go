package servers

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/netip"

	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// Outside is the network around machines: what they reach, and what tells them
// about themselves. Its methods are called from many goroutines.
type Outside interface {
	// Dial connects a machine to a TCP port of an address. With ErrDropped
	// nobody answers the machine, with any other error it is refused.
	Dial(ctx context.Context, from Server, to netip.AddrPort) (net.Conn, error)

	// Lookup returns the address of a name, which has no dot at its end;
	// false if there is no such name.
	Lookup(from Server, name string) (netip.Addr, bool)

	// Metadata returns the instance metadata service of a machine. It asks
	// SetHopLimit for how far its answers go.
	Metadata(from Details) http.Handler
}

// Details are all that is known of a server.
type Details struct {
	Server
	Instance types.Instance // as EC2 last described it
	UserData string
}

// ErrDropped is why a connection never comes about, with nobody to say so.
var ErrDropped = errors.New("nobody answers")

// The addresses in a machine's network that AWS has given a meaning.
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html
const metadataAddress = "169.254.169.254"

type hopLimitKey struct{}

// SetHopLimit has the answer to a request to a metadata service travel that
// many hops at most: it is the time to live of the packets. A machine that passes
// packets on, to a container perhaps, drops what has none left.
func SetHopLimit(r *http.Request, hops int) {
	if set, ok := r.Context().Value(hopLimitKey{}).(func(int)); ok {
		set(hops)
	}
}

// nowhere is a network with nothing in it.
type nowhere struct{}

func (nowhere) Dial(context.Context, Server, netip.AddrPort) (net.Conn, error) {
	return nil, ErrDropped
}
func (nowhere) Lookup(Server, string) (netip.Addr, bool) { return netip.Addr{}, false }
func (nowhere) Metadata(Details) http.Handler            { return http.NotFoundHandler() }
