package review

import (
	"fmt"
	"regexp"
	"slices"
)

const hiddenValue = "(sensitive)"

// secret are arguments, local values and the like that nobody is to read in a report. The
// constructs have none of them in the code; what others add may.
var secret = regexp.MustCompile(`(?i)(^|[._-])((pass(word|wd|phrase)|secret_(string|binary)|(secret|private|api|access)_?key|token|connection_string)($|[._\[-])|secret($|\[))`)

// isSecret tells whether nobody is to read a value: for the path at which it stands, or for
// what it comes from.
func isSecret(path, through string) bool {
	return secret.MatchString(path) || secret.MatchString(through)
}

// shownValue is a value in the text of a finding.
func shownValue(path string, value any) string {
	switch {
	case value == nil:
		return "none"
	case isSecret(path, ""):
		return hiddenValue
	}
	return fmt.Sprint(value)
}

// shown are a change's differences as a report has them, without what is secret.
func (c Change) shown() []Difference {
	all := slices.Clone(c.Differences)
	for i, d := range all {
		if isSecret(d.Path, d.Through) || c.Type == "aws_ssm_parameter" && parameterValue(d.Path) && (!isPlainText(text(c.before, "type")) || !isPlainText(text(c.after, "type"))) {
			all[i].Before, all[i].After = hiddenValue, hiddenValue
		}
	}
	return all
}

// parameterValue is the value of a parameter, which a SecureString has encrypted on AWS. An
// insecure_value is meant to be read.
// https://registry.terraform.io/providers/hashicorp/aws/5.99.1/docs/resources/ssm_parameter
func parameterValue(path string) bool { return path == "value" || path == "value_wo" }

func isPlainText(kind string) bool { return kind == "String" || kind == "StringList" }

// inParameter is a path below a parameter in a stack's JSON.
var inParameter = regexp.MustCompile(`^(resource\.aws_ssm_parameter\.[^.]+)\.(.*)$`)

// otherProvider is whether a path is that of another provider than AWS's, of whose arguments no
// rule knows which are secret.
func otherProvider(path string) bool {
	return within(path, "provider") && !within(path, "provider.aws")
}

// isSecretIn tells whether nobody is to read a value of one of these stacks, given by all of
// their values.
func isSecretIn(path string, stacks []map[string]string) bool {
	m := inParameter.FindStringSubmatch(path)
	return isSecret(path, "") || otherProvider(path) || m != nil && parameterValue(m[2]) && slices.ContainsFunc(stacks, func(values map[string]string) bool {
		_, is := values[path]
		return is && !isPlainText(values[m[1]+".type"])
	})
}
