package servers

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"testing"
)

// site is a network with a server of the test in it.
type site struct{ server string }

func (s site) Dial(ctx context.Context, from Server, to netip.AddrPort) (net.Conn, error) {
	switch to.String() {
	case "10.1.0.9:443":
		return (&net.Dialer{}).DialContext(ctx, "tcp", s.server)
	case "10.1.0.9:444":
		return nil, errors.New("refused")
	}
	return nil, ErrDropped
}

func (site) Lookup(from Server, name string) (netip.Addr, bool) {
	return netip.MustParseAddr("10.1.0.9"), name == "db.example.com"
}

func (site) Metadata(from Details) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		SetHopLimit(r, 1)
		fmt.Fprintln(w, "metadata of", from.ID)
	})
}

// bootIn boots a machine in a network and returns what its user data prints.
func bootIn(t *testing.T, outside Outside, script string) string {
	t.Helper()
	report := make(chan string, 1)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		text, _ := io.ReadAll(conn)
		report <- string(text)
	}()
	order := bootOrder{Hostname: "host", Address: "10.1.0.5", Network: true, UserData: "#!/bin/bash\nexec > /tmp/out 2>&1\n" + script}
	order.UserData += "\nexec > /dev/tcp/203.0.113.7/99; cat /tmp/out\n"
	if _, err := startBoot(t, order, reporting{outside, listener.Addr().String()}); err != nil {
		t.Fatal(err)
	}
	return <-report
}

// reporting is a network with one more address.
type reporting struct {
	Outside
	to string
}

func (r reporting) Dial(ctx context.Context, from Server, to netip.AddrPort) (net.Conn, error) {
	if to.String() == "203.0.113.7:99" {
		return net.Dial("tcp", r.to)
	}
	return r.Outside.Dial(ctx, from, to)
}

func TestOutside(t *testing.T) {
	server, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	go http.Serve(server, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/large" {
			io.CopyN(w, zeroes{}, 50<<20)
			return
		}
		fmt.Fprint(w, "outside")
	}))
	out := bootIn(t, site{server.Addr().String()}, `
curl -s http://10.1.0.9:443/; echo
curl -s http://db.example.com:443/; echo
curl -s --max-time 2 http://10.1.0.9:444/; echo "refused: $?"
curl -s --max-time 1 http://10.1.0.8:443/; echo "dropped: $?"
curl -s http://nosuch.example.com/; echo "no name: $?"
curl -s http://169.254.169.254/
curl -s http://10.1.0.9:443/large | wc -c
`)
	for _, want := range []string{"outside\noutside\n", "refused: 7\n", "dropped: 28\n", "no name: 6\n", "metadata of i-1\n", "52428800\n"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
}

type zeroes struct{}

func (zeroes) Read(p []byte) (int, error) { return len(p), nil }

// hops is a metadata service whose answers travel as many hops as the path says.
type hops struct{ site }

func (hops) Metadata(Details) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n, _ := strconv.Atoi(strings.TrimPrefix(r.URL.Path, "/"))
		SetHopLimit(r, n)
		fmt.Fprint(w, "answered")
	})
}

// TestHopLimit has a container, another network behind the machine's, ask for metadata: an
// answer that may travel one hop gets as far as the machine.
func TestHopLimit(t *testing.T) {
	out := bootIn(t, hops{}, `
set -e
unshare --net sleep 60 & pid=$!
until [ "$(readlink /proc/$pid/ns/net)" != "$(readlink /proc/self/ns/net)" ]; do sleep 0.02; done
ip link add out type veth peer name in netns $pid
ip addr add 10.9.9.1/24 dev out; ip link set out up
nsenter --net=/proc/$pid/ns/net sh -c 'ip addr add 10.9.9.2/24 dev in; ip link set in up; ip route add default via 10.9.9.1'
echo 1 > /proc/sys/net/ipv4/ip_forward
ask() { echo "$1 hop in $2: $($3 curl -s --max-time 1 http://169.254.169.254/$1)"; }
inside="nsenter --net=/proc/$pid/ns/net"
ask 1 machine; ask 2 container "$inside"; set +e; ask 1 container "$inside"
kill $pid
`)
	if want := "1 hop in machine: answered\n2 hop in container: answered\n1 hop in container: \n"; !strings.Contains(out, want) {
		t.Errorf("got %q, want %q", out, want)
	}
}
