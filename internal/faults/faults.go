// Package faults collects everything that is wrong with a configuration, so
// that its author sees all of it at once and mends it in one go.
package faults

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"
)

// List is a list of faults. The zero value is an empty list, ready to use. A fault
// that is in it already, word by word, is not added again.
type List struct{ errs []error }

func (l *List) add(err error) {
	if text := oneLine(err.Error()); text != err.Error() {
		err = errors.New(text)
	}
	for _, e := range l.errs {
		if e.Error() == err.Error() {
			return
		}
	}
	l.errs = append(l.errs, err)
}

// mostShown is how many characters of a value are shown: enough to know it by.
const mostShown = 100

// Add notes that value breaks rule (a format for args) in field. It reads
// "MinSize: 5: must not be above MaxSize (4)".
func (l *List) Add(field string, value any, rule string, args ...any) {
	format := "%s: %v: %s"
	switch text := value.(type) {
	case string:
		format = "%s: %q: %s"
		if runes := []rune(text); len(runes) > mostShown {
			format, value = "%s: %q…: %s", string(runes[:mostShown])
		}
	case json.RawMessage:
		format = "%s: %s: %s"
	}
	l.add(fmt.Errorf(format, field, value, fmt.Sprintf(rule, args...)))
}

// oneLine is text with what would break its line written as Go writes it: \n.
func oneLine(text string) string {
	var line strings.Builder
	for _, r := range text {
		if unicode.IsControl(r) {
			line.WriteString(strings.Trim(strconv.QuoteRune(r), "'"))
		} else {
			line.WriteRune(r)
		}
	}
	return line.String()
}

// Missing notes that field, which is what, was not given. It reads "Network: is
// missing: the network that the cluster stands in".
func (l *List) Missing(field, what string) {
	l.add(fmt.Errorf("%s: is missing: %s", field, what))
}

// Given notes that field was given, whatever its value, although it breaks rule. It
// reads "Cluster.Name: follows from the environment: leave it out".
func (l *List) Given(field, rule string) {
	l.add(fmt.Errorf("%s: %s", field, rule))
}

// In adds the faults of a field that is a struct, each under the field's name: the
// fault "CIDR: …" in the field "Network" becomes "Network.CIDR: …".
func (l *List) In(field string, err error) {
	for _, e := range Each(err) {
		l.add(fmt.Errorf("%s.%w", field, e))
	}
}

// As adds the faults of a struct whose fields the author of the configuration knows by
// other names: what stands in names, for a list or map with all that is in it.
func (l *List) As(names map[string]string, err error) {
	for _, e := range Each(err) {
		text := e.Error()
		if end := strings.IndexAny(text, ":["); end >= 0 {
			if name, ok := names[text[:end]]; ok {
				e = errors.New(name + text[end:])
			}
		}
		l.add(e)
	}
}

// Err returns all faults joined by errors.Join, one line each; nil if there
// are none.
func (l *List) Err() error { return errors.Join(l.errs...) }

// Each returns the single faults that err joins; none for nil.
func Each(err error) []error {
	if err == nil {
		return nil
	}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		return joined.Unwrap()
	}
	return []error{err}
}
