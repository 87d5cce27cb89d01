package constructs

import (
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"example.com/webserver-cluster/internal/faults"
)

// maxUserData is in bytes, before they are encoded in base64.
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/user-data.html
const maxUserData = 16 * 1024

// userDataHeaders begin what cloud-init acts upon, in small letters. Compressed
// data is not among them: a string of Terraform's cannot hold it.
// https://docs.cloud-init.io/en/latest/explanation/format.html
var userDataHeaders = []string{
	"#cloud-config", "#cloud-boothook", "#include", "#part-handler", "## template: jinja",
}

// isMIME says whether cloud-init takes data for a MIME message.
// https://github.com/canonical/cloud-init/blob/main/cloudinit/user_data.py (convert_string)
func isMIME(data string) bool {
	return strings.Contains(strings.ToLower(data[:min(len(data), 4096)]), "mime-version:")
}

// checkUserData checks a boot script of the caller's own, which a field has given.
func checkUserData(f *faults.List, field, data string) {
	head := strings.ToLower(strings.TrimSpace(data))
	hasHeader := slices.ContainsFunc(userDataHeaders, func(header string) bool { return strings.HasPrefix(head, header) })
	mime := isMIME(data)
	switch {
	case !utf8.ValidString(data):
		f.Given(field, "must be text in UTF-8: nothing else is a string in Terraform")
	// The kernel wants #! at the very start, whatever cloud-init makes of it.
	case !strings.HasPrefix(data, "#!") && !hasHeader && !mime && !strings.HasPrefix(data, "${"):
		f.Add(field, data, "must begin with #! or another header that cloud-init knows (%s, MIME-Version:), or the instance does not run it", strings.Join(userDataHeaders, ", "))
	case strings.Contains(data, "\r\n") && !mime:
		// Not turned to LF in silence: what is in a here-document may be meant so.
		f.Add(field, data, "has lines that end with CR LF, as Windows writes them: save it with LF, or the instance looks for an interpreter whose name ends with CR")
	}
	if size := scriptSize(data); size > maxUserData {
		f.Add(field, size, "is its size in bytes, above EC2's limit of %d", maxUserData)
	}
}

// scriptSize is how many bytes a boot script has besides its references, whose own
// length says nothing.
func scriptSize(script string) int { return len(referenceRule.ReplaceAllString(script, "")) }

var referenceRule = regexp.MustCompile(reference)
