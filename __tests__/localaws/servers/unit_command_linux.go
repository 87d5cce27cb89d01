package servers

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/kballard/go-shellquote"
)

// command is a command line, without the signs before it.
type command struct {
	args      []string
	mayFail   bool // "-" before it
	privilege bool // "+" before it: as root, and not confined
	literal   bool // ":" before it: variables are not filled in
}

// addCommand adds a command line to list; an empty one empties it.
func addCommand(list *[]command, line string) error {
	if line == "" {
		*list = nil
		return nil
	}
	var c command
	rest := strings.TrimLeft(line, "@-:+!")
	for _, sign := range line[:len(line)-len(rest)] {
		switch sign {
		case '-':
			c.mayFail = true
		case '+', '!':
			c.privilege = true
		case ':':
			c.literal = true
		}
	}
	var err error
	c.args, err = shellquote.Split(rest)
	if err == nil && len(c.args) == 0 {
		err = errors.New("no command")
	}
	for i := range c.args {
		c.args[i] = strings.ReplaceAll(c.args[i], "%%", "%") // the one specifier that is known here
	}
	*list = append(*list, c)
	return err
}

var variable = regexp.MustCompile(`\$\$|\$\{(\w+)\}|\$(\w+)`)

// fill puts the environment's values into a command line: ${NAME} anywhere, $NAME as
// words where it stands alone, $$ for $.
// https://www.freedesktop.org/software/systemd/man/latest/systemd.service.html#Command%20lines
func (c command) fill(environment []string) []string {
	if c.literal {
		return c.args
	}
	value := func(name string) string {
		for _, entry := range slices.Backward(environment) {
			if n, v, _ := strings.Cut(entry, "="); n == name {
				return v
			}
		}
		return ""
	}
	words := []string{c.args[0]} // the program's path is as it is
	for _, word := range c.args[1:] {
		if m := variable.FindStringSubmatch(word); m != nil && m[2] != "" && m[0] == word {
			words = append(words, strings.Fields(value(m[2]))...)
			continue
		}
		words = append(words, variable.ReplaceAllStringFunc(word, func(match string) string {
			if match == "$$" {
				return "$"
			}
			return value(strings.Trim(match, "${}"))
		}))
	}
	return words
}

// environ is the environment of the unit's processes. What files say wins, and they are
// read whenever a process is started.
// https://www.freedesktop.org/software/systemd/man/latest/systemd.exec.html#Environment
func (u *unit) environ() ([]string, error) {
	env := slices.Concat([]string{"PATH=" + searchPath, "LANG=C.UTF-8"}, defaultEnvironment)
	if u.user != nil {
		env = append(env, "USER="+u.user.name, "LOGNAME="+u.user.name, "HOME="+u.user.home, "SHELL=/sbin/nologin")
	}
	env = append(env, u.environment...)
	for _, pattern := range u.envFiles {
		pattern, optional := strings.CutPrefix(pattern, "-")
		paths, err := filepath.Glob(pattern)
		if err != nil {
			return nil, fmt.Errorf("EnvironmentFile=%s: %w", pattern, err)
		}
		if len(paths) == 0 && !optional {
			return nil, fmt.Errorf("EnvironmentFile=%s: %w", pattern, os.ErrNotExist)
		}
		for _, path := range paths {
			text, err := os.ReadFile(path)
			if err != nil {
				return nil, fmt.Errorf("EnvironmentFile=%s: %w", pattern, err)
			}
			env = append(env, parseEnvironment(string(text))...)
		}
	}
	return env, nil
}

func (u *unit) addEnvironment(value string) error {
	if value == "" {
		u.environment = nil
	}
	words, err := shellquote.Split(value)
	u.environment = append(u.environment, words...)
	return err
}
