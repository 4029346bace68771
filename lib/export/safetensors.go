package export

import (
	"github.com/essnas/essnas/lib/internal/safetensors"
)

// Safetensors returns a safetensors file with the arrays of layers, named and ordered as in PyTorch
// (see the package's documentation), and texts as its metadata. It returns an error where an array
// does not fill its shape.
func Safetensors(layers []Layer, texts map[string]string) ([]byte, error) {
	named := map[string]safetensors.Array{}
	for _, l := range layers {
		for kind, a := range l.Arrays {
			named[l.Name+"."+kind] = a
		}
	}
	return safetensors.Encode(named, texts)
}
