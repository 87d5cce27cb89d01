package servers

import (
	"regexp"
	"strings"
)

var environmentName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// parseEnvironment reads an environment file as systemd 252, Amazon Linux 2023's, does:
// much like a shell, but nothing is filled in, a quote inside a word is a quote, and a comment
// that ends in a backslash goes on in the next line. Names that are none are passed over.
// https://www.freedesktop.org/software/systemd/man/latest/systemd.exec.html#EnvironmentFile=
func parseEnvironment(text string) []string {
	const (
		beforeName = iota
		name
		beforeValue // or after a quoted part of it
		value
		valueEscape
		single
		double
		doubleEscape
		comment
		commentEscape
	)
	const blank = " \t\r"
	var env []string
	var n, v strings.Builder
	spaces := 0 // at the end of an unquoted value
	end := func() {
		if key := strings.TrimRight(n.String(), blank); environmentName.MatchString(key) {
			env = append(env, key+"="+v.String()[:v.Len()-spaces])
		}
		n.Reset()
		v.Reset()
		spaces = 0
	}
	state := beforeName
	for _, c := range []byte(text + "\n") {
		isBlank := strings.IndexByte(blank, c) >= 0
		switch state {
		case beforeName:
			switch {
			case c == '#' || c == ';':
				state = comment
			case c != '\n' && !isBlank:
				state = name
				n.WriteByte(c)
			}
		case name:
			switch c {
			case '\n':
				n.Reset()
				state = beforeName
			case '=':
				state = beforeValue
			default:
				n.WriteByte(c)
			}
		case beforeValue, value:
			switch {
			case c == '\n':
				end()
				state = beforeName
			case c == '\\':
				spaces, state = 0, valueEscape
			case state == beforeValue && c == '\'':
				state = single
			case state == beforeValue && c == '"':
				state = double
			case state == beforeValue && isBlank:
			default:
				state = value
				v.WriteByte(c)
				spaces++
				if !isBlank {
					spaces = 0
				}
			}
		case valueEscape:
			state = value
			if c != '\n' {
				v.WriteByte(c)
			}
		case single:
			if c == '\'' {
				state = beforeValue
			} else {
				v.WriteByte(c)
			}
		case double:
			switch c {
			case '"':
				state = beforeValue
			case '\\':
				state = doubleEscape
			default:
				v.WriteByte(c)
			}
		case doubleEscape:
			state = double
			switch {
			case strings.IndexByte("\"\\`$", c) >= 0:
				v.WriteByte(c)
			case c != '\n':
				v.WriteByte('\\')
				v.WriteByte(c)
			}
		case comment:
			switch c {
			case '\\':
				state = commentEscape
			case '\n':
				state = beforeName
			}
		case commentEscape:
			state = comment
		}
	}
	return env
}
