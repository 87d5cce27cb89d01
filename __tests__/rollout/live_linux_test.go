package rollout_test

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"testing"

	"golang.org/x/sys/unix"
)

// TestLive: on a terminal there is a bar below what is said.
func TestLive(t *testing.T) {
	w := newWire(t)
	screen, terminal := pty(t)
	cmd := exec.CommandContext(t.Context(), binary, "--group", "web", "--poll", "20ms")
	cmd.Env, cmd.Stdout, cmd.Stderr = append(w.environ(), "TERM=xterm"), terminal, terminal
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	terminal.Close()
	var out buffer
	shown := make(chan struct{})
	go func() {
		io.Copy(&out, screen) // ends with an error when the command has ended
		close(shown)
	}()
	out.await(t, "old 1 (1 healthy), new 1 (0 healthy), wanted 2")
	cmd.Process.Signal(os.Interrupt)
	cmd.Wait()
	<-shown
	for _, text := range []string{"group web launches version 5", "following instance refresh r-2", " 50 % ", "\u2588", "Waiting for instances to warm up.", "interrupted; AWS goes on"} {
		out.await(t, text)
	}
}

// pty is a terminal, and the screen on which one sees what is written to it. See
// pty(7).
func pty(t *testing.T) (screen, terminal *os.File) {
	screen, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	must(t, err)
	t.Cleanup(func() { screen.Close() })
	must(t, unix.IoctlSetPointerInt(int(screen.Fd()), unix.TIOCSPTLCK, 0))
	number, err := unix.IoctlGetInt(int(screen.Fd()), unix.TIOCGPTN)
	must(t, err)
	terminal, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	must(t, err)
	must(t, unix.IoctlSetWinsize(int(terminal.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: 24, Col: 200}))
	return screen, terminal
}
