package notebook

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/essnas/essnas/lib/run"
)

// Proxy returns the name of the data set for searches: CIFAR-10, as in the slides, if its files
// exist ($ESSNAS_DATA); otherwise Fashion-MNIST, if its files exist; otherwise "sample", the
// built-in sample of Fashion-MNIST.
func Proxy() string { return proxy() }

var proxy = sync.OnceValue(func() string {
	var all []struct{ Name, Place string }
	Check(json.Unmarshal(Do("data", "list"), &all))
	for _, name := range []string{"cifar10", "fashion-mnist"} {
		for _, i := range all {
			if i.Name == name && i.Place != "" {
				return name
			}
		}
	}
	return "sample"
})

// Pictures draws training images and their augmentation (essnas pictures). The option [Images]
// selects them; Flag("views", "default") draws the two views of the Barlow Twins loss.
func Pictures(options ...Option) {
	dir, err := os.MkdirTemp("", "essnas")
	Check(err)
	defer os.RemoveAll(dir)
	out := filepath.Join(dir, "pictures.png")
	var answer run.Pictures
	Check(json.Unmarshal(Do(append([]string{"pictures", "--out=" + out}, flags(options)...)...), &answer))
	png, err := os.ReadFile(out)
	Check(err)
	var text strings.Builder
	for _, row := range answer.Captions {
		text.WriteString(strings.Join(row, ", ") + "\n")
	}
	bundle{png: png, text: text.String()}.display("")
}
