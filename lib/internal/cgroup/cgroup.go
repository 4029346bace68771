// Package cgroup reads the memory limits of Linux's control groups, of both versions: those of a
// container or of a job of a cluster.
package cgroup

import (
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Memory returns the memory limit in bytes of this process's control groups, the lowest of all
// groups above it, and the room that they leave to the process, including what it holds itself
// (held). ok is false without a limit. root is "/", but for tests.
//
// The room is less than the limit: JupyterLab and the kernels of a container count as well. The page
// cache does not, as far as the system gives it back before it kills (inactive_file).
func Memory(root string, held int64) (limit, room int64, ok bool) {
	limit, room = math.MaxInt64, math.MaxInt64
	for _, h := range hierarchies(root) {
		for dir := h.dir; ; dir = filepath.Dir(dir) { // a group has the limits of those above it
			if most, known := number(filepath.Join(dir, h.limit)); known && most < unlimited {
				used, _ := number(filepath.Join(dir, h.used))
				others := max(0, used-field(filepath.Join(dir, "memory.stat"), h.cache)-held)
				limit, room, ok = min(limit, most), min(room, max(0, most-others)), true
			}
			if dir == h.mount || len(dir) <= len(root) {
				break
			}
		}
	}
	return limit, room, ok
}

// unlimited is below the number that version 1 of control groups shows without a limit.
const unlimited = 1 << 62

// hierarchy is a tree of control groups that counts memory.
type hierarchy struct {
	mount, dir         string // of the whole tree, of this process's group
	limit, used, cache string // names of files, and of a field of memory.stat
}

// hierarchies finds those of this process: one, or two on a system that is between the versions.
func hierarchies(root string) (found []hierarchy) {
	mounts, err := os.ReadFile(filepath.Join(root, "proc/self/mountinfo"))
	if err != nil {
		return nil // not Linux
	}
	groups, _ := os.ReadFile(filepath.Join(root, "proc/self/cgroup"))
	for line := range strings.Lines(string(groups)) { // number:controllers:path
		parts := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(parts) != 3 {
			continue
		}
		h := hierarchy{limit: "memory.max", used: "memory.current", cache: "inactive_file"}
		kind := "cgroup2"
		if parts[1] != "" {
			if !has(parts[1], "memory") {
				continue
			}
			kind = "cgroup"
			h.limit, h.used, h.cache = "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"
		}
		for mount := range strings.Lines(string(mounts)) {
			// id parent device root point options ... - type source superoptions (proc(5))
			before, after, _ := strings.Cut(strings.TrimSpace(mount), " - ")
			left, right := strings.Fields(before), strings.Fields(after)
			if len(left) < 5 || len(right) < 3 || right[0] != kind || kind == "cgroup" && !has(right[2], "memory") {
				continue
			}
			h.mount = filepath.Join(root, left[4])
			h.dir = h.mount
			// A container sees its own group as the root of the tree, or the tree's part from there.
			if below, err := filepath.Rel(left[3], parts[2]); err == nil && below != ".." && !strings.HasPrefix(below, "../") {
				h.dir = filepath.Join(h.mount, below)
			}
			if _, err := os.Stat(h.dir); err != nil {
				h.dir = h.mount
			}
			found = append(found, h)
			break
		}
	}
	return found
}

// has reports whether a list with commas has an element.
func has(list, element string) bool { return slices.Contains(strings.Split(list, ","), element) }

// number reads a file with a number; known is false for a file that is not there or says "max".
func number(file string) (n int64, known bool) {
	text, err := os.ReadFile(file)
	if err != nil {
		return 0, false
	}
	n, err = strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
	return n, err == nil
}

// field reads a field of a file with lines of names and numbers; 0 if there is none.
func field(file, name string) int64 {
	text, _ := os.ReadFile(file)
	for line := range strings.Lines(string(text)) {
		if key, value, _ := strings.Cut(strings.TrimSpace(line), " "); key == name {
			n, _ := strconv.ParseInt(value, 10, 64)
			return n
		}
	}
	return 0
}
