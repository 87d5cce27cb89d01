package strict

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// A Fault is what is wrong with one value of a request.
type Fault struct {
	Path  string // such as "tags.1.member.key"; in EC2 and S3 as on the wire
	Value string // as sent; "" where nothing was
	Rule  string // such as "Member must have length less than or equal to 128"

	kind kind
	code string // AWS's own for this fault, "" for its protocol's
}

type kind int

const (
	invalid  kind = iota // the value breaks a rule
	missing              // there is no value
	illTyped             // the value is of another type
	unknown              // there is no such member
	free                 // Rule says it all, as AWS words it
)

// maxShown is how much of a value a message repeats.
const maxShown = 200

// String words the fault as AWS's services do.
func (f Fault) String() string {
	switch f.kind {
	case free:
		return f.Rule
	case missing:
		return fmt.Sprintf("Value null at '%s' failed to satisfy constraint: Member must not be null", f.Path)
	}
	return fmt.Sprintf("Value '%s' at '%s' failed to satisfy constraint: %s", shorten(f.Value), f.Path, f.Rule)
}

func shorten(s string) string {
	if len(s) <= maxShown {
		return s
	}
	for n := maxShown; ; n-- {
		if utf8.RuneStart(s[n]) {
			return s[:n] + "…"
		}
	}
}

// A Refusal is a request that was refused.
type Refusal struct {
	Service string // the name that signed it, such as "rds"
	Action  string // such as "ModifyDBParameterGroup"
	Code    string // of the error, such as "InvalidParameterValue"
	Faults  []Fault
}

func (r Refusal) String() string {
	list := make([]string, len(r.Faults))
	for i, f := range r.Faults {
		list[i] = f.String()
	}
	return fmt.Sprintf("refused: %s %s: %s: %s", r.Service, r.Action, r.Code, strings.Join(list, "; "))
}
