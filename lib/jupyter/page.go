package jupyter

import (
	"bytes"
	"context"
	_ "embed"
	"fmt"
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
// nbconvert draws it. Formulas become MathML instead of scripts from the network; figures get a
// text and shrink to the window. Sliders of [github.com/essnas/essnas/lib/notebook.Explore] work on
// the page.
//
// Page returns an error if the environment can't be made, if the notebook can't be converted, if
// out can't be written, or if ctx ends.
func Page(ctx context.Context, c checkout.Tree, path, out string, say func(string)) error {
	if _, err := Open(path); err != nil {
		return err
	}
	title := strings.TrimSuffix(filepath.Base(path), ".ipynb")
	command, err := Command(ctx, c, say, "python", "-I", "-c", drawing, path, title)
	if err != nil {
		return err
	}
	var said bytes.Buffer
	command.Stderr = &said
	page, err := command.Output()
	if err != nil {
		return fmt.Errorf("%s can't be made a page (%s)", path, lastLine(said.String(), err))
	}
	return atomicfile.WriteBytes(out, page)
}
