package jupyter

import (
	"crypto/sha256"
	"encoding/base64"
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
	if policy := `<head><meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'none'; `; !strings.Contains(string(page), policy) {
		t.Errorf("the page has no policy: %.300s", page)
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

// A foreign notebook's links run no programs, and its scripts don't run; those of sliders do.
func TestPagesRunNoForeignPrograms(t *testing.T) {
	environment(t)
	dir := t.TempDir()
	path, out := filepath.Join(dir, "one.ipynb"), filepath.Join(dir, "one.html")
	links := `[a](javascript:alert(1)) <a href='JavaScript:alert(2)'>b</a> <a href=java&#115;cript:alert(3)>c</a> <a href='\tjava\nscript:alert(4)'>d</a> <form action='javascript:alert(5)'></form> [e](https://x.org/javascript:fine)`
	slider := `<div class=\"essnas-explore\" id=\"a\"><pre>x</pre></div><script>slide(1)</script>`
	if err := os.WriteFile(path, fmt.Appendf(nil, `{"cells": [{"cell_type": "markdown", "source": ["%s"], "metadata": {}},
		{"cell_type": "code", "source": "a", "metadata": {}, "execution_count": 1, "outputs": [
			{"output_type": "display_data", "metadata": {}, "data": {"text/html": "<script>steal()</script><iframe src=\"vbscript:x\"></iframe>"}},
			{"output_type": "display_data", "metadata": {}, "data": {"text/html": "%s"}}]}],
		"metadata": {}, "nbformat": 4, "nbformat_minor": 4}`, links, slider), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := Page(t.Context(), sources(t), path, out, func(text string) { t.Log(text) }); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	page := string(raw)
	if found := regexp.MustCompile(`(?i)(href|src|action)\s*=\s*["']?\s*(java|vb)[^"'>]*:[^"'>]*`).FindAllString(page, -1); found != nil {
		t.Errorf("the page has the links %q", found)
	}
	if !strings.Contains(page, `href="https://x.org/javascript:fine"`) {
		t.Error("a link to a page is lost")
	}
	hash := sha256.Sum256([]byte("slide(1)"))
	if want := "script-src 'sha256-" + base64.StdEncoding.EncodeToString(hash[:]) + "';"; !strings.Contains(page, want) {
		t.Errorf("the policy does not have %s and no other script: %.400s", want, page)
	}
}
