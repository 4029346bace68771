package notebook

import (
	"embed"
	"fmt"
	"strings"

	"github.com/janpfeifer/gonb/gonbui"
)

//go:embed widget
var widgets embed.FS

// SoftmaxWidget shows the mixture of an edge. The user drags its alphas and the slopes of the loss,
// and sees the shares of the operations and the step of gradient descent. Like all widgets it works
// in the page, also in a saved notebook without a kernel, and by keyboard.
func SoftmaxWidget() {
	widget("softmax", "softmax of four alphas and its gradient")
}

// CorrelationWidget shows four cross-correlation matrices. The user drags lambda and sees both
// terms of the Barlow Twins loss.
func CorrelationWidget() {
	widget("correlations", "lambda and the loss of four correlation matrices")
}

// ShuffleWidget shows partial channels step by step. The user chooses K and sees the channels that
// pass through the operations, and the shuffle that mixes them.
func ShuffleWidget() {
	widget("shuffle", "K and the shuffle of 16 channels")
}

// SurfaceWidget shows two loss surfaces over two weights and their mixture. The user drags
// ss_factor and sees the minimum move.
func SurfaceWidget() {
	widget("surfaces", "ss_factor and the mixture of two loss surfaces")
}

func widget(name, text string) {
	read := func(file string) string {
		b, err := widgets.ReadFile("widget/" + file)
		Check(err)
		return strings.TrimSpace(string(b))
	}
	id := "essnas-" + gonbui.UniqueId()
	page := fmt.Sprintf(`<style>%s</style><div class="essnas-widget" id="%s" role="group" aria-label="%s">%s</div><script>%s(document.getElementById(%q), %s)</script>`,
		read("widget.css"), id, text, text, read("base.js"), id, commentless(read(name+".js")))
	HTML(page, "A widget: "+text+".")
}

// commentless removes the comment above a script, so that the script begins with an expression.
func commentless(script string) string {
	for strings.HasPrefix(script, "//") {
		_, script, _ = strings.Cut(script, "\n")
	}
	return script
}
