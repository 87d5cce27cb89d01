package servers

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestEndsWithItsStarter has a program that started a machine die without
// notice.
func TestEndsWithItsStarter(t *testing.T) {
	if kind := Kind(os.Getenv("STARTER")); kind != "" {
		m, err := boot(t, kind, bootOrder{Hostname: "host", Address: "10.0.0.5", UserData: testServer})
		if err != nil {
			t.Fatal(err)
		}
		get(t, m)
		pids := append(children(t, m), firstProcess(m))
		fmt.Println("machine", len(pids), strings.Trim(fmt.Sprint(pids), "[]"))
		if p, ok := m.(*processes); ok {
			fmt.Println(p.root)
		} else {
			fmt.Println("none")
		}
		select {}
	}
	eachKind(t, endsWithItsStarter)
}

func endsWithItsStarter(t *testing.T, kind Kind) {
	cmd := exec.Command(self("self"), "-test.run=^TestEndsWithItsStarter$")
	cmd.Env = append(os.Environ(), "STARTER="+string(kind))
	output, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var n int
	if _, err := fmt.Fscanf(output, "machine %d", &n); err != nil || n < 2 {
		t.Fatalf("%d processes: %v", n, err)
	}
	pids := make([]int, n)
	for i := range pids {
		fmt.Fscan(output, &pids[i])
	}
	var folder string
	fmt.Fscan(output, &folder)
	cmd.Process.Kill()
	cmd.Wait()
	left := func() bool {
		for _, pid := range pids {
			if syscall.Kill(pid, 0) == nil {
				return true
			}
		}
		_, err := os.Stat(folder)
		return err == nil
	}
	for deadline := time.Now().Add(30 * time.Second); left(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("of the processes %v or the folder %s something is still there", pids, folder)
		}
	}
}
