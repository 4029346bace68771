package notebook

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// Each cell of a notebook is a program that is linked before it runs: XLA's binding, which is C,
// would take half a second of every cell, graphs and the laboratory a good part of that.
func TestCellsLinkNoBackend(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", "github.com/essnas/essnas/lib/notebook", "github.com/essnas/essnas/lib/figure/cellgraph", "github.com/essnas/essnas/lib/study/findings").Output()
	if err != nil {
		t.Fatal(err)
	}
	all := strings.Fields(string(out))
	if !slices.Contains(all, "github.com/essnas/essnas/lib/cell") {
		t.Fatalf("%d packages are linked, and lib/cell is not among them", len(all))
	}
	for _, heavy := range []string{"github.com/essnas/essnas/lib/backend", "github.com/essnas/essnas/lib/block", "github.com/essnas/essnas/lib/pipeline", "github.com/essnas/essnas/lib/stage", "github.com/gomlx/gomlx/core/graph"} {
		if slices.Contains(all, heavy) {
			t.Errorf("cells link %s: keep it out of what lib/notebook, lib/figure/cellgraph and lib/study/findings import", heavy)
		}
	}
}

// What all cells link is as little as can be: linking takes most of a warm cell's time. Cells that
// draw figures of their own, or read data, link that as well.
func TestThePackageOfCellsIsLight(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", "github.com/essnas/essnas/lib/notebook").Output()
	if err != nil {
		t.Fatal(err)
	}
	for p := range strings.FieldsSeq(string(out)) {
		if p == "net/http" || p == "github.com/essnas/essnas/lib/figure" || p == "github.com/essnas/essnas/lib/data" || strings.HasPrefix(p, "gonum.org/") || strings.HasPrefix(p, "github.com/spf13/") {
			t.Errorf("all cells link %s", p)
		}
	}
}
