package show

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/jedib0t/go-pretty/v6/text"
	"golang.org/x/term"

	"example.com/webserver-cluster/tests/zerodowntime"
)

// Board shows a run while it is under way: on a terminal a picture of
// characters that is drawn anew all the time, elsewhere a line now and then.
type Board struct {
	run  *zerodowntime.Run
	live bool
	quit chan struct{}
	done sync.WaitGroup

	mu    sync.Mutex
	doing string   // what cdktf does
	words []string // what rollout has said
	drawn int      // lines on the screen
}

const (
	redraw    = 250 * time.Millisecond
	lineEvery = 5 * time.Second // without a terminal
	column    = time.Second     // real time that a character stands for, until there are too many
	wordLines = 4
)

// NewBoard shows a run until Close.
func NewBoard(run *zerodowntime.Run) *Board {
	b := &Board{run: run, live: term.IsTerminal(int(os.Stdout.Fd())), quit: make(chan struct{}), doing: synthesizes}
	every := lineEvery
	if b.live {
		every = redraw
	}
	b.done.Go(func() {
		for {
			b.draw()
			select {
			case <-time.After(every):
			case <-b.quit:
				b.draw()
				return
			}
		}
	})
	return b
}

func (b *Board) Close() {
	close(b.quit)
	b.done.Wait()
}

// said finds what rollout prints, in the output of cdktf.
var said = regexp.MustCompile(`\w+\.web_rollout \(local-exec\): (.*)`)

// Hear takes a line of the deploy's output.
func (b *Board) Hear(line string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.doing = next(b.doing, line)
	match := said.FindStringSubmatch(line)
	// Terraform says what it runs, which is long.
	if match == nil || strings.HasPrefix(match[1], "Executing: ") {
		return
	}
	b.doing = "rollout"
	b.words = append(b.words, match[1])
	if !b.live {
		Say("%s", match[1])
	}
}

func (b *Board) draw() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.run.Update()
	figures := fmt.Sprintf("%4.0f s  requests %d, failed %d; at least %d serve; %s",
		b.run.End.Sub(b.run.Start).Seconds(), b.run.Sent(), len(b.run.Failures), b.run.Lowest(), b.doing)
	if !b.live {
		Say("%s", figures)
		return
	}
	width := terminalWidth()
	lines := []string{text.Bold.Sprint(figures)}
	for _, life := range b.run.Lives {
		lines = append(lines, b.row(life, width))
	}
	lines = append(lines, "starts ░   serves █   drains ▒   trouble !")
	b.replace(append(lines, b.heard(width)...), width)
}

// heard is the last that rollout has said, in lines that are no wider than the
// terminal.
func (b *Board) heard(width int) (lines []string) {
	for _, words := range b.words[max(0, len(b.words)-wordLines):] {
		lines = append(lines, Wrap(words, width)...)
	}
	return lines
}

// terminalWidth is what fits behind the indent.
func terminalWidth() int {
	width, _, err := term.GetSize(int(os.Stdout.Fd()))
	if err != nil || width == 0 {
		width = Width
	}
	return width - len(indent) - 1
}

// row is an instance's line.
func (b *Board) row(life zerodowntime.Life, width int) string {
	paint := text.Colors{text.FgHiBlue}
	if life.Version != b.run.Lives[0].Version {
		paint = text.Colors{text.FgHiYellow}
	}
	var row strings.Builder
	fmt.Fprintf(&row, "%-10.10s version %-3s ", life.Instance, life.Version)
	columns := max(1, width-row.Len())
	per := max(column, (b.run.End.Sub(b.run.Start)+time.Duration(columns)-1)/time.Duration(columns))
	for at := b.run.Start; at.Before(b.run.End); at = at.Add(per) {
		state, there := life.At(at)
		switch {
		case !there:
			row.WriteByte(' ')
		case state == zerodowntime.Starting:
			row.WriteString(paint.Sprint("░"))
		case state == zerodowntime.Serving:
			row.WriteString(paint.Sprint("█"))
		case state == zerodowntime.Draining:
			row.WriteString(paint.Sprint("▒"))
		default:
			row.WriteString(text.FgHiRed.Sprint("!"))
		}
	}
	return row.String()
}

// replace draws lines over those drawn before.
func (b *Board) replace(lines []string, width int) {
	var screen strings.Builder
	if b.drawn > 0 {
		screen.WriteString(text.CursorUp.Sprintn(b.drawn))
	}
	for n := 0; n < max(len(lines), b.drawn); n++ {
		screen.WriteString("\r" + text.EraseLine.Sprint())
		if n < len(lines) {
			screen.WriteString(indent + text.Trim(lines[n], width))
		}
		screen.WriteString("\n")
	}
	b.drawn = max(len(lines), b.drawn)
	printing.Lock()
	defer printing.Unlock()
	fmt.Print(screen.String())
}
