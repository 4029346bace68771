package notebook

import (
	"bytes"
	"strings"
	"testing"

	"github.com/essnas/essnas/lib/figure"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

func TestADrawingIsNotWiderThanANotebook(t *testing.T) {
	for _, c := range []struct {
		law           string
		width, height float64
		want          string
	}{
		{"a wide one shrinks", 1220, 400, `width="610pt" height="200.00pt" viewBox="0 0 1220 400"`},
		{"a narrow one stays", 300, 400, `width="300pt" height="400pt" viewBox="0 0 300 400"`},
	} {
		var svg bytes.Buffer
		if err := figure.New(vg.Length(c.width), vg.Length(c.height), func(draw.Canvas) {}).SVG(&svg); err != nil {
			t.Fatal(err)
		}
		if got := fitting(svg.String()); !strings.Contains(got, c.want) || !strings.Contains(got, `<svg style="max-width:100%;height:auto" `) {
			t.Errorf("%s: %.300s, want %s", c.law, got, c.want)
		}
	}
}

func TestANumbersHeaderStandsAboveIt(t *testing.T) {
	got := table([]string{"class", "top-1"}, [][]string{{"cat", "14.0 %"}, {"dog", "17.3"}}).html
	for _, want := range []string{
		`<th style="text-align:left">class</th><th style="text-align:right">top-1</th>`,
		`<td style="text-align:left">dog</td><td style="text-align:right">17.3</td>`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("the table lacks %s:\n%s", want, got)
		}
	}
}
