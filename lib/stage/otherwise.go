package stage

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/essnas/essnas/lib/run"
)

// otherwise returns remarks on the differences between the beginning of a run and its continuation:
// settings that the earlier version of essnas did not have, and versions of the programs that
// compute.
func otherwise(r *run.Run, now map[string]string, plugin string) (remarks []string) {
	c := r.Config
	if missing := missing(r); len(missing) > 0 {
		remarks = append(remarks, fmt.Sprintf("this run was begun by a version of essnas without the settings %s: they have the values of the default preset", strings.Join(missing, ", ")))
	}
	version := func(of, then, now string) {
		if then != "" && now != "" && then != now {
			remarks = append(remarks, fmt.Sprintf("this run was begun with %s %s and continues with %s: its bits may differ from those of an uninterrupted run", of, then, now))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.Versions)) {
		version(name, c.Versions[name], now[name])
	}
	version("the XLA plugin", c.Backend.Version, plugin)
	return remarks
}

// missing returns the names of the settings that a run's config.json lacks.
func missing(r *run.Run) (names []string) {
	s, err := of(r)
	var values map[string]json.RawMessage
	if err != nil || json.Unmarshal(r.Config.Settings, &values) != nil {
		return nil // the reader of the settings returns the error
	}
	for _, f := range s.Runs.Fields() {
		if _, ok := values[f.Name]; !ok && !f.Later {
			names = append(names, f.Name)
		}
	}
	return names
}
