package safetensors

import (
	"encoding/binary"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDecodeAfterEncodeIsTheIdentity(t *testing.T) {
	arrays := map[string]Array{
		"b": {Shape: []int{2, 2}, F32: []float32{1, -2, 3.5, 0}},
		"a": {Shape: []int{3}, I64: []int64{1, -1, 1 << 40}},
		"s": {Shape: []int{}, F32: []float32{7}},
		"e": {Shape: []int{0, 4}, F32: []float32{}},
	}
	texts := map[string]string{"epoch": "3"}
	raw, err := Encode(arrays, texts)
	if err != nil {
		t.Fatal(err)
	}
	got, meta, err := Decode(raw)
	if err != nil || !cmp.Equal(got, arrays) || !cmp.Equal(meta, texts) {
		t.Errorf("%v\n%s%s", err, cmp.Diff(got, arrays), cmp.Diff(meta, texts))
	}
}

// The bytes are worked out by hand from the format's description.
func TestTheBytesAreThoseOfTheFormat(t *testing.T) {
	raw, err := Encode(map[string]Array{"x": {Shape: []int{2}, F32: []float32{1, 2}}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	header := `{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}  ` // a multiple of 8
	want := append(binary.LittleEndian.AppendUint64(nil, uint64(len(header))), header...)
	want = append(want, 0, 0, 0x80, 0x3f, 0, 0, 0, 0x40)
	if string(raw) != string(want) {
		t.Errorf("got %q, want %q", raw, want)
	}
}

func TestAnArrayMustFillItsShape(t *testing.T) {
	for name, a := range map[string]Array{
		"few":        {Shape: []int{3}, F32: []float32{1}},
		"both":       {Shape: []int{2}, F32: []float32{1}, I64: []int64{1}},
		"negative":   {Shape: []int{-1}},
		"large":      {Shape: []int{1 << 20, 1 << 20}},
		metadata:     {Shape: []int{1}, F32: []float32{1}},
		"no numbers": {Shape: []int{1}},
	} {
		if _, err := Encode(map[string]Array{name: a}, nil); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// No input may take more memory than it has, or panic.
func FuzzDecode(f *testing.F) {
	raw, err := Encode(map[string]Array{"x": {Shape: []int{2}, F32: []float32{1, 2}}, "n": {Shape: []int{1}, I64: []int64{9}}}, map[string]string{"k": "v"})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(raw)
	f.Add(raw[:20])
	f.Add([]byte{255, 255, 255, 255, 255, 255, 255, 255, '{'})
	f.Fuzz(func(t *testing.T, raw []byte) {
		arrays, _, err := Decode(raw)
		if err != nil {
			return
		}
		size := 0
		for _, a := range arrays {
			size += len(a.F32)*4 + len(a.I64)*8
		}
		if size > len(raw) {
			t.Errorf("%d bytes of arrays come from %d bytes of a file", size, len(raw))
		}
	})
}
