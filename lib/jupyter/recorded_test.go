package jupyter

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/essnas/essnas/lib/study/findings"
)

// recordOf is the study that is kept with the notebooks.
func recordOf(t *testing.T) *findings.Directory {
	t.Helper()
	s, err := findings.Open(filepath.Join(sources(t).Root, "notebooks", "recorded"))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestTheRecordedStudyIsWholeAndSmall(t *testing.T) {
	s := recordOf(t)
	if err := s.Verify(); err != nil {
		t.Error(err)
	}
	var size int64
	err := filepath.WalkDir(s.Dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		info, err := e.Info()
		size += info.Size()
		return err
	})
	if err != nil || size > 5<<20 {
		t.Errorf("it has %d bytes, want at most 5 MB (%v)", size, err)
	}
	// what is kept of the numbers is what follows from the runs
	r, err := s.Results()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(s.Dir, "results.json"))
	if err != nil {
		t.Fatal(err)
	}
	var kept findings.Results
	if err := json.Unmarshal(text, &kept); err != nil {
		t.Fatal(err)
	}
	if len(r.Trials) == 0 || len(kept.Trials) != len(r.Trials) {
		t.Fatalf("%d cells follow from the runs, results.json has %d", len(r.Trials), len(kept.Trials))
	}
	for i, k := range kept.Trials {
		if got := r.Trials[i]; got.Genotype.Python() != k.Genotype.Python() || got.SearchAccuracy != k.SearchAccuracy {
			t.Errorf("%s, seed %d: the runs say %v, results.json %v", k.Configuration.Name, k.Seed, got, k)
		}
		for d, test := range k.Tests {
			if r.Trials[i].Tests[d].Accuracy != test.Accuracy {
				t.Errorf("%s, seed %d on %s: the run says %g, results.json %g", k.Configuration.Name, k.Seed, d, r.Trials[i].Tests[d].Accuracy, test.Accuracy)
			}
		}
	}
}

// The saved outputs of notebooks say what the record says: if it grows, they have to be run again.
func TestNumbersInSavedNotebooksAreThoseOfTheRecord(t *testing.T) {
	r, err := recordOf(t).Results()
	if err != nil {
		t.Fatal(err)
	}
	_, table := r.Table()
	_, covered := r.Covered()
	_, transfers := r.TransferTable()
	for name, want := range map[string]struct {
		rows      [][]string
		sentences []string
	}{
		"12-comparison": {append(table, covered...), append(append(r.Places(), r.Sentences()...), r.Scope())},
		"13-ablation":   {nil, []string{r.Scope()}},
		"18-transfer":   {transfers, append(r.TransferSentences(), r.Scope())},
		"19-found":      {covered, append(append(append(r.Places(), r.Answers()...), r.Worth()...), r.Scope())},
	} {
		outputs := shown(t, name)
		for _, s := range want.sentences {
			if !strings.Contains(outputs, s) {
				t.Errorf("%s does not say %q: run it again (essnas kernel run)", name, s)
			}
		}
		for _, row := range want.rows {
			if !hasRow(outputs, row) {
				t.Errorf("%s has no row %q: run it again (essnas kernel run)", name, row)
			}
		}
	}
}

// shown are the texts of a notebook's outputs.
func shown(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(sources(t).Root, "notebooks", name+".ipynb"))
	if err != nil {
		t.Fatal(err)
	}
	var n struct {
		Cells []struct {
			Outputs []struct {
				Text multiline `json:"text"`
				Data struct {
					Plain multiline `json:"text/plain"`
				} `json:"data"`
			} `json:"outputs"`
		} `json:"cells"`
	}
	if err := json.Unmarshal(text, &n); err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, c := range n.Cells {
		for _, o := range c.Outputs {
			all.WriteString(string(o.Text) + "\n" + string(o.Data.Plain) + "\n")
		}
	}
	return all.String()
}

// hasRow says whether a line of a text is a table's row.
func hasRow(text string, row []string) bool {
	want := strings.Join(strings.Fields(strings.Join(row, " ")), " ")
	for line := range strings.Lines(text) {
		if strings.Join(strings.Fields(line), " ") == want {
			return true
		}
	}
	return false
}
