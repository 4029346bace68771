package fit

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/essnas/essnas/lib/internal/atomicfile"
	"github.com/essnas/essnas/lib/internal/safetensors"
)

// A checkpoint is a safetensors file, so other programs can read it. The metadata holds the SHA-256
// of the whole file, computed with zeros in the place of the checksum itself.

// Array is an array of a checkpoint, row by row. Exactly one of F32 and I64 is set; if both are
// empty, it is a float32 array without numbers.
type Array = safetensors.Array

// State is the complete state of a task: arrays (weights, momentum) and texts (settings, counters)
// by name.
type State struct {
	Arrays map[string]Array
	Meta   map[string]string
}

const checksumKey = "essnas.sha256"

var noChecksum = strings.Repeat("0", 2*sha256.Size)

// Save writes the state to path, completely or not at all. Equal states give equal bytes. Save
// returns an error if an array's shape does not fit its numbers or the file can't be written.
func (s State) Save(path string) error {
	raw, err := s.encode()
	if err != nil {
		return fmt.Errorf("checkpoint %s: %w", path, err)
	}
	return atomicfile.WriteBytes(path, raw)
}

// notFinite returns the name of the first array with an infinity or a NaN, or "" if there is none.
func (s State) notFinite() string {
	for _, name := range slices.Sorted(maps.Keys(s.Arrays)) {
		for _, x := range s.Arrays[name].F32 {
			if x-x != 0 {
				return name
			}
		}
	}
	return ""
}

// LoadState reads a file of Save. It returns an error that names the file and its damage, or an
// error that wraps fs.ErrNotExist if there is no file.
func LoadState(path string) (State, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return State{}, fmt.Errorf("there is no checkpoint %s: %w", path, err)
		}
		return State{}, atomicfile.Explain(err, path)
	}
	s, err := decode(raw)
	if err != nil {
		return State{}, fmt.Errorf("checkpoint %s is damaged (%w)", path, err)
	}
	return s, nil
}

func (s State) encode() ([]byte, error) {
	meta := maps.Clone(s.Meta)
	if meta == nil {
		meta = map[string]string{}
	}
	meta[checksumKey] = noChecksum
	raw, err := safetensors.Encode(s.Arrays, meta)
	if err != nil {
		return nil, err
	}
	head, err := safetensors.Header(raw)
	if err != nil {
		return nil, err
	}
	at, err := checksumPlace(head)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(raw)
	hex.Encode(raw[at:], sum[:])
	return raw, nil
}

// checksumPlace returns the position of the checksum's digits.
func checksumPlace(header []byte) (int, error) {
	key := []byte(`"` + checksumKey + `":"`)
	at := bytes.Index(header, key)
	if at < 0 || bytes.Count(header, key) != 1 || at+len(key)+2*sha256.Size > len(header) {
		return 0, errors.New("it has no checksum")
	}
	return at + len(key), nil
}

func decode(raw []byte) (State, error) {
	f, err := safetensors.Open(raw)
	if err != nil {
		return State{}, err
	}
	head, err := safetensors.Header(raw)
	if err != nil {
		return State{}, err
	}
	at, err := checksumPlace(head)
	if err != nil {
		return State{}, err
	}
	blank := slices.Clone(head)
	copy(blank[at:], noChecksum)
	sum := sha256.New()
	sum.Write(blank)
	sum.Write(raw[len(head):])
	if hex.EncodeToString(sum.Sum(nil)) != f.Texts[checksumKey] {
		return State{}, errors.New("its checksum is wrong")
	}
	delete(f.Texts, checksumKey)
	arrays, err := f.Arrays()
	return State{Arrays: arrays, Meta: f.Texts}, err
}
