package jupyter

import (
	"bytes"
	"context"
	"embed"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/essnas/essnas/lib/internal/atomicfile"
	"github.com/essnas/essnas/lib/internal/checkout"
)

// drawing is the program that draws pages.
//
//go:embed page.py
var drawing string

// Page converts a saved notebook into a page (HTML) that needs no other file and no network.
// nbconvert draws it. Formulas become MathML, which needs no script from the network. Figures get a
// text alternative and shrink to the window. Sliders of
// [github.com/essnas/essnas/lib/notebook.Explore] work on the page. The page's policy forbids all
// other scripts and the network, and addresses that run programs lead nowhere.
//
// Page returns an error if the environment can't be made, if the notebook can't be converted, if
// out can't be written, or if ctx ends.
func Page(ctx context.Context, c checkout.Tree, path, out string, say func(string)) error {
	return draw(ctx, c, path, out, say)
}

// reveal is the program that shows slides (reveal.js 5.2, MIT licence).
//
//go:embed reveal
var reveal embed.FS

// Slides converts a saved notebook into slides, a page (HTML) that needs no other file and no
// network. Each section is a slide, unless the notebook's metadata (slideshow.slide_type) define
// the slides. Formulas, figures and sliders are as on a [Page]. The arrow keys turn the slides, F
// fills the screen.
//
// Slides returns the errors of Page.
func Slides(ctx context.Context, c checkout.Tree, path, out string, say func(string)) error {
	dir, err := os.MkdirTemp("", "essnas-slides-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := os.CopyFS(dir, reveal); err != nil {
		return err
	}
	return draw(ctx, c, path, out, say, filepath.Join(dir, "reveal"))
}

func draw(ctx context.Context, c checkout.Tree, path, out string, say func(string), more ...string) error {
	if _, err := Open(path); err != nil {
		return err
	}
	title := strings.TrimSuffix(filepath.Base(path), ".ipynb")
	command, err := Command(ctx, c, say, "python", append([]string{"-I", "-c", drawing, path, title}, more...)...)
	if err != nil {
		return err
	}
	var said bytes.Buffer
	command.Stderr = &said
	page, err := command.Output()
	if err != nil {
		return fmt.Errorf("%s can't be converted into a page (%s)", path, lastLine(said.String(), err))
	}
	return atomicfile.WriteBytes(out, page)
}
