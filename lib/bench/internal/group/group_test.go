package group_test

import (
	"bufio"
	"context"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/essnas/essnas/lib/bench/internal/group"
)

func TestTheEndOfAContextKillsTheWorkersChildren(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	c := exec.CommandContext(ctx, "sh", "-c", "echo started; sleep 600 & wait")
	group.Lead(c)
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil || strings.TrimSpace(line) != "started" {
		t.Fatalf("the worker writes %q (%v)", line, err)
	}
	cancel()
	c.Wait()
	for range 500 { // init reaps the child some time later
		if syscall.Kill(-c.Process.Pid, 0) == syscall.ESRCH {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Error("a child of the worker is alive")
}
