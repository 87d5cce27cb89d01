// Package show tells people at a terminal what a deploy and a rollout do, and how
// far they are.
package show

import (
	"fmt"
	"os"
	"strings"
	"sync"
)

// Width is that of a terminal as narrow as any.
const Width = 80

const indent = "   "

// printing keeps what several deploys say at once in lines.
var printing sync.Mutex

// Title starts a part of what is shown.
func Title(text string) { write("\n== " + text) }

// Say says a line.
func Say(format string, args ...any) { write(indent + fmt.Sprintf(format, args...)) }

func write(line string) {
	printing.Lock()
	defer printing.Unlock()
	fmt.Fprintln(os.Stdout, line)
}

// Wrap breaks text at spaces into lines of at most width bytes, longer only for a
// word that is.
func Wrap(text string, width int) []string {
	if len(text) <= width {
		return []string{text}
	}
	words := strings.Split(text, " ")
	lines := words[:1:1]
	for _, word := range words[1:] {
		if last := &lines[len(lines)-1]; len(*last)+len(" "+word) <= width {
			*last += " " + word
		} else {
			lines = append(lines, word)
		}
	}
	return lines
}
