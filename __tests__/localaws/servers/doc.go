// Package servers gives the EC2 instances of the local AWS what its fake lacks:
// real processes. Every instance becomes a machine in Linux namespaces that
// runs the instance's real, unmodified user data:
//
//	this process ──control socket──> init (pid 1) ──> user data, as root
//	                                              └──> services, started by systemctl
//
// # What a machine is
//
//   - A process tree of its own (PID namespace). Killing its pid 1 has the kernel
//     kill all of it.
//   - A network of its own with one address, the instance's private IP. No
//     interface of the host is touched, and addresses need not be free there.
//     Connections come in through Fleet.Dial, which has pid 1 connect inside the
//     machine and pass the connected socket out. What leaves the machine arrives in
//     a TCP/IP stack in this process, which asks an Outside who answers: names,
//     TCP connections and the instance metadata service. Everything else, other
//     datagrams and the internet included, is dropped.
//   - The host's programs and files, seen through overlays that keep what the
//     machine writes in memory (/etc, /opt, /usr, /var, …), an own /tmp and /run.
//   - systemctl, in a form that runs units of the types simple, exec and oneshot
//     with the settings a web server's unit uses (see unit_linux.go). A setting
//     without effect is named on the console.
//   - aws, with the few commands that a boot script fetches things by (see
//     aws_linux.go).
//   - Config.Environ, in the environment of user data and services, as
//     DefaultEnvironment= in systemd's configuration would give it to services.
//     The local AWS sets AWS_ENDPOINT_URL there: its image differs from
//     Amazon's in that, so that SDKs find it.
//
// An instance that is terminated stops its services first, each as its unit says.
// Kill is a crash.
//
// All of it, mounts and network included, belongs to pid 1's namespaces and ends
// with it; pid 1 ends when its control socket closes, which the kernel sees to
// however this process ends. There is nothing to clean up after a crash.
//
// # What it needs
//
// Linux, root or unprivileged user namespaces, and with an Outside /dev/net/tun. Without root, a machine's
// root is the caller, and DynamicUser= and User= have no effect: there is only
// one user to be. Where neither is allowed (some containers, Ubuntu's AppArmor
// restriction), and on other systems, New returns an error that says so.
//
// User data is run as cloud-init does when it starts with #!, once; cloud-config
// is not understood.
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/user-data.html
//
// pid 1, systemctl and aws are this package, too: importing it makes a program act as
// them when it is called localaws-instance, systemctl or aws.
package servers
