package balancer

import (
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/vishvananda/netlink"

	"example.com/webserver-cluster/tests/localaws/clock"
)

// TestOneLoopbackAddress: where 127.0.0.1 is the only one, as on macOS, load
// balancers share it. The test runs itself in a network that is so.
func TestOneLoopbackAddress(t *testing.T) {
	if os.Getenv("IN_A_NETWORK") == "" {
		cmd := exec.Command("/proc/self/exe", "-test.run=^TestOneLoopbackAddress$", "-test.v")
		cmd.Env = append(os.Environ(), "IN_A_NETWORK=1")
		cmd.SysProcAttr = &syscall.SysProcAttr{
			Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNET,
			UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Geteuid(), Size: 1}},
			GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getegid(), Size: 1}},
		}
		if output, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(output), "--- PASS: ") {
			t.Errorf("it needs network namespaces: %v\n%s", err, output)
		}
		return
	}
	lo, err := netlink.LinkByName("lo")
	if err != nil {
		t.Fatal(err)
	}
	if err := netlink.LinkSetUp(lo); err != nil {
		t.Fatal(err)
	}
	// With that it has 127.0.0.0/8.
	for _, step := range []struct {
		do   func(netlink.Link, *netlink.Addr) error
		what string
	}{{netlink.AddrDel, "127.0.0.1/8"}, {netlink.AddrAdd, "127.0.0.1/32"}} {
		address, err := netlink.ParseAddr(step.what)
		if err != nil {
			t.Fatal(err)
		}
		if err := step.do(lo, address); err != nil {
			t.Fatalf("%s: %v", step.what, err)
		}
	}
	all := &Balancers{config: Config{Clock: clock.New(1), Log: t.Logf}, used: map[string]bool{}}
	names := map[string]bool{}
	for range 2 {
		lb, err := newBalancer(all, "arn", "name")
		if err != nil {
			t.Fatal(err)
		}
		defer lb.close()
		address := lb.reserved.Addr().String()
		l, err := lb.listen(80, false)
		if err != nil {
			t.Fatal(err)
		}
		defer l.server.Close()
		if got := l.socket.Addr().String(); got != address || got != lb.dnsName || !strings.HasPrefix(got, "127.0.0.1:") {
			t.Errorf("port 80 is at %s, its name is %s", got, lb.dnsName)
		}
		second, err := lb.listen(8080, false)
		if err != nil {
			t.Fatal(err)
		}
		defer second.server.Close()
		names[lb.dnsName] = true
	}
	if len(names) != 2 {
		t.Errorf("two load balancers are at %v", names)
	}
}
