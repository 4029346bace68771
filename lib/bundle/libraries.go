package bundle

import (
	"debug/elf"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// ofC lists the files of the C library. A bundle does not contain them, because they must fit each
// other and the machine's kernel.
var ofC = []string{"ld-linux", "ld64", "libc.so", "libm.so", "libdl.so", "librt.so", "libpthread.so", "libresolv.so", "libutil.so", "libnsl.so", "libanl.so", "linux-vdso"}

// needed returns the libraries that files need, except those of the C library and the files
// themselves, and the oldest version of the C library that suits all of them. It returns an error
// if this machine lacks a library.
func needed(files []entry) (libraries []entry, glibc string, err error) {
	have, least := map[string]bool{}, version{}
	for _, f := range files {
		have[path.Base(f.name)] = true
	}
	for open := files; len(open) > 0; open = open[1:] {
		names, needs, err := inspect(open[0].path)
		if err != nil {
			return nil, "", err
		}
		if slices.Compare(needs, least) > 0 {
			least = needs
		}
		for _, name := range names {
			if have[name] || slices.ContainsFunc(ofC, func(prefix string) bool { return strings.HasPrefix(name, prefix) }) {
				continue
			}
			have[name] = true
			p := find(name)
			if p == "" {
				// NVIDIA's libraries need the driver, which belongs to the machine with the GPU.
				if strings.HasPrefix(name, "libcuda.so") || strings.HasPrefix(name, "libnvidia") {
					continue
				}
				// Some libraries of a wheel, such as those for other networks, need libraries that this
				// machine lacks.
				if strings.HasPrefix(open[0].name, "cache/plugins/") && !strings.Contains(open[0].name, "pjrt") && !strings.Contains(open[0].name, "xla_") {
					continue
				}
				return nil, "", fmt.Errorf("%s needs %s, which none of the usual directories has: add its directory to LD_LIBRARY_PATH", open[0].path, name)
			}
			l := entry{name: path.Join("lib", name), path: p}
			libraries = append(libraries, l)
			open = append(open, l)
		}
	}
	return libraries, least.String(), nil
}

// version is a version of the C library: 2, 34.
type version []int

func (v version) String() string {
	var parts []string
	for _, n := range v {
		parts = append(parts, strconv.Itoa(n))
	}
	return strings.Join(parts, ".")
}

// inspect returns the libraries that a program or library needs, and the version of the C library
// that its symbols need. It returns nothing for other files.
func inspect(p string) (names []string, needs version, err error) {
	f, err := elf.Open(p)
	if err != nil {
		if _, format := err.(*elf.FormatError); format || !isFile(p) {
			return nil, nil, nil
		}
		return nil, nil, nil // too short for a program
	}
	defer f.Close()
	if names, err = f.ImportedLibraries(); err != nil {
		return nil, nil, fmt.Errorf("%s is a damaged program or library: %w", p, err)
	}
	symbols, err := f.ImportedSymbols()
	if err != nil { // a static program
		return names, nil, nil
	}
	for _, s := range symbols {
		text, ok := strings.CutPrefix(s.Version, "GLIBC_")
		if !ok {
			continue
		}
		var v version
		for _, part := range strings.Split(text, ".") {
			n, err := strconv.Atoi(part)
			if err != nil {
				v = nil
				break
			}
			v = append(v, n)
		}
		if slices.Compare(v, needs) > 0 {
			needs = v
		}
	}
	return names, needs, nil
}

// find returns the path of a library as the loader finds it, or "".
func find(name string) string {
	dirs := filepath.SplitList(os.Getenv("LD_LIBRARY_PATH"))
	for _, pattern := range []string{"/lib/*-linux-gnu", "/usr/lib/*-linux-gnu", "/lib64", "/usr/lib64", "/lib", "/usr/lib", "/usr/local/lib"} {
		found, _ := filepath.Glob(pattern)
		dirs = append(dirs, found...)
	}
	for _, dir := range dirs {
		p, err := filepath.EvalSymlinks(filepath.Join(dir, name))
		if err == nil && isFile(p) {
			return p
		}
	}
	return ""
}

func isFile(p string) bool {
	info, err := os.Stat(p)
	return err == nil && info.Mode().IsRegular()
}
