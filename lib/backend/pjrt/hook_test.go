package pjrt

import "testing"

// TestProductsAreExact: no program keeps XLA's default precision, which is TF32 on a GPU, neither
// for products of matrices nor for convolutions.
func TestProductsAreExact(t *testing.T) {
	const convolution = "precision_config = [#stablehlo<precision DEFAULT>, #stablehlo<precision DEFAULT>]"
	const dot = "precision_config = [#stablehlo<precision HIGHEST>, #stablehlo<precision DEFAULT>]"
	const want = "precision_config = [#stablehlo<precision HIGHEST>, #stablehlo<precision HIGHEST>]"
	for _, text := range []string{convolution, dot} {
		if got := string(exact([]byte(text))); got != want {
			t.Errorf("%s becomes %s", text, got)
		}
	}
}
