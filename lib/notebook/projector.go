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
// page is loaded anew: figures take the window's width, no text is smaller than 16 pixels on a screen
// of 1920x1080, and each code cell is folded to its first line that runs. A click into a cell opens
// it. With $ESSNAS_PROJECTOR set, the first output of a cell does the same.
func Projector() { projector().display("") }

func projector() bundle {
	id := "essnas-" + gonbui.UniqueId()
	return bundle{
		html: fmt.Sprintf(`<style>%s</style><div class="essnas-projector" id="%s"></div><script>%s(document.getElementById(%q))</script>`, projected, id, strings.TrimSpace(projecting), id),
		text: "The notebook is shown for a projector.",
	}
}

// projectFirst shows a cell's first output for a projector if the environment asks for it.
var projectFirst = sync.OnceFunc(func() {
	if os.Getenv("ESSNAS_PROJECTOR") != "" {
		projector().send("")
	}
})
