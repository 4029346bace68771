package cell

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// genotypes returns a Python file in the form of projects of the DARTS family.
func genotypes(t *testing.T) (text string, first, second Genotype) {
	t.Helper()
	first, _ = Published("DARTS_V1")
	second, _ = Published("PC_DARTS_cifar")
	text = `from collections import namedtuple

Genotype = namedtuple('Genotype', 'normal normal_concat reduce reduce_concat')
PRIMITIVES = ['none', 'skip_connect']
LIMIT = PRIMITIVES  # not a genotype

# OLD = Genotype(normal=[])
FIRST = ` + first.Python() + "\nSECOND = " + second.Python() + "\nBEST = SECOND  # for now\nLATEST = BEST\n"
	return
}

func TestAPythonFilesGenotypesHaveNames(t *testing.T) {
	text, first, second := genotypes(t)
	for name, want := range map[string]Genotype{"FIRST": first, "SECOND": second, "BEST": second, "LATEST": second} {
		if g, err := ParseNamed(text, name); err != nil || g.Python() != want.Python() {
			t.Errorf("%s: %v, %v", name, g, err)
		}
	}
	for _, name := range []string{"OLD", "LIMIT", "none", ""} {
		if _, err := ParseNamed(text, name); err == nil || !strings.Contains(err.Error(), "FIRST, SECOND, BEST, LATEST") {
			t.Errorf("%q: %v", name, err)
		}
	}
	if _, err := ParseNamed("A = A\n", "A"); err == nil {
		t.Error("a name that is its own alias is a genotype")
	}
}

func TestAFileIsLoadedByItsNameAndThatOfAGenotype(t *testing.T) {
	text, first, _ := genotypes(t)
	dir := t.TempDir()
	write := func(name, text string) string {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return file
	}
	many := write("genotypes.py", text)
	log := write("log.txt", "2026-03-04 05:06:07,089 INFO epoch 24 genotype = "+first.Python()+"\n")
	for _, name := range []string{many + ":FIRST", log, first.Python(), "BEST = " + first.Python(), write("odd:name", first.Python())} {
		if g, err := Load(name); err != nil || g.Python() != first.Python() {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, want := range map[string]string{
		many: "FIRST, SECOND, BEST, LATEST", many + ":THIRD": "FIRST, SECOND", filepath.Join(dir, "none.py") + ":FIRST": "neither a file",
		write("nni.json", `{"normal/op_2_0":"sep_conv_3x3","normal/input_2_0":0}`): "NNI",
		write("nb201.txt", "|skip_connect~0|+|skip_connect~0|none~1|"):             "NAS-Bench-201",
		write("two.log", "a "+first.Python()+" b "+first.Python()):                 "2 genotypes",
		dir: "can't read the genotype",
	} {
		if _, err := Load(name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", name, err, want)
		}
	}
}

func FuzzParseWithin(f *testing.F) {
	g, _ := Published("PC_DARTS_cifar")
	f.Add("x = " + g.Python())
	f.Add("A = Genotype(")
	f.Add("A = B\nB = A\n")
	f.Fuzz(func(t *testing.T, text string) {
		if g, err := ParseWithin(text); err == nil {
			if err := g.Validate(); err != nil {
				t.Errorf("%q gives an invalid genotype: %v", text, err)
			}
		}
		for _, d := range definitions(text) {
			ParseNamed(text, d.name)
		}
	})
}
