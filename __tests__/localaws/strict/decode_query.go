package strict

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// param is a parameter of the Query or EC2 protocol and those below it.
type param struct {
	text string
	kids map[string]*param
}

// notMembers are the parameters of every request,
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/CommonParameters.html.
var notMembers = []string{"Action", "Version", "AWSAccessKeyId", "Signature", "SignatureMethod", "SignatureVersion", "SecurityToken", "Timestamp", "Expires"}

// paramTree takes the names apart at their dots.
func paramTree(params url.Values) *param {
	root := &param{}
	for name, values := range params {
		if slices.Contains(notMembers, name) || strings.HasPrefix(name, "X-Amz-") {
			continue
		}
		at := root
		for _, part := range strings.Split(name, ".") {
			if at.kids == nil {
				at.kids = map[string]*param{}
			}
			if at.kids[part] == nil {
				at.kids[part] = &param{}
			}
			at = at.kids[part]
		}
		at.text = values[0]
	}
	return root
}

// query reads a value of the shape from a parameter,
// https://smithy.io/2.0/aws/protocols/aws-query-protocol.html#input-parameters,
// https://smithy.io/2.0/aws/protocols/aws-ec2-query-protocol.html.
func (c *checker) query(sh *shape, m *member, p *param, path string) any {
	switch sh.Type {
	case "structure":
		v, used := map[string]any{}, map[string]bool{}
		for _, name := range sortedKeys(sh.Members) {
			kid := sh.Members[name]
			wire := c.queryName(name, kid)
			used[wire] = true
			if found := p.kids[wire]; found != nil {
				v[name] = c.query(c.shape(kid), kid, found, c.join(path, name, kid))
			}
		}
		// EC2 is alone in this: UnknownParameter in
		// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html.
		if c.proto == ec2 {
			for _, name := range sortedKeys(p.kids) {
				if !used[name] {
					c.add(Fault{Path: c.join(path, name, nil), Value: p.kids[name].text, Rule: "Member is not recognized", kind: unknown})
				}
			}
		}
		return v
	case "list":
		list := []any{}
		items := c.items(sh, m, p)
		for i, at := range numbers(items) {
			list = append(list, c.query(c.shape(sh.Member), sh.Member, items.kids[at], c.proto.item(path, i+1)))
		}
		return list
	case "map":
		v := map[string]any{}
		entries := p
		if e := p.kids["entry"]; e != nil {
			entries = e
		}
		for _, at := range numbers(entries) {
			key, value := entries.kids[at].kids[c.queryName("key", sh.Key)], entries.kids[at].kids[c.queryName("value", sh.Value)]
			if key != nil && value != nil {
				v[key.text] = c.query(c.shape(sh.Value), sh.Value, value, path+"."+key.text)
			}
		}
		return v
	case "timestamp":
		return opaque{}
	case "string", "character":
		return p.text
	}
	if p.text == "" {
		return nil
	}
	return c.typed(sh, p.text, path)
}

func (c *checker) queryName(name string, m *member) string {
	if sh := c.shape(m); sh != nil && c.proto == query && sh.Type == "list" && (sh.Flattened || m.Flattened) && sh.Member.LocationName != "" {
		return sh.Member.LocationName
	}
	return c.proto.wireName(name, m)
}

// items is the parameter right above the numbers of a list's items.
func (c *checker) items(sh *shape, m *member, p *param) *param {
	if c.proto == ec2 || sh.Flattened || m.Flattened {
		return p
	}
	for _, name := range []string{sh.Member.LocationName, "member"} {
		if at := p.kids[name]; at != nil {
			return at
		}
	}
	return p
}

// numbers lists the names below p that are numbers, in order.
func numbers(p *param) []string {
	var list []int
	for name := range p.kids {
		if n, err := strconv.Atoi(name); err == nil {
			list = append(list, n)
		}
	}
	slices.Sort(list)
	names := make([]string, len(list))
	for i, n := range list {
		names[i] = strconv.Itoa(n)
	}
	return names
}
