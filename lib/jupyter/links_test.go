package jupyter

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Code moves, and a text that points at it must follow.
func TestLinksOfNotebooksAndReadmeLeadToFiles(t *testing.T) {
	root := sources(t).Root
	notebooks, err := filepath.Glob(filepath.Join(root, "notebooks", "*.ipynb"))
	if err != nil {
		t.Fatal(err)
	}
	texts := map[string]string{}
	for _, file := range notebooks {
		n, err := Open(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range n.Cells() {
			if c.Type == "markdown" {
				texts[file] += string(c.Source) + "\n"
			}
		}
	}
	readme, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	texts[filepath.Join(root, "README.md")] = string(readme)

	link, found := regexp.MustCompile(`\]\(([^)\s]+)\)`), 0
	for file, text := range texts {
		for _, m := range link.FindAllStringSubmatch(text, -1) {
			target, _, _ := strings.Cut(m[1], "#")
			if target == "" || strings.Contains(target, "://") {
				continue
			}
			found++
			if _, err := os.Stat(filepath.Join(filepath.Dir(file), target)); err != nil {
				t.Errorf("%s: the link to %s leads nowhere", filepath.Base(file), target)
			}
		}
	}
	if found == 0 {
		t.Error("no link was found")
	}
}
