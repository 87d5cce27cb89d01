package constructs

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"example.com/webserver-cluster/internal/faults"
	"example.com/webserver-cluster/internal/project"
)

// https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html#id_tags_naming_best_practices
var tagRule = regexp.MustCompile(`^[\pL\pZ\pN_.:/=+@-]*$`)

// maxTags leaves room for what is added to a resource's tags: its name, its
// Terraform name, and the provider's default_tags. AWS takes 50 in all.
// https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html#id_tags_naming_best_practices
const maxTags = 40

// AllTags is how many tags a resource can have with the provider's default_tags: AWS
// takes 50, and two are Name and the resource's Terraform name.
const AllTags = 48

// checkTags checks tags that a caller gives. The resource has those in others, too.
func checkTags(f *faults.List, field string, tags map[string]string, others ...map[string]string) {
	all := map[string]string{}
	for _, some := range append(others, tags) {
		maps.Copy(all, some)
	}
	switch {
	case len(tags) > maxTags:
		f.Add(field, len(tags), "is their number; a resource can have %d besides those that it gets anyway", maxTags)
	case len(tags) > 0 && len(all) > AllTags:
		f.Add(field, len(all), "is their number together with the default tags; a resource can have %d besides those that it gets anyway", AllTags)
	}
	// IAM does not tell keys by their case, and a role has these tags too.
	// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags.html#id_tags_rules
	seen := map[string]string{}
	for _, key := range []string{nameTagKey, project.TerraformNameTag, project.ApplicationTag} {
		seen[strings.ToLower(key)] = key
	}
	for _, other := range others {
		for key := range other {
			seen[strings.ToLower(key)] = key
		}
	}
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		value, lower := tags[key], strings.ToLower(key)
		other, taken := seen[lower]
		switch {
		case key == "" || utf8.RuneCountInString(key) > 128 || !tagRule.MatchString(key):
			f.Add(field, key, "is no key of a tag: 1 to 128 letters, digits, spaces and _ . : / = + - @")
		case strings.HasPrefix(lower, "aws:"):
			f.Add(field, key, "must not begin with aws:, which AWS keeps for itself")
		case key == nameTagKey || key == project.TerraformNameTag || key == project.ApplicationTag:
			f.Add(field, key, "is a tag that is set anyway")
		case taken && other != key:
			f.Add(field, key, "differs from the tag %s only in case, and IAM takes the two for one", other)
		}
		seen[lower] = key
		if !isToken(value) && (utf8.RuneCountInString(value) > 256 || !tagRule.MatchString(value)) {
			f.Add(field+"["+key+"]", value, "is no value of a tag: at most 256 letters, digits, spaces and _ . : / = + - @")
		}
	}
}
