package review

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// rights is a policy that changes: what somebody may do.
func rights(who, source string) effect {
	return by(func(j *judging, c *Change, d Difference) effect {
		more, less, known := j.grants(c, d)
		switch {
		case !known:
			return effect{level: Unknown, text: "another policy, which no rule can read: " + who + " may do more or less, at once (read the difference)", source: source}
		case len(more) > 0 && len(less) > 0:
			return effect{level: Unknown, source: source,
				text: fmt.Sprintf("IAM widened and narrowed: %s may now: %s; and no longer, at once: %s: what needs it is refused", who, listed(more), listed(less))}
		case len(more) > 0:
			return look(fmt.Sprintf("IAM widened: %s may now: %s", who, listed(more)), source)
		case len(less) > 0:
			return effect{level: Unknown, source: source,
				text: fmt.Sprintf("IAM narrowed: %s may no longer, at once: %s: what needs it is refused", who, listed(less))}
		}
		return nothing("the same rights, written otherwise, or on what is made anew")
	})
}

// bucketPolicy is who may do what in a bucket. What it refuses, such as requests without
// TLS, guards what is in it.
func bucketPolicy(j *judging, c *Change, d Difference) effect {
	more, less, known := j.grants(c, d)
	refusals := slices.DeleteFunc(slices.Clone(more), func(g grant) bool { return g.effect == allow })
	narrowed := ""
	if len(less) > 0 {
		narrowed = "let in no longer, or refused from now on: " + listed(less) + ": what needs it, such as new instances or Terraform, fails"
	}
	switch {
	case !known:
		return effect{level: Unknown, text: "who may do what in the bucket (read the difference)", source: s3Policy}
	case len(refusals) > 0:
		return atRisk(strings.TrimSuffix("the bucket no longer refuses: "+listed(refusals)+"; "+narrowed, "; "), s3Policy)
	case len(less) > 0 && len(more) > 0:
		return effect{level: Unknown, text: "more is let into the bucket: " + listed(more) + "; and " + narrowed, source: s3Policy}
	case len(less) > 0:
		return effect{level: Unknown, text: "less is let into the bucket; " + narrowed, source: s3Policy}
	case len(more) > 0:
		return look("more is let into the bucket: "+listed(more), s3Policy)
	}
	return nothing("the same policy, written otherwise, or for what is made anew")
}

const allow = "Allow"

// grant is what a policy allows or denies: an action, on what, to whom, on which condition.
type grant struct{ effect, action, resource, principal, condition string }

func (g grant) String() string {
	text := g.action
	for _, part := range []string{g.resource, g.principal, g.condition} {
		if part != "" && part != "*" {
			text += " " + part
		}
	}
	if g.effect != allow {
		return "denied: " + text
	}
	return text
}

// listed are grants in words, a few of them.
func listed(all []grant) string {
	const most = 4
	var words []string
	for _, g := range all {
		words = append(words, g.String())
	}
	if len(words) > most {
		words = append(words[:most], fmt.Sprintf("and %d more", len(words)-most))
	}
	return strings.Join(words, ", ")
}

// grants compares a policy before and after: what is allowed now and was not (or denied no
// longer), and the other way round. It is not known if one of the two is neither in the code
// nor in the plan.
func (j *judging) grants(c *Change, d Difference) (more, less []grant, known bool) {
	old, now := j.before, j.after
	if isDocument(d.Before) && isDocument(d.After) {
		old, now = nil, nil // a plan has both, as they are on AWS and as they will be
	}
	before, wasKnown := j.policy(old, c.Address, d.Path, d.Before)
	after, isKnown := j.policy(now, c.Address, d.Path, d.After)
	if !wasKnown || !isKnown {
		return nil, nil, false
	}
	differ := func(a, b []grant) (added []grant) {
		for _, g := range a {
			if !slices.Contains(b, g) {
				added = append(added, g)
			}
		}
		return added
	}
	for _, g := range differ(after, before) {
		if g.effect == allow {
			more = append(more, g)
		} else {
			less = append(less, g)
		}
	}
	for _, g := range differ(before, after) {
		if g.effect == allow {
			less = append(less, g)
		} else {
			more = append(more, g)
		}
	}
	return more, less, true
}

// isDocument tells whether a value is a policy's own JSON, and not a reference to it.
func isDocument(value any) bool {
	text, _ := value.(string)
	return json.Valid([]byte(text))
}

// policy is what a policy grants, from the document that the code of a stack has for it,
// or from the value itself.
func (j *judging) policy(s *Stack, address, path string, value any) ([]grant, bool) {
	if s != nil {
		if inCode, is := flat(s.Resources[address].Arguments)[path]; is {
			value = inCode
		}
	}
	text, _ := value.(string)
	for _, ref := range references(text) {
		if s == nil {
			break // a plan's own document, which only looks as if it had references
		}
		data, is := s.Data[strings.TrimSuffix(ref, ".json")]
		_, others := data.Arguments["source_policy_documents"]
		_, over := data.Arguments["override_policy_documents"]
		if is && text == "${"+ref+"}" && !others && !over {
			return statements(data.Arguments["statement"]), true
		}
	}
	var document struct{ Statement any }
	if json.Unmarshal([]byte(text), &document) != nil {
		return nil, false
	}
	return statements(document.Statement), true
}

// statements are the grants of a policy's statements, as the data source
// aws_iam_policy_document or as IAM's JSON has them.
// https://registry.terraform.io/providers/hashicorp/aws/5.99.1/docs/data-sources/iam_policy_document
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html
func statements(value any) []grant {
	var all []grant
	for _, element := range list(value) {
		s, _ := element.(map[string]any)
		part := func(names ...string) any {
			for _, name := range names {
				if v, is := s[name]; is {
					return v
				}
			}
			return nil
		}
		canonical := func(v any) string {
			if v == nil {
				return ""
			}
			text, _ := json.Marshal(v) // has its keys in order
			return string(text)
		}
		effect := text(map[string]any{"": part("effect", "Effect")}, "")
		if effect == "" {
			effect = allow
		}
		principal := canonical(part("principals", "Principal"))
		if not := part("not_principals", "NotPrincipal"); not != nil {
			principal += "all but " + canonical(not)
		}
		condition := canonical(part("condition", "Condition"))
		if condition != "" {
			condition = "if " + condition
		}
		actions := either(part("actions", "Action"), part("not_actions", "NotAction"))
		for _, resource := range either(part("resources", "Resource"), part("not_resources", "NotResource")) {
			for _, action := range actions {
				all = append(all, grant{effect, action, resource, principal, condition})
			}
		}
	}
	return all
}

// either are the texts of a list, or those of which it is all but, if there is one.
func either(these, not any) []string {
	var all []string
	for _, v := range list(these) {
		all = append(all, fmt.Sprint(v))
	}
	for _, v := range list(not) {
		all = append(all, "all but "+fmt.Sprint(v))
	}
	if len(all) == 0 {
		all = append(all, "")
	}
	return all
}

// list is a value that may stand for a list of itself alone.
func list(value any) []any {
	switch v := value.(type) {
	case nil:
		return nil
	case []any:
		return v
	}
	return []any{value}
}
