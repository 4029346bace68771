package jupyter

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func TestPagesNeedNoNetwork(t *testing.T) {
	environment(t)
	dir := t.TempDir()
	path, out := filepath.Join(dir, "one.ipynb"), filepath.Join(dir, "one.html")
	text := `A cell $x_{i} * y_{i} * z$ and $$\\sum_{i < j} \\frac{x_i}{2}$$ cost $5, but ` + "`$HOME and $PATH`" + ` nothing. [On](02-cell.ipynb#two), [off](https://x.org/a.ipynb)`
	if err := os.WriteFile(path, fmt.Appendf(nil, `{"cells": [{"cell_type": "markdown", "source": ["%s"], "metadata": {}},
		{"cell_type": "code", "source": "a", "metadata": {}, "execution_count": 1, "outputs": [{"output_type": "display_data", "metadata": {},
			"data": {"text/html": "<script>drag()</script>", "text/plain": "x"}},
			{"output_type": "display_data", "metadata": {}, "data": {"image/svg+xml": ["<svg ", "width='9'/>"], "image/png": "eA==\n", "text/plain": "a < \"b\""}},
			{"output_type": "display_data", "metadata": {}, "data": {"image/png": "eA==\n", "text/plain": "only a picture"}}]},
		{"cell_type": "code", "source": "func and() { } // for", "metadata": {}, "execution_count": 2, "outputs": [{"output_type": "display_data", "metadata": {},
			"data": {"text/markdown": "so $\\alpha_o$", "text/plain": "so"}}]}],
		"metadata": {"language_info": {"name": "go", "pygments_lexer": ""}}, "nbformat": 4, "nbformat_minor": 4}`, text), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := Page(t.Context(), sources(t), path, out, func(text string) { t.Log(text) }); err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	_, body, _ := strings.Cut(string(page), "<body")
	if n := strings.Count(body, "<math "); n != 3 {
		t.Errorf("the page has %d formulas, want 3:\n%s", n, body)
	}
	for _, want := range []string{
		"<mfrac>", "cost $5, but", "$HOME and $PATH", "<script>drag()</script>", `<span class="kd">func</span>`, `href="02-cell.html#two"`, `href="https://x.org/a.ipynb"`,
		`alt='a &lt; "b"'`, `src="data:image/svg+xml;base64,PHN2ZyB3aWR0aD0nOScvPg=="`, `alt="only a picture"`, `src="data:image/png;base64,eA==`, `alttext="\sum_{i &lt; j} \frac{x_i}{2}"`,
	} {
		if !strings.Contains(body, want) {
			t.Errorf("the page does not have %q:\n%s", want, body)
		}
	}
	if strings.Contains(body, "No description") {
		t.Errorf("a figure is not described:\n%s", body)
	}
	if strings.Contains(body, "<em>") {
		t.Errorf("a formula's stars were taken for emphasis:\n%s", body)
	}
	if loads := regexp.MustCompile(`(?s)(src="https?:|import\().{60}`).FindAllString(string(page), -1); loads != nil {
		t.Errorf("the page loads %q", loads)
	}
}
