package run

import (
	"bytes"
	"math"
	"os"
	"testing"

	"github.com/essnas/essnas/lib/fit/event"
)

// TestEventFilesAreThoseOfTensorBoard: the golden file is that of testdata/eventfile.py
// (TensorBoard 2.21.0), which reads the same values from it.
func TestEventFilesAreThoseOfTensorBoard(t *testing.T) {
	want, err := os.ReadFile("testdata/tensorboard.tfevents")
	if err != nil {
		t.Fatal(err)
	}
	var got bytes.Buffer
	err = WriteTensorBoard(&got, 1.5e9, []Epoch{
		{Epoch: 1, Seconds: 2.25, Metrics: event.Metrics{"loss": 2.3, "validation_accuracy": 0.125}},
		{Epoch: 2, Seconds: 4.5, Metrics: event.Metrics{"loss": 1.1e-9, "validation_accuracy": math.NaN()}},
		{Epoch: 300, Seconds: 600, Metrics: event.Metrics{"loss": math.Inf(1)}},
	})
	if err != nil || !bytes.Equal(got.Bytes(), want) {
		t.Errorf("%x\nwant\n%x (%v)", got.Bytes(), want, err)
	}
}
