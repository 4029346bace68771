package plugin

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
)

// library writes a file that begins like a shared library for a processor.
func library(t *testing.T, path string, machine elf.Machine) {
	t.Helper()
	var b bytes.Buffer
	if err := binary.Write(&b, binary.LittleEndian, elf.Header64{
		Ident: [16]byte{0x7f, 'E', 'L', 'F', byte(elf.ELFCLASS64), byte(elf.ELFDATA2LSB), byte(elf.EV_CURRENT)},
		Type:  uint16(elf.ET_DYN), Machine: uint16(machine), Version: uint32(elf.EV_CURRENT), Ehsize: 64,
	}); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestAPluginForAnotherProcessorIsNotInstalled(t *testing.T) {
	here, known := machines[runtime.GOARCH]
	if !known {
		t.Skip("there is no plugin for this processor")
	}
	dir := t.TempDir()
	t.Setenv("PJRT_PLUGIN_LIBRARY_PATH", dir)
	for arch, machine := range machines {
		library(t, filepath.Join(dir, "xla_"+arch+"_pjrt.so"), machine)
	}
	damaged := filepath.Join(dir, "xla_damaged_pjrt.so")
	if err := os.WriteFile(damaged, []byte("not a library"), 0o600); err != nil {
		t.Fatal(err)
	}
	found := Installed(CPU, t.TempDir())
	for arch, machine := range machines {
		if file := filepath.Join(dir, "xla_"+arch+"_pjrt.so"); slices.Contains(found, file) != (machine == here) {
			t.Errorf("on %s the plugins are %q", runtime.GOARCH, found)
		}
	}
	if !slices.Contains(found, damaged) {
		t.Errorf("a damaged plugin is not among %q, so nobody learns of the damage", found)
	}
	if all := List(t.TempDir()); len(all) == 0 || all[0].Path != filepath.Join(dir, "xla_"+runtime.GOARCH+"_pjrt.so") {
		t.Errorf("the list is %+v", all)
	}
}

// Machines with a common home directory would otherwise replace each other's plugin.
func TestProcessorsHaveDirectoriesOfTheirOwn(t *testing.T) {
	seen := map[string]bool{}
	for _, arch := range []string{"amd64", "arm64", "riscv64"} {
		seen[suffix(arch)] = true
	}
	if len(seen) != 3 || suffix("amd64") != "" {
		t.Errorf("the suffixes are %v, want three, with none for amd64, whose installations exist", seen)
	}
	if dir := cpuWheel.dir("/plugins"); dir != "/plugins/xla-cpu-pjrt-"+cpuWheel.version+suffix(runtime.GOARCH) {
		t.Errorf("the directory is %s", dir)
	}
}
