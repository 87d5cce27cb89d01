package constructs

import (
	"net/netip"
	"regexp"
	"strings"
)

// https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
var (
	bucketNameRule   = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)
	bucketPrefixes   = []string{"xn--", "sthree-", "amzn-s3-demo-"}
	bucketSuffixes   = []string{"-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3"}
	accountNamespace = "-an"
)

// bucketFault is the rule that a general purpose bucket's name breaks; "" for a name.
func bucketFault(name string) string {
	if !bucketNameRule.MatchString(name) || strings.Contains(name, "..") {
		return "must be 3 to 63 lower-case letters, digits, hyphens and single dots, a letter or digit at either end"
	}
	if _, err := netip.ParseAddr(name); err == nil {
		return "must not look like an IP address"
	}
	for _, prefix := range bucketPrefixes {
		if strings.HasPrefix(name, prefix) {
			return "must not begin with " + prefix + ", which S3 keeps for itself"
		}
	}
	for _, suffix := range bucketSuffixes {
		if strings.HasSuffix(name, suffix) {
			return "must not end with " + suffix + ", which S3 keeps for itself"
		}
	}
	return ""
}

// newBucketFault is that rule for a bucket that is to be made: without the dots,
// which the certificate of the bucket's own host name does not cover, and not in an
// account's own namespace.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html
func newBucketFault(name string) string {
	if !bucketNameRule.MatchString(name) || strings.Contains(name, ".") {
		return "must be 3 to 63 lower-case letters, digits and hyphens, a letter or digit at either end"
	}
	if strings.HasSuffix(name, accountNamespace) {
		return "must not end with " + accountNamespace + ", which S3 keeps for accounts' own namespaces"
	}
	return bucketFault(name)
}
