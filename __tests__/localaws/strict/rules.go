package strict

import (
	"fmt"

	"example.com/webserver-cluster/tests/localaws/front"
)

// A Rule judges what a model does not say: values of other members, of the
// document inside a value, of what there is already.
type Rule func(Call) []Fault

// Call is a request as rules see it.
type Call struct {
	Request *front.Request
	Action  string
	Input   map[string]any // by member name; see checker for the kinds of value
}

// Faultf returns a fault with AWS's own code and words.
func Faultf(code, format string, args ...any) Fault {
	return Fault{Rule: fmt.Sprintf(format, args...), kind: free, code: code}
}

// Add has rule judge an action of a service ("rds"), after the model.
func (g *Gate) Add(service string, rule Rule, actions ...string) {
	for _, action := range actions {
		key := service + " " + action
		g.rules[key] = append(g.rules[key], rule)
	}
}

// judge returns what the rules of an action say.
func (g *Gate) judge(call Call) []Fault {
	faults := tagFaults(call)
	for _, rule := range g.rules[call.Request.Service+" "+call.Action] {
		faults = append(faults, rule(call)...)
	}
	return faults
}

// Has tells whether the request gives the member.
func (c Call) Has(name string) bool { return c.Input[name] != nil }

// Text is a member that is a string or number, "" if there is none.
func (c Call) Text(name string) string { return text(c.Input[name]) }

// Number is a member that is a number, 0 if there is none.
func (c Call) Number(name string) float64 { return numeric(c.Input[name]) }

// Texts are the items of a member that is a list of strings.
func (c Call) Texts(name string) []string {
	var list []string
	items, _ := c.Input[name].([]any)
	for _, item := range items {
		list = append(list, text(item))
	}
	return list
}

// Structures are the items of a member that is a list of structures.
func (c Call) Structures(name string) []map[string]any { return structures(c.Input[name]) }

func structures(v any) []map[string]any {
	var list []map[string]any
	items, _ := v.([]any)
	for _, item := range items {
		if s, ok := item.(map[string]any); ok {
			list = append(list, s)
		}
	}
	return list
}

func text(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case number:
		return string(v)
	}
	return ""
}

func numeric(v any) float64 {
	n, _ := v.(number)
	var x float64
	fmt.Sscan(string(n), &x)
	return x
}

func isTrue(v any) bool { b, _ := v.(bool); return b }

// amendment is a constraint of one member that AWS documents and its model
// leaves out.
type amendment struct {
	service string   // the model's folder
	members []string // STRUCTURE.MEMBER; for the items of a list LIST.member

	enum     []string
	numbers  []int // a number's allowed values
	min, max float64
	pattern  string

	code string // "" for the service's usual one
	says string // what to say instead of the pattern
}

// amend adds the amendments to the shapes of their members.
func (s *service) amend() error {
	for _, a := range amendments {
		if a.service != s.name {
			continue
		}
		for _, name := range a.members {
			m, err := s.member(name)
			if err != nil {
				return err
			}
			amended := *s.Shapes[m.Shape]
			if a.enum != nil {
				amended.Enum = a.enum
			}
			for _, n := range a.numbers {
				amended.allowed = append(amended.allowed, fmt.Sprint(n))
			}
			if a.max != 0 {
				low, high := a.min, a.max
				amended.Min, amended.Max = &low, &high
			}
			if a.pattern != "" {
				match, err := compile(a.pattern)
				if err != nil {
					return fmt.Errorf("%s: %w", name, err)
				}
				amended.Pattern, amended.pattern = a.pattern, func() (matcher, error) { return match, nil }
			}
			amended.code, amended.says = a.code, a.says
			m.Shape = m.Shape + " of " + name
			s.Shapes[m.Shape] = &amended
		}
	}
	return nil
}

func (s *service) member(name string) (*member, error) {
	for at := range name {
		if name[at] != '.' {
			continue
		}
		if sh := s.Shapes[name[:at]]; sh != nil {
			if sh.Type == "list" && name[at+1:] == "member" {
				return sh.Member, nil
			}
			if m := sh.Members[name[at+1:]]; m != nil {
				return m, nil
			}
		}
	}
	return nil, fmt.Errorf("the model of %s has no %s", s.name, name)
}
