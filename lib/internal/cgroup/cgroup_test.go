package cgroup

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/janpfeifer/must"
)

func TestControlGroupsLimitTheRoom(t *testing.T) {
	const held = 100
	v2 := "30 24 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n"
	v1 := "33 25 0:29 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n34 25 0:30 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n"
	for law, c := range map[string]struct {
		mounts, groups string
		files          map[string]string
		limit, want    int64 // 0 for no limit
	}{
		"version 2, as a container sees it: the limit less what others hold": {v2, "0::/\n", map[string]string{
			"memory.max": "1000\n", "memory.current": "700\n", "memory.stat": "anon 300\ninactive_file 250\n",
		}, 1000, 1000 - (700 - 250 - held)},
		"version 2 without a limit": {v2, "0::/\n", map[string]string{"memory.max": "max\n", "memory.current": "700\n"}, 0, 0},
		"version 2: the lowest room of all groups above": {v2, "0::/a/b\n", map[string]string{
			"a/memory.max": "800\n", "a/memory.current": "600\n", "a/memory.stat": "inactive_file 0\n",
			"a/b/memory.max": "1000\n", "a/b/memory.current": "100\n",
		}, 800, 800 - (600 - held)},
		"version 2: a group that has more than its limit leaves nothing": {v2, "0::/\n", map[string]string{
			"memory.max": "500\n", "memory.current": "900\n",
		}, 500, 0},
		"version 1": {v1, "5:cpu:/x\n4:memory:/x\n0::/x\n", map[string]string{
			"memory/x/memory.limit_in_bytes": "1000\n", "memory/x/memory.usage_in_bytes": "700\n", "memory/x/memory.stat": "inactive_file 1\ntotal_inactive_file 250\n",
		}, 1000, 1000 - (700 - 250 - held)},
		"version 1 without a limit": {v1, "4:memory:/x\n", map[string]string{"memory/x/memory.limit_in_bytes": "9223372036854771712\n", "memory/x/memory.usage_in_bytes": "700\n"}, 0, 0},
		"version 1 whose part of the tree is mounted": {"33 25 0:29 /docker/abc /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n", "4:memory:/docker/abc\n", map[string]string{
			"memory/memory.limit_in_bytes": "1000\n", "memory/memory.usage_in_bytes": "100\n",
		}, 1000, 1000},
		"between the versions: version 1 counts": {v1 + "35 25 0:31 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n", "4:memory:/x\n0::/x\n", map[string]string{
			"memory/x/memory.limit_in_bytes": "1000\n", "memory/x/memory.usage_in_bytes": "100\n", "unified/x/cgroup.procs": "1\n",
		}, 1000, 1000},
		"no control groups": {"21 1 8:1 / / rw - ext4 /dev/root rw\n", "", nil, 0, 0},
	} {
		root := t.TempDir()
		write := func(name, text string) {
			name = filepath.Join(root, name)
			must.M(os.MkdirAll(filepath.Dir(name), 0o755))
			must.M(os.WriteFile(name, []byte(text), 0o644))
		}
		write("proc/self/mountinfo", c.mounts)
		write("proc/self/cgroup", c.groups)
		for name, text := range c.files {
			write(filepath.Join("sys/fs/cgroup", name), text)
		}
		limit, got, ok := Memory(root, held)
		switch {
		case ok != (c.limit != 0):
			t.Errorf("%s: limited is %t", law, ok)
		case ok && (limit != c.limit || got != c.want):
			t.Errorf("%s: a limit of %d and room for %d bytes, want %d and %d", law, limit, got, c.limit, c.want)
		}
	}
	if _, _, ok := Memory(t.TempDir(), held); ok {
		t.Error("a system without /proc has a limit")
	}
}
