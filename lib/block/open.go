package block

import (
	"runtime"

	"github.com/essnas/essnas/lib/backend"
)

// Options are the settings of an engine for a run.
type Options struct {
	Devices   int    // number of devices that share each batch (see DataParallel); 0 stands for 1
	Precision string // precision of images (see ParsePrecision)
}

// Open returns an engine for a backend; the kind of backend determines the layout of images. Open
// returns an error if the precision is unknown or there are fewer devices.
func Open(b *backend.Backend, o Options) (*Engine, error) {
	precision, err := ParsePrecision(o.Precision)
	if err != nil {
		return nil, err
	}
	e, err := DataParallel(b.Backend, max(1, o.Devices))
	if err != nil {
		return nil, err
	}
	e.Device = b.Device
	if b.GPU() {
		e.Workers = max(e.Workers, runtime.NumCPU()/2) // a GPU leaves the CPU's cores idle
	}
	e.Lowering = Lowering{Layout: layoutOf(b), Precision: precision, Choices: b.Choices}
	return e, nil
}

func layoutOf(b *backend.Backend) Layout {
	if b.GPU() {
		return NHWC
	}
	return CHWN
}
