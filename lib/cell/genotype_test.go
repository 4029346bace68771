package cell

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

func TestLoadReadsAFileInEitherForm(t *testing.T) {
	want, _ := Published("PC_DARTS_cifar")
	text, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"found.json": string(text), "found.txt": want.Python()} {
		file := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := Load(file); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %v, %v", name, got, err)
		}
	}
}

func TestLoadOfAnUnknownNameListsTheKnownOnes(t *testing.T) {
	_, err := Load("DARTS_V3")
	for _, part := range append(PublishedNames(), `"DARTS_V3"`) {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("the error %v does not mention %s", err, part)
		}
	}
}

func TestLoadNamesTheFileThatHoldsNoGenotype(t *testing.T) {
	file := filepath.Join(t.TempDir(), "broken.json")
	if err := os.WriteFile(file, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(file); err == nil || !strings.Contains(err.Error(), file) {
		t.Errorf("the error %v does not name %s", err, file)
	}
	if _, err := Load(t.TempDir()); err == nil {
		t.Error("a directory was read as a genotype")
	}
}

func TestJSONHoldsAGeneAsAPair(t *testing.T) {
	g, _ := Published("DARTS_V2")
	text, err := json.Marshal(g)
	if err != nil {
		t.Fatal(err)
	}
	if want := `{"normal":[["sep_conv_3x3",0],["sep_conv_3x3",1],`; !strings.HasPrefix(string(text), want) {
		t.Errorf("got %s, want it to begin with %s", text, want)
	}
}

func TestInvalidJSONLeavesTheGenotypeAlone(t *testing.T) {
	g, _ := Published("DARTS_V2")
	want, _ := Published("DARTS_V2")
	if err := json.Unmarshal([]byte(`{"normal": []}`), &g); err == nil {
		t.Error("a genotype without genes was accepted")
	}
	if !reflect.DeepEqual(g, want) {
		t.Errorf("the genotype became %v", g)
	}
}
