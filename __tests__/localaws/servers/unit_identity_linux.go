package servers

import (
	"fmt"
	"hash/fnv"
	"os"
	"os/user"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// identity is who a unit asks to be.
type identity struct {
	user, group string // names or numbers; "" for none
	dynamic     bool
}

// account is a user as a service knows itself.
type account struct {
	name, home string
}

// become finds out who the unit's processes run as.
func (u *unit) become(who identity) error {
	var c syscall.Credential
	switch found, err := lookupUser(who.user); {
	case who.user == "" && !who.dynamic:
		if who.group == "" {
			return nil
		}
	case who.user != "" && err == nil:
		c = found.credential()
		u.user = &account{found.Username, found.HomeDir}
	case !who.dynamic:
		return fmt.Errorf("User=%s: %w", who.user, err)
	default:
		id := dynamicID(u.name)
		c = syscall.Credential{Uid: id, Gid: id}
		u.user = &account{strings.TrimSuffix(u.name, ".service"), "/"}
		if who.user != "" {
			u.user.name = who.user
		}
	}
	if who.group != "" {
		gid, err := lookupGroup(who.group)
		if err != nil {
			return fmt.Errorf("Group=%s: %w", who.group, err)
		}
		c.Gid = gid
	}
	if u.dir == "~" {
		u.dir = "/root"
		if u.user != nil {
			u.dir = u.user.home
		}
	}
	if mapsUsers() { // else there is no one else to be
		u.credential = &c
	}
	return nil
}

func lookupUser(name string) (*foundUser, error) {
	found, err := user.Lookup(name)
	if err != nil {
		found, err = user.LookupId(name)
	}
	return (*foundUser)(found), err
}

type foundUser user.User

func (f *foundUser) credential() syscall.Credential {
	c := syscall.Credential{Uid: number(f.Uid), Gid: number(f.Gid)}
	groups, _ := (*user.User)(f).GroupIds() // none that can be read are none
	for _, g := range groups {
		c.Groups = append(c.Groups, number(g))
	}
	return c
}

func lookupGroup(name string) (uint32, error) {
	found, err := user.LookupGroup(name)
	if err != nil {
		found, err = user.LookupGroupId(name)
	}
	if err != nil {
		return 0, err
	}
	return number(found.Gid), nil
}

func number(id string) uint32 {
	n, _ := strconv.ParseUint(id, 10, 32) // the system's own files have numbers only
	return uint32(n)
}

// dynamicID is one of the range from which systemd takes a user, first trying one
// made from the name. https://systemd.io/UIDS-GIDS/
func dynamicID(unitName string) uint32 {
	const first, last = 61184, 65519
	h := fnv.New32a()
	h.Write([]byte(unitName))
	return first + h.Sum32()%(last-first+1)
}

// mapsUsers tells whether the machine has other users than root.
func mapsUsers() bool {
	data, err := os.ReadFile("/proc/self/uid_map")
	fields := strings.Fields(string(data))
	return err == nil && len(fields) == 3 && fields[2] != "1"
}

// capabilities are those that a service may need without being root.
var capabilities = map[string]uintptr{
	"CAP_NET_BIND_SERVICE": unix.CAP_NET_BIND_SERVICE, // ports below 1024
	"CAP_NET_RAW":          unix.CAP_NET_RAW,
	"CAP_SYS_NICE":         unix.CAP_SYS_NICE,
}

func (u *unit) addCapabilities(value string) error {
	if value == "" {
		u.ambient = nil
	}
	for _, name := range strings.Fields(value) {
		capability, known := capabilities[name]
		if !known {
			return fmt.Errorf("the local AWS does not know the capability %s", name)
		}
		if !slices.Contains(u.ambient, capability) {
			u.ambient = append(u.ambient, capability)
		}
	}
	return nil
}
