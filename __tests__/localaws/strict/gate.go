package strict

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"example.com/webserver-cluster/tests/localaws/front"
)

// Gate judges requests. Check is safe for concurrent use; Add is not, and comes
// before.
type Gate struct {
	models *Models
	tell   func(Refusal)
	rules  map[string][]Rule // by service and action
}

// New returns a gate that judges by models and tells tell of each request that
// it refuses; nil tells nobody.
func New(models *Models, tell func(Refusal)) *Gate {
	if tell == nil {
		tell = func(Refusal) {}
	}
	g := &Gate{models, tell, map[string][]Rule{}}
	addRules(g)
	return g
}

// Check returns the AWS error (a *front.Error) for a request that AWS refuses,
// nil for one that it takes.
func (g *Gate) Check(r *front.Request) error {
	if r.Service == "" {
		return nil
	}
	services, err := g.models.named(r.Service)
	if err != nil || len(services) == 0 {
		return err
	}
	s, op, proto, labels := find(services, r)
	if s == nil {
		return nil
	}
	if op == nil {
		return g.refuse(r, proto, unknownAction(proto, s, r))
	}
	c := &checker{service: s, proto: proto}
	if op.Input == nil {
		return nil
	}
	input := c.input(op, r, labels)
	if input != nil {
		c.check(c.shape(op.Input), input, "")
		c.blameBody(c.shape(op.Input))
		c.faults = append(c.faults, g.judge(Call{r, op.Name, input})...)
	}
	if len(c.faults) == 0 {
		return nil
	}
	return g.refuse(r, proto, c.faults)
}

// find returns the service and operation of a request; no operation means that
// the service has no such one, no service that the request shows no action.
func find(services []*service, r *front.Request) (*service, *operation, protocol, map[string]string) {
	switch target, header := r.HTTP.Header.Get("X-Amz-Target"), r.HTTP.Header; {
	case r.Params.Get("Action") != "":
		s := pick(services, func(s *service) bool { return s.Metadata.APIVersion == r.Params.Get("Version") })
		proto := query
		if s.Metadata.Protocol == "ec2" {
			proto = ec2
		}
		return s, s.Operations[r.Action], proto, nil
	case target != "":
		s := pick(services, func(s *service) bool { return strings.HasPrefix(target, s.Metadata.TargetPrefix+".") })
		return s, s.Operations[r.Action], awsJSON, nil
	case header.Get("Smithy-Protocol") == "rpc-v2-cbor":
		return services[0], services[0].Operations[r.Action], cborRPC, nil
	}
	s, op, labels := findRoute(services, r)
	if op == nil {
		return nil, nil, 0, nil
	}
	proto := restXML
	if s.Metadata.Protocol == "rest-json" {
		proto = restJSON
	}
	return s, op, proto, labels
}

// pick returns the first service that is so, else the first.
func pick(services []*service, so func(*service) bool) *service {
	return services[max(0, slices.IndexFunc(services, so))]
}

// input reads what the request gives the operation; nil if it cannot be read.
func (c *checker) input(op *operation, r *front.Request, labels map[string]string) map[string]any {
	sh := c.shape(op.Input)
	parse := parseJSON
	var v any
	switch c.proto {
	case query, ec2:
		v = c.query(sh, op.Input, paramTree(r.Params), "")
	case cborRPC:
		parse = parseCBOR
		fallthrough
	case awsJSON:
		parsed, err := parse(r.Body)
		if err != nil {
			c.add(Fault{Rule: err.Error(), kind: illTyped})
			return nil
		}
		v = c.json(sh, parsed, "")
	default:
		v = c.rest(sh, r, labels)
	}
	input, _ := v.(map[string]any)
	return input
}

// unknownAction is the fault of a request whose action there is not.
func unknownAction(proto protocol, s *service, r *front.Request) []Fault {
	// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html (InvalidAction),
	// https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html,
	// https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html#protocol-behaviors.
	f := Fault{Path: "Action", Value: r.Action, kind: free}
	switch proto {
	case query:
		f.code, f.Rule = "InvalidAction", fmt.Sprintf("Could not find operation %s for version %s", r.Action, r.Params.Get("Version"))
	case ec2:
		f.code, f.Rule = "InvalidAction", fmt.Sprintf("The action %s is not valid for this web service.", r.Action)
	default:
		f.code, f.Rule = "UnknownOperationException", fmt.Sprintf("%s has no operation %s", s.name, r.Action)
	}
	return []Fault{f}
}

func (g *Gate) refuse(r *front.Request, proto protocol, faults []Fault) error {
	e := &front.Error{
		Code:    cmp.Or(faults[0].code, code(proto, r.Service, faults[0].kind)),
		Message: message(proto, faults),
		Status:  http.StatusBadRequest,
	}
	g.tell(Refusal{Service: r.Service, Action: r.Action, Code: e.Code, Faults: faults})
	return e
}
