package task

import (
	"errors"
	"testing"

	"github.com/essnas/essnas/lib/augment"
	"github.com/essnas/essnas/lib/backend/backendtest"
	"github.com/essnas/essnas/lib/fit/event"
	"github.com/essnas/essnas/lib/internal/golden/parity"
	"github.com/essnas/essnas/lib/settings"
	"github.com/janpfeifer/must"
)

func TestABatchNeedsItsImages(t *testing.T) {
	if err := CheckBatch("there are %d", 8, 8); err != nil {
		t.Errorf("8 images for a batch of 8: %v", err)
	}
	const want = "there are 7, too few for a batch of 8: use more images or a smaller batch"
	if err := CheckBatch("there are %d", 7, 8); err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}

func TestMoreDevicesThanThereAreAreRefused(t *testing.T) {
	set := parity.Pictures(8, 1, 8, 3)
	if _, err := Open(backendtest.Open(t), set, settings.Shared{Batch: 8, Devices: 1000}, augment.Options{}); err == nil {
		t.Error("1000 devices are opened")
	}
}

func TestATaskThatHasMadeNoWeightsCanBeClosed(t *testing.T) {
	set := parity.Pictures(8, 1, 8, 3)
	b := must.M1(Open(backendtest.Open(t), set, settings.Shared{Batch: 8, Devices: 1}, augment.Options{}))
	b.Close()
}

func TestALaunchThatFailsHasNoResultsToRead(t *testing.T) {
	want := errors.New("no memory")
	if _, err := ReadNow(nil, want); !errors.Is(err, want) {
		t.Errorf("%v", err)
	}
	m, err := ReadNow(func() (event.Metrics, error) { return event.Metrics{"loss": 2}, nil }, nil)
	if err != nil || m["loss"] != 2 {
		t.Errorf("%v %v", m, err)
	}
}
