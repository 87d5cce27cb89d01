package strict

import (
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"

	"github.com/dlclark/regexp2"
)

// matcher tells whether a pattern matches the whole of a value.
type matcher func(string) bool

// surrogates is a character above U+FFFF as Java's patterns write it.
var surrogates = regexp.MustCompile(`\\u([Dd][89ABab][0-9A-Fa-f]{2})\\u([Dd][C-Fc-f][0-9A-Fa-f]{2})`)

// matchTimeout bounds a pattern that backtracks for ever.
const matchTimeout = time.Second

// compile makes a matcher of a model's pattern. The patterns are written for
// Java; regexp2 knows what Go's own package does not: looking ahead, \uXXXX,
// repeat counts above 1000.
func compile(pattern string) (matcher, error) {
	p := surrogates.ReplaceAllStringFunc(pattern, func(pair string) string {
		high, _ := strconv.ParseUint(pair[2:6], 16, 32)
		low, _ := strconv.ParseUint(pair[8:12], 16, 32)
		return string(utf16.DecodeRune(rune(high), rune(low)))
	})
	// https://docs.oracle.com/en/java/javase/21/docs/api/java.base/java/util/regex/Pattern.html#posix
	p = strings.ReplaceAll(p, `\p{Print}`, `[\x20-\x7E]`)
	re, err := regexp2.Compile(`\A(?:`+p+`)\z`, regexp2.ECMAScript) // its \d and \w are ASCII, as Java's
	if err != nil {
		return nil, err
	}
	re.MatchTimeout = matchTimeout
	return func(s string) bool {
		ok, err := re.MatchString(s)
		return ok || err != nil // no verdict is no refusal
	}, nil
}
