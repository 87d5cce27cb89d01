package servers

// bootOrder is the first message to pid 1.
type bootOrder struct {
	Hostname string
	Domain   string // what names are looked up in; "" for none
	Address  string // the machine's IPv4 address
	Network  bool   // whether the machine has a way out: see outside_linux.go
	Environ  []string
	Trusted  string // certificates in PEM
	Python   string // the host's Python where it has no /usr/bin/python3; "" for none
	Image    string // a script that makes the image what it is; "" for none
	UserData string
}

// order asks pid 1 for a connection to a port inside the machine or, without a
// port, to shut down.
type order struct {
	ID   uint64
	Port int
}

// report comes from pid 1: the answer to an order with that ID, with the
// connected socket beside it unless Error is set. With the ID 0 it is the end
// of the user data or, before that, has the machine's network interface beside
// it.
type report struct {
	ID      uint64
	Network bool
	Error   string
}

// maxMessage is above the largest message: EC2 allows 16 KB of user data,
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/user-data.html.
const maxMessage = 128 << 10
