package supernet

import (
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/essnas/essnas/lib/cell"
)

// pdarts holds the numbers of testdata/pdarts.py, which follows P-DARTS' reference implementation.
type pdarts struct {
	Kept []struct {
		Alphas [][]float32 `json:"alphas"`
		Keep   int         `json:"keep"`
		Kept   [][]int     `json:"kept"` // indices
	} `json:"kept"`
	Derived []struct {
		Space  [][]string            `json:"space"`  // of both cell types
		Alphas [2][][]float32        `json:"alphas"` // normal, reduction
		Normal map[string][][][2]any `json:"normal"` // by skip limit: sorted genes of states
		Reduce [][][2]any            `json:"reduce"`
	} `json:"derived"`
}

func readPDARTS(t *testing.T) (p pdarts) {
	t.Helper()
	text, err := os.ReadFile("testdata/pdarts.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &p); err != nil {
		t.Fatal(err)
	}
	return p
}

func TestPhasesKeepWhatPDARTSKeeps(t *testing.T) {
	for i, c := range readPDARTS(t).Kept {
		a := &Arch{Space: FullSpace()}
		names := cell.Primitives[:len(c.Alphas[0])]
		for typ := range a.Alpha {
			for e := range cell.Edges {
				a.Space[typ][e], a.Alpha[typ] = names, append(a.Alpha[typ], c.Alphas[e])
			}
		}
		kept := a.Keep(c.Keep)
		for e, want := range c.Kept {
			for typ := range kept {
				var got []int
				for _, name := range kept[typ][e] {
					got = append(got, slices.Index(names, name))
				}
				if !reflect.DeepEqual(got, want) {
					t.Errorf("case %d, edge %d with alphas %v: kept %v, want %v", i, e, c.Alphas[e], got, want)
				}
			}
		}
	}
}

func TestWithASkipLimitTheCellIsPDARTS(t *testing.T) {
	for i, c := range readPDARTS(t).Derived {
		a := &Arch{Space: FullSpace()}
		for typ := range a.Alpha {
			for e := range cell.Edges {
				a.Space[typ][e], a.Alpha[typ] = c.Space[e], append(a.Alpha[typ], c.Alphas[typ][e])
			}
		}
		for limit := 1; limit <= 8; limit++ {
			g := a.Derive(limit)
			if got, want := sorted(g.Normal), fmt.Sprint(c.Normal[fmt.Sprint(limit)]); got != want {
				t.Errorf("case %d, at most %d skips: got %s, want %s", i, limit, got, want)
			}
			if got, want := sorted(g.Reduce), fmt.Sprint(c.Reduce); got != want {
				t.Errorf("case %d, reduction cell: got %s, want %s", i, got, want)
			}
		}
	}
}

// sorted sorts the genes of each state by name and source: their order within a state has no
// meaning.
func sorted(genes []cell.Gene) string {
	states := make([][]cell.Gene, 0, cell.States)
	for pair := range slices.Chunk(slices.Clone(genes), 2) {
		slices.SortFunc(pair, func(x, y cell.Gene) int {
			if x.Op != y.Op {
				return strings.Compare(x.Op, y.Op)
			}
			return x.From - y.From
		})
		states = append(states, pair)
	}
	return strings.NewReplacer("{", "[", "}", "]").Replace(fmt.Sprint(states))
}
