package settings

import (
	"encoding/json"
	"math"
	"os"
	"reflect"
	"strconv"
	"strings"
	"testing"
)

func TestParsePhases(t *testing.T) {
	as := Phase{Channels: 16, Epochs: 25, Frozen: 10}
	t.Run("what is left out is as given", func(t *testing.T) {
		want := []Phase{{5, 16, 8, 0, 25, 10}, {11, 16, 5, 0.4, 25, 10}, {17, 24, 3, 0.7, 30, 10}, {17, 16, 2, 0.7, 30, 0}}
		got, err := ParsePhases("5/8 11/5/0.4 17x24/3/0.7/30  17/2/0.7/30/0", as)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("got %v (%v), want %v", got, err, want)
		}
	})
	t.Run("printed and parsed, phases are the same", func(t *testing.T) {
		want := []Phase{{5, 16, 8, 0, 25, 10}, {11, 20, 5, 0.4, 3, 0}}
		text := ""
		for _, p := range want {
			text += p.String() + " "
		}
		if got, err := ParsePhases(text, Phase{}); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%v %v", got, err)
		}
	})
	for _, text := range []string{
		"5", "5/8/0/1/1/1", "a/8", "5/x", "5/8/high", "2/8", "5/9", "5/7", "5/8 11/1", "5/8 11/3 17/5", "5/8/1", "5/8/-0.1", "5/8/nan",
		"5x/8", "x16/8", "5x1.5/8", "5/8/0/0", "5/8/0/a", "5/8/0/3/-1", "5/8/0//", "5/8/0/3/",
	} {
		if got, err := ParsePhases(text, as); err == nil {
			t.Errorf("%q was read as %v", text, got)
		}
	}
	t.Run("channels must suit k", func(t *testing.T) {
		s, err := SearchChoice().Settings()
		if err != nil {
			t.Fatal(err)
		}
		s.Phases, s.Partial = "3x8/8 3x6/4", 4
		if err := s.Validate(); err == nil || !strings.Contains(err.Error(), "channels is 6") {
			t.Error(err)
		}
		s.Partial = 1
		if err := s.Validate(); err != nil {
			t.Error(err)
		}
	})
}

func TestSkipDropoutFallsAsPDARTSDoes(t *testing.T) {
	text, err := os.ReadFile("testdata/dropout.json")
	if err != nil {
		t.Fatal(err)
	}
	var rates map[string][]float64
	if err := json.Unmarshal(text, &rates); err != nil || len(rates) != 3 {
		t.Fatal(rates, err)
	}
	for initial, want := range rates {
		rate, _ := strconv.ParseFloat(initial, 64)
		p := Phase{SkipDropout: rate, Epochs: 25, Frozen: 10}
		for epoch, want := range want {
			if got := p.Dropout(epoch); math.Abs(got-want) > 1e-12 {
				t.Errorf("from %s, epoch %d: %g, want %g", initial, epoch, got, want)
			}
		}
	}
}
