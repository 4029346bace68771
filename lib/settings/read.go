package settings

import (
	"encoding/json"
	"fmt"
	"slices"
)

// preset returns the settings from which Read takes missing values.
func (Search) preset() (Search, error)     { return SearchChoice().Settings() }
func (Train) preset() (Train, error)       { return TrainChoice().Settings() }
func (Pretrain) preset() (Pretrain, error) { return PretrainChoice().Settings() }

// Read reads the settings in a run's config.json, which another version of essnas may have written.
// Missing settings get the values of the default preset. Read returns an error for invalid text,
// and for a setting that this version doesn't know, because its effect would be lost.
func Read[S Settings](text []byte) (s S, err error) {
	if p, ok := any(s).(interface{ preset() (S, error) }); ok {
		if s, err = p.preset(); err != nil {
			return s, err
		}
	}
	var values map[string]json.RawMessage
	if err := json.Unmarshal(text, &values); err != nil {
		return s, err
	}
	fields := Fields[S]()
	for name := range values {
		if !slices.ContainsFunc(fields, func(f Field) bool { return f.Name == name }) {
			return s, fmt.Errorf("this version of essnas knows no setting %q: use the version that made the run", name)
		}
	}
	return s, json.Unmarshal(text, &s)
}
