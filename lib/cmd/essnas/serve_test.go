package main

import (
	"strings"
	"testing"

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
