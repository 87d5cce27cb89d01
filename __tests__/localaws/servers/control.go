package servers

// bootOrder is the first message to pid 1.
type bootOrder struct {
	Hostname string
	Address  string // the machine's IPv4 address
	Python   string // the host's Python where it has no /usr/bin/python3; "" for none
	Image    string // a script that makes the image what it is; "" for none
	UserData string
}

// dialOrder asks pid 1 for a connection inside the machine.
type dialOrder struct {
	ID   uint64
	Port int
}

// report comes from pid 1: the answer to a dialOrder with that ID, with
// the connected socket beside it unless Error is set; or, with the ID 0, the
// end of the user data.
type report struct {
	ID    uint64
	Error string
}

// maxMessage is above the largest message: EC2 allows 16 KB of user data,
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/user-data.html.
const maxMessage = 128 << 10
