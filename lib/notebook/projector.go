package notebook

import (
	_ "embed"
	"fmt"
	"os"
	"strings"
	"sync"

	"github.com/janpfeifer/gonb/gonbui"
)

var (
	//go:embed projector.js
	projecting string
	//go:embed projector.css
	projected string
)

// Projector makes the whole notebook legible from the last row, until its button is pressed or the
// page is reloaded. Figures take the window's width, and no text is smaller than 16 pixels on a
// screen of 1920x1080. Each code cell is folded to its first line that runs, and a click opens it.
// If $ESSNAS_PROJECTOR is set, the first output of a cell does the same.
func Projector() { projector().display("") }

func projector() bundle {
	id := "essnas-" + gonbui.UniqueId()
	return bundle{
		html: fmt.Sprintf(`<style>%s</style><div class="essnas-projector" id="%s"></div><script>%s(document.getElementById(%q))</script>`, projected, id, strings.TrimSpace(projecting), id),
		text: "The notebook is shown for a projector.",
	}
}

// projectFirst calls Projector before a cell's first output if $ESSNAS_PROJECTOR is set.
var projectFirst = sync.OnceFunc(func() {
	if os.Getenv("ESSNAS_PROJECTOR") != "" {
		projector().send("")
	}
})
