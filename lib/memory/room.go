package memory

import (
	"os"

	"github.com/essnas/essnas/lib/backend"
	"github.com/essnas/essnas/lib/internal/cgroup"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/shirou/gopsutil/v4/mem"
	"github.com/shirou/gopsutil/v4/process"
)

// Room returns the memory in bytes that a run on the backend can have; ok is false if it is
// unknown. On a CPU it includes the memory of this process, because a run reuses the memory of
// earlier ones.
func Room(b *backend.Backend) (bytes int64, ok bool) {
	if b.GPU() {
		// an unused device does not report its memory
		if _, err := tensors.FromScalar(float32(0)).Buffer(b.Backend, b.Device); err != nil {
			return 0, false
		}
		c := b.Counts()
		return int64(c.DeviceLimit) - int64(c.DeviceBytes), c.DeviceLimit > 0
	}
	m, err := mem.VirtualMemory()
	if err != nil {
		return 0, false
	}
	held := Held()
	bytes = int64(m.Available) + held
	if _, limited, ok := cgroup.Memory("/", held); ok {
		bytes = min(bytes, limited)
	}
	return bytes, true
}

// Held returns the present memory of this process in bytes, or 0 if the system does not report it.
func Held() int64 {
	p, err := process.NewProcess(int32(os.Getpid()))
	if err != nil {
		return 0
	}
	m, err := p.MemoryInfo()
	if err != nil {
		return 0
	}
	return int64(m.RSS)
}
