package report

import (
	"bytes"
	"errors"
	"regexp"
	"strings"
	"testing"

	"github.com/essnas/essnas/lib/figure"
)

func sample() Page {
	curve := figure.Curves(figure.Chart{Title: "Loss", X: "epoch", Y: "nats", Series: []figure.Series{{Name: "<training>", Y: []float64{2, 1}}}})
	r := Page{Title: "Cats & <dogs>", Lead: "A page.", Warnings: []string{"This is a sample."}, Numbers: []Number{{"Top-1", "77.30 %", "chance: 10 %"}}, Footer: "The end."}
	s := r.Section("All the parts", "One of each.")
	s.Figure(curve, "Losses \"fall\"")
	s.Table("Scores", []string{"class", "recall"}, [][]string{{"cat", "0.5"}, {"all", "0.7"}})
	s.Table("Settings", nil, [][]string{{"epochs", "3"}})
	s.Verbatim("A genotype", "Genotype(normal=[('skip_connect', 0)])")
	s.Slider("Evolution", []Frame{{"epoch 1", []figure.Figure{curve}}, {"epoch 2", []figure.Figure{curve, curve}}})
	s.Slider("Nothing", nil)
	s.Cards("Many", []Frame{{"card <1>", []figure.Figure{curve}}, {"card 2", []figure.Figure{curve}}})
	s.List("Claims", []string{"a < b: undecided"})
	return r
}

func text(t *testing.T, r Page) string {
	t.Helper()
	var page bytes.Buffer
	if err := r.Write(&page); err != nil {
		t.Fatal(err)
	}
	return page.String()
}

func TestThePageNeedsNothingButItself(t *testing.T) {
	page := text(t, sample())
	for _, reference := range regexp.MustCompile(`(?i)(?:src|href|url|action|data)\s*[=(]\s*["']?([^"')\s>]*)`).FindAllStringSubmatch(page, -1) {
		if target := reference[1]; !strings.HasPrefix(target, "#") && !strings.HasPrefix(target, "data:") {
			t.Errorf("the page refers to %q", reference[0])
		}
	}
	if !strings.Contains(page, `content="default-src 'none';`) {
		t.Error("the page does not forbid itself the network")
	}
}

func TestTextIsEscaped(t *testing.T) {
	page := text(t, sample())
	for _, raw := range []string{"<dogs>", "<training>"} {
		if strings.Contains(page, raw) {
			t.Errorf("%s stands in the page as an element", raw)
		}
	}
}

func TestEveryPartIsShown(t *testing.T) {
	page := text(t, sample())
	for _, want := range []string{
		"<h1>Cats &amp; &lt;dogs&gt;</h1>", `class="warning" role="note">This is a sample.`, "77.30 %", "chance: 10 %", `href="#all-the-parts"`, `id="all-the-parts"`,
		"One of each.", "<th scope=\"col\">recall</th>", `<tr class="all"><td>all</td>`, "<td>epochs</td><td>3</td>", "skip_connect", `data-name="epoch 1"`, "The end.",
		`<div class="caption">card &lt;1&gt;</div>`, "<li>a &lt; b: undecided</li>",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not hold %s", want)
		}
	}
	if got := strings.Count(page, "<svg"); got != 6 {
		t.Errorf("the page has %d drawings, want 6", got)
	}
	if strings.Contains(page, "Nothing") || strings.Contains(page, "<?xml") {
		t.Error("an empty slider or an XML declaration stands in the page")
	}
}

func TestTheSliderShowsTheLastFrameWithoutAScript(t *testing.T) {
	page := text(t, sample())
	if !strings.Contains(page, `class="frame shown" data-name="epoch 2"`) || strings.Count(page, `class="frame shown"`) != 1 {
		t.Error("not the last frame, and it alone, is shown")
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("disk full") }

func TestWriteReportsTheWritersError(t *testing.T) {
	if err := sample().Write(full{}); err == nil || !strings.Contains(err.Error(), "disk full") {
		t.Errorf("got error %v", err)
	}
}
