package servers

import (
	"fmt"
	"net"
	"os"
	"strings"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// The machine's network interface, named and sized as on EC2's Nitro instances.
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/network_mtu.html
const (
	interfaceName = "ens5"
	mtu           = 9001
)

// resolverAddress is where names are looked up: the Route 53 Resolver's.
// https://docs.aws.amazon.com/vpc/latest/userguide/AmazonDNS-concepts.html
const resolverAddress = "169.254.169.253"

// addInterface gives the machine an interface by which everything leaves that is
// not for the machine itself. Whoever has the file it returns is the network.
func addInterface(address string) (*os.File, error) {
	const device = "/dev/net/tun"
	fd, err := unix.Open(device, unix.O_RDWR|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("open %s, which systems with udev let everyone: %w", device, err)
	}
	file := os.NewFile(uintptr(fd), device)
	request, err := unix.NewIfreq(interfaceName)
	if err != nil {
		return file, err
	}
	request.SetUint16(unix.IFF_TUN | unix.IFF_NO_PI)
	if err := unix.IoctlIfreq(fd, unix.TUNSETIFF, request); err != nil {
		return file, fmt.Errorf("make the interface %s: %w", interfaceName, err)
	}
	link, err := netlink.LinkByName(interfaceName)
	if err != nil {
		return file, err
	}
	if err := netlink.LinkSetMTU(link, mtu); err != nil {
		return file, err
	}
	if err := netlink.LinkSetUp(link); err != nil {
		return file, err
	}
	everywhere := netlink.Route{LinkIndex: link.Attrs().Index, Dst: &net.IPNet{IP: net.IPv4zero, Mask: net.CIDRMask(0, 32)}, Src: net.ParseIP(address)}
	if err := netlink.RouteAdd(&everywhere); err != nil {
		return file, err
	}
	// Load balancers have addresses of the host's loopback interface (see package
	// balancer), and are out there nevertheless.
	if err := os.WriteFile("/proc/sys/net/ipv4/conf/"+interfaceName+"/route_localnet", []byte("1"), 0); err != nil {
		return file, err
	}
	balancers := everywhere
	balancers.Dst = &net.IPNet{IP: net.IPv4(127, 0, 2, 0), Mask: net.CIDRMask(24, 32)}
	balancers.Table, balancers.Scope = unix.RT_TABLE_LOCAL, netlink.SCOPE_LINK
	return file, netlink.RouteAdd(&balancers)
}

// useResolver has programs look up names in the network.
func useResolver(domain string) error {
	const path = "/etc/resolv.conf"
	var b strings.Builder
	if domain != "" {
		fmt.Fprintf(&b, "search %s\n", domain)
	}
	fmt.Fprintf(&b, "nameserver %s\n", resolverAddress)
	// It may be a link into what is the host's alone.
	if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
		return err
	}
	return os.WriteFile(path, []byte(b.String()), 0o644)
}
