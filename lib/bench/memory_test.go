package bench

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestTheLimitOfAContainerIsTheMemoryOfABenchmark(t *testing.T) {
	for law, c := range map[string]struct {
		limit string
		want  uint64
		text  string
	}{
		"a limit below the machine's memory decides": {"2000000000\n", 2e9, "2.0 GB memory, the limit of the container or job on a machine with 16 GB"},
		"a higher limit limits nothing":              {"32000000000\n", 0, " 16 GB memory,"},
		"no limit":                                   {"max\n", 0, " 16 GB memory,"},
	} {
		root := t.TempDir()
		for name, text := range map[string]string{
			"proc/self/mountinfo": "30 24 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n", "proc/self/cgroup": "0::/\n",
			"sys/fs/cgroup/memory.max": c.limit, "sys/fs/cgroup/memory.current": "1000\n",
		} {
			name = filepath.Join(root, name)
			if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		var m Machine
		m.remember(root, 16e9)
		if m.Memory != 16e9 || m.MemoryLimit != c.want {
			t.Errorf("%s: memory %d and limit %d, want %d and %d", law, m.Memory, m.MemoryLimit, uint64(16e9), c.want)
		}
		if text := (&Report{Machine: m}).String(); !strings.Contains(text, c.text) {
			t.Errorf("%s: the report begins with %q, want %q in it", law, strings.SplitN(text, "\n", 2)[0], c.text)
		}
	}
}
