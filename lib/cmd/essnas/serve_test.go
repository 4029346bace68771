package main

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/essnas/essnas/lib/serve"
)

func TestTheServerRefusesARequestWithoutACommand(t *testing.T) {
	_, err := new(desk).answer(t.Context(), nil, func(serve.Message) {})
	if err == nil || !strings.Contains(err.Error(), "no command") {
		t.Errorf("error %v", err)
	}
}

func TestTheServerRefusesAnUnknownCommandThatAsksForHelp(t *testing.T) {
	_, err := new(desk).answer(t.Context(), []string{"serch", "--help"}, func(serve.Message) {})
	if err == nil || !strings.Contains(err.Error(), "did you mean") {
		t.Errorf("error %v", err)
	}
}

// While another cell has the device, what needs no computing is answered, and what does waits.
func TestWhatNeedsNoDeviceIsAnsweredWhileAnotherCellComputes(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("ESSNAS_DATA", t.TempDir())
	t.Setenv("ESSNAS_BACKEND", "cpu")
	finished := []string{"search", "--preset", "study", "--images", "32", "--batch", "8", "--epochs", "1", "--channels", "4", "--k", "2", "--run", filepath.Join(dir, "finished")}
	d := new(desk)
	if _, err := d.answer(t.Context(), finished, func(serve.Message) {}); err != nil {
		t.Fatal(err)
	}
	leave, err := d.turn(t.Context(), "study", func(serve.Message) {})
	if err != nil {
		t.Fatal(err)
	}
	defer leave()
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	if _, err := d.answer(ctx, finished, func(serve.Message) {}); err != nil {
		t.Errorf("a finished search: %v", err)
	}
	if _, err := d.answer(ctx, []string{"search", "--preset", "quickk"}, func(serve.Message) {}); err == nil || ctx.Err() != nil {
		t.Errorf("a mistyped preset: %v", err)
	}
	waiting, cancel := context.WithCancel(t.Context())
	told := ""
	_, err = d.answer(waiting, append(finished[:len(finished)-1:len(finished)-1], filepath.Join(dir, "new")), func(m serve.Message) {
		if strings.HasPrefix(m.Status, "waiting") {
			told = m.Status
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) || told != "waiting for another cell's work to end, an essnas study" {
		t.Errorf("a new search is told %q and ends with %v", told, err)
	}
}
