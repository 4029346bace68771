package memory

import (
	"os"

	"github.com/KimMachineGun/automemlimit/memlimit"
	"github.com/essnas/essnas/lib/backend"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/shirou/gopsutil/v4/mem"
	"github.com/shirou/gopsutil/v4/process"
)

// Room is the memory that a run on the backend can have, in bytes; ok is false where nobody tells. On a CPU what this process holds is part of it, for a run
// takes what earlier ones left.
func Room(b *backend.Backend) (bytes int64, ok bool) {
	if b.GPU() {
		if _, err := tensors.FromScalar(float32(0)).Buffer(b.Backend, b.Device); err != nil { // what was never used doesn't tell
			return 0, false
		}
		c := b.Counts()
		return int64(c.DeviceLimit) - int64(c.DeviceBytes), c.DeviceLimit > 0
	}
	m, err := mem.VirtualMemory()
	if err != nil {
		return 0, false
	}
	bytes = int64(m.Available) + Held()
	if limit, err := memlimit.FromCgroup(); err == nil { // there are none on other systems
		bytes = min(bytes, int64(limit))
	}
	return bytes, true
}

// Held is what this process has in memory, in bytes; 0 where the system does not tell.
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
