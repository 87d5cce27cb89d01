package constructs

import (
	"regexp"
	"strconv"
	"strings"
)

// largeMiB is the memory of the size large, in MiB, by the first letters of the family;
// the longer one holds.
// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Concepts.DBInstanceClass.Summary.html
var largeMiB = map[string]int{
	"t": 8 << 10, "m": 8 << 10, "m3": 7680, "r": 16 << 10, "r3": 15616,
	"x2g": 32 << 10, "x2idn": 32 << 10, "x2iedn": 64 << 10,
}

// smaller is how many times a size goes into the size large.
var smaller = map[string]int{"micro": 8, "small": 4, "medium": 2, "large": 1}

var classRule = regexp.MustCompile(`^db\.([a-z0-9]+)\.(micro|small|medium|large|(\d*)xlarge)$`)

// classMemoryMiB is the memory of a DB instance class, in MiB; 0 if it is not known.
func classMemoryMiB(class string) int {
	match := classRule.FindStringSubmatch(class)
	if match == nil {
		return 0
	}
	large := 0
	for length := len(match[1]); length > 0 && large == 0; length-- {
		large = largeMiB[match[1][:length]]
	}
	if part := smaller[match[2]]; part > 0 {
		return large / part
	}
	times, _ := strconv.Atoi(orDefault(strings.TrimSuffix(match[2], "xlarge"), "1"))
	return 2 * times * large
}
