// Package servers gives the EC2 instances of the local AWS what its fake lacks:
// real processes. Every instance becomes a machine that runs the instance's real
// user data, in Linux namespaces or, where there are none, as plain processes; see
// Choose. What follows is said of those in namespaces:
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
// one user to be.
//
// # Machines of plain processes
//
// Where no namespaces may be made (macOS, some containers, Ubuntu's AppArmor
// restriction), a machine is a process group whose first process does what pid 1
// does above. The same user data runs with a folder of the machine's own in the
// place of /: the absolute paths in its text are put below that. systemctl is there,
// common programs for text and files, and Python, whose servers get a free port of
// 127.0.0.1 that Dial knows. Not shown are:
//
//   - the private address, and a network that is the machine's own;
//   - users: all runs as the caller;
//   - AWS, as an instance sees it: its metadata, its role, the command aws;
//   - programs that would change this system (dnf, useradd, mount) or are not part
//     of every system: the user data fails with 127;
//   - servers in another language than Python, since they bind the port itself;
//   - isolation: a script that makes up a path outside its text reaches this
//     system's files. A path that only looks like a file's, such as a route /home,
//     is put below the folder, too.
//
// Of a service, systemctl stop ends the main process alone. Killing the machine
// ends all processes that have not made themselves a group of their own.
//
// # User data
//
// User data is run as cloud-init does when it starts with #!, once; cloud-config
// is not understood.
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/user-data.html
//
// A machine's first process, systemctl and aws are this package, too: importing it
// makes a program act as them when it is called localaws-instance,
// localaws-processes, systemctl or aws.
package servers
