package servers

import (
	"net/netip"
	"strings"

	"golang.org/x/net/dns/dnsmessage"
)

// answer answers a DNS query from what lookup knows: a name has one IPv4
// address, or there is no such name. It is nil for what is no query.
// https://www.rfc-editor.org/rfc/rfc1035
func answer(query []byte, lookup func(name string) (netip.Addr, bool)) []byte {
	var p dnsmessage.Parser
	h, err := p.Start(query)
	if err != nil || h.Response {
		return nil
	}
	q, err := p.Question()
	if err != nil {
		return nil
	}
	address, found := lookup(strings.ToLower(strings.TrimSuffix(q.Name.String(), ".")))
	h = dnsmessage.Header{ID: h.ID, Response: true, RecursionDesired: h.RecursionDesired, RecursionAvailable: true}
	if !found {
		h.RCode = dnsmessage.RCodeNameError
	}
	b := dnsmessage.NewBuilder(nil, h)
	// A builder's errors are those of calls in the wrong order.
	b.StartQuestions()
	b.Question(q)
	if found && q.Type == dnsmessage.TypeA {
		b.StartAnswers()
		b.AResource(dnsmessage.ResourceHeader{Name: q.Name, Class: q.Class, TTL: nameTTL}, dnsmessage.AResource{A: address.As4()})
	}
	reply, err := b.Finish()
	if err != nil {
		return nil
	}
	return reply
}

// nameTTL is how many seconds a name may be kept: few, since a database's can move
// at any time.
const nameTTL = 5
