package report

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/essnas/essnas/lib/run"
	"github.com/essnas/essnas/lib/score"
)

// Capital returns a sentence with its first letter capitalised. The sentence must begin with an
// ASCII letter.
func Capital(text string) string { return strings.ToUpper(text[:1]) + text[1:] }

// CellsName returns a name for the cells of a run, from their source.
func CellsName(c run.Config) string {
	switch info, err := os.Stat(c.Cells); {
	case c.Cells == "":
		return "a genotype"
	case err == nil && info.IsDir():
		return "the run " + filepath.Base(c.Cells)
	}
	return c.Cells
}

// Interval writes a 95 % interval in words.
func Interval(r score.Interval) string {
	return fmt.Sprintf("95 %% interval: %.2f to %.2f %%", 100*r.Low, 100*r.High)
}

// Percentage writes a fraction in per cent, with two decimals.
func Percentage(share float64) string { return fmt.Sprintf("%.2f %%", 100*share) }

// Clock writes a duration in units that fit its size.
func Clock(seconds float64) string {
	if seconds < 60 {
		return fmt.Sprintf("%.1f s", seconds)
	}
	return time.Duration(seconds * float64(time.Second)).Round(time.Second).String()
}
