package stage

import (
	"strings"
	"testing"

	"github.com/essnas/essnas/lib/cell"
	"github.com/essnas/essnas/lib/run"
	"github.com/essnas/essnas/lib/settings"
)

// skipping is a published genotype with so many skip connections instead of what it has.
func skipping(normal, reduce int) cell.Genotype {
	g, _ := cell.Published("PC_DARTS_cifar")
	put := func(genes []cell.Gene, n int) (changed []cell.Gene) {
		for i, gene := range genes {
			gene.Op = "sep_conv_3x3"
			if i < n {
				gene.Op = "skip_connect"
			}
			changed = append(changed, gene)
		}
		return
	}
	g.Normal, g.Reduce = put(g.Normal, normal), put(g.Reduce, reduce)
	return g
}

func TestACellThatIsMostlySkipsIsWarnedOf(t *testing.T) {
	for _, c := range []struct {
		normal, reduce int
		want           string
	}{
		{0, 0, ""}, {3, 3, ""}, {4, 0, "4 of the 8 operations of the normal cell"}, {8, 2, "8 of the 8 operations of the normal cell"},
		{2, 5, "5 of the 8 operations of the reduction cell"}, {4, 4, "normal cell"},
	} {
		if got := strings.Join(collapsed(skipping(c.normal, c.reduce)), ". "); (got == "") != (c.want == "") || !strings.Contains(got, c.want) {
			t.Errorf("%d and %d skips: %q", c.normal, c.reduce, got)
		}
	}
}

func TestReportTellsOfCollapseEigenvaluesAndEarlyEnds(t *testing.T) {
	g := skipping(6, 0)
	s, err := settings.SearchChoice().Settings()
	if err != nil {
		t.Fatal(err)
	}
	s.Phases = "3/8 4x32/5/0.4/4/2"
	s.Eigenvalue, s.StopSkips = 1, 4
	dir := searchRunOf(t, s, 6, g, 3)
	if err := (&run.Run{Dir: dir}).WriteGenotype(g); err != nil {
		t.Fatal(err)
	}
	if err := (&run.Run{Dir: dir}).Write("result.json", run.Result{Epochs: 6}); err != nil {
		t.Fatal(err)
	}
	path, err := Report(dir)
	if err != nil {
		t.Fatal(err)
	}
	page := read(t, path)
	holds(t, page, "6 of the 8 operations of the normal cell are skip connections", "Largest eigenvalue", "Epoch 3 was the last of its phase: its normal cell had 5 skip connections",
		"<td>4</td><td>32</td><td>5</td><td>0.4</td><td>4</td><td>2</td>")
	if strings.Contains(page, "has not ended") {
		t.Error("a search that ended early is said not to have ended")
	}
	plain, err := Report(searchRunOf(t, settings.Search{Shared: settings.Shared{Cells: 3, Channels: 4, Epochs: 6}, Partial: 2}, 6, skipping(0, 0), 0))
	if err != nil {
		t.Fatal(err)
	}
	for _, no := range []string{"skip connections:", "Largest eigenvalue", "of its phase", "Phases"} {
		if strings.Contains(read(t, plain), no) {
			t.Errorf("a plain search's page holds %q", no)
		}
	}
}
