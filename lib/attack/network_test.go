package attack_test

import (
	"slices"
	"testing"

	"github.com/essnas/essnas/lib/attack"
	"github.com/essnas/essnas/lib/backend/backendtest"
	"github.com/essnas/essnas/lib/cell"
	"github.com/essnas/essnas/lib/internal/golden"
	"github.com/essnas/essnas/lib/internal/golden/parity"
	"github.com/essnas/essnas/lib/network"
)

// found returns a network with the cells of PC_DARTS_cifar; load replaces its initial weights.
func found(t testing.TB, cells, channels, batch int, load func(m *network.Model)) *network.Pixels {
	t.Helper()
	g, _ := cell.Published("PC_DARTS_cifar")
	m := network.NewModel(backendtest.Open(t), network.New(g, cells, channels, 10, 3, 32, batch, false), 1)
	t.Cleanup(m.Close)
	load(m)
	p, err := m.Pixels(slices.Repeat([]float32{0.5}, 3), slices.Repeat([]float32{0.25}, 3))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

// TestStepsOnAFoundNetworkAreTorchattacks, with gradients of package network.
func TestStepsOnAFoundNetworkAreTorchattacks(t *testing.T) {
	torch, weights := golden.Under(golden.Read(t, "attack"), "found/"), golden.Under(golden.Read(t, "networks"), "PC_DARTS_cifar/")
	c := found(t, 4, 4, 4, func(m *network.Model) {
		parity.Load(t, m.Params, weights, parity.Path)
		parity.LoadRunning(t, m.Params, weights, parity.Path)
	})
	torch["y"] = weights["labels"]
	for name, o := range map[string]attack.Options{
		"fgsm":   {Method: "fgsm", Eps: []float64{4. / 255}},
		"pgd":    {Method: "pgd", Eps: []float64{8. / 255}, Centre: true},
		"pgd_l2": {Method: "pgd", Norm: "l2", Eps: []float64{0.5}, Step: 0.2, Centre: true},
	} {
		got, err := attack.Adversarial(t.Context(), c, attack.BytesOf(torch), o)
		if err != nil {
			t.Fatal(err)
		}
		attack.Near(t, name, got, torch[name].Data)
	}
}
