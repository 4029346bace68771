package barlow

import (
	"testing"

	"github.com/essnas/essnas/lib/backend/backendtest"
	"github.com/essnas/essnas/lib/block"
	"github.com/essnas/essnas/lib/internal/golden"
	"github.com/essnas/essnas/lib/settings"
	"github.com/gomlx/gomlx/core/tensors"
)

func TestLossIsTorchs(t *testing.T) {
	torch := golden.Read(t, "barlow")
	e := block.NewEngine(backendtest.Open(t).Backend)
	views := make([]*block.Value, 2)
	for i, name := range []string{"a", "b"} {
		z := torch[name].Transpose(1, 0) // [features, batch]
		views[i] = block.NewValue(tensors.FromFlatDataAndDimensions(z.Data, z.Shape...))
	}
	tape := block.NewTape(e, nil, block.Train, block.Joint)
	defer tape.Close()
	loss := tape.Call("", Loss(6, 16, settings.Lambda), views, nil)[0]
	if err := tape.Run(); err != nil {
		t.Fatal(err)
	}
	golden.Close(t, "loss", loss.Floats(), torch["loss"].Data, 1e-4)
	tape.Seed(loss, 1)
	if err := tape.Backward(true); err != nil {
		t.Fatal(err)
	}
	for i, name := range []string{"gradient/a", "gradient/b"} {
		golden.Close(t, name, views[i].Gradient(), torch[name].Transpose(1, 0).Data, 1e-4)
	}
}
