package lab

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/essnas/essnas/lib/internal/whole"
	"github.com/spf13/pflag"
)

// Settings is a struct whose fields have the tags json (the name in settings files; in flags with - for _) and help. search.Settings and
// network.Settings are such.
type Settings interface{ Validate() error }

// Choice is how settings are chosen: a preset, changed by a method, a settings file, single values, in this order. It is the one place that
// turns a struct of settings into flags, files and presets.
type Choice[S Settings] struct {
	Preset string            // "" for the first of the presets
	Method string            // "" for the preset's own
	File   string            // JSON with some or all settings; "" for none
	Values map[string]string // by the field's name in JSON

	presets []preset[S]
	methods []method[S] // none: there is no choice of methods
}

type preset[S Settings] struct {
	name, help string
	settings   S
}

// method changes the settings of any preset, whose name it is told.
type method[S Settings] struct {
	name, help string
	change     func(s *S, preset string)
}

// Given says whether anything was chosen: an existing run that is named needs no settings.
func (c *Choice[S]) Given() bool {
	return c.Preset != "" || c.Method != "" || c.File != "" || len(c.Values) > 0
}

// PresetNames lists the presets, the default one first.
func (c *Choice[S]) PresetNames() (names []string) {
	for _, p := range c.presets {
		names = append(names, p.name)
	}
	return
}

// MethodNames lists the methods.
func (c *Choice[S]) MethodNames() (names []string) {
	for _, m := range c.methods {
		names = append(names, m.name)
	}
	return
}

// AddFlags defines --preset, --method if there is a choice, --settings, and a flag for each setting.
func (c *Choice[S]) AddFlags(flags *pflag.FlagSet) {
	var helps []string
	for _, p := range c.presets {
		helps = append(helps, fmt.Sprintf("%s (%s)", p.name, p.help))
	}
	flags.StringVar(&c.Preset, "preset", "", fmt.Sprintf("settings to start from: %s; default %s", strings.Join(helps, ", "), c.presets[0].name))
	if len(c.methods) > 0 {
		helps = nil
		for _, m := range c.methods {
			helps = append(helps, fmt.Sprintf("%s (%s)", m.name, m.help))
		}
		flags.StringVar(&c.Method, "method", "", "what the preset's settings are changed to: "+strings.Join(helps, ", "))
	}
	flags.StringVar(&c.File, "settings", "", "JSON `FILE` with settings that change the preset's; flags change both")
	for _, f := range fieldsOf[S]() {
		flags.Var(&flagValue[S]{c, f}, f.flag(), fmt.Sprintf("%s (%s)", f.help, c.defaults(f)))
	}
}

// defaults are the presets' values of a setting: one if all have the same.
func (c *Choice[S]) defaults(f field) string {
	var values, named []string
	for _, p := range c.presets {
		value := fmt.Sprint(reflect.ValueOf(p.settings).Field(f.index))
		if value == "" {
			value = "none"
		}
		values, named = append(values, value), append(named, p.name+" "+value)
	}
	if len(slices.Compact(values)) == 1 {
		return values[0]
	}
	return strings.Join(named, ", ")
}

// Settings are the preset's, changed by the method, by the file's, changed by the single values; and valid.
func (c *Choice[S]) Settings() (S, error) {
	s, name := c.presets[0].settings, c.presets[0].name
	if c.Preset != "" {
		i := slices.IndexFunc(c.presets, func(p preset[S]) bool { return p.name == c.Preset })
		if i < 0 {
			return s, fmt.Errorf("there is no preset %q: choose one of %s", c.Preset, strings.Join(c.PresetNames(), ", "))
		}
		s, name = c.presets[i].settings, c.Preset
	}
	if c.Method != "" {
		i := slices.IndexFunc(c.methods, func(m method[S]) bool { return m.name == c.Method })
		if i < 0 {
			return s, fmt.Errorf("there is no method %q: choose one of %s", c.Method, strings.Join(c.MethodNames(), ", "))
		}
		c.methods[i].change(&s, name)
	}
	if c.File != "" {
		if err := readSettings(c.File, &s); err != nil {
			return s, err
		}
	}
	fields := fieldsOf[S]()
	for _, name := range slices.Sorted(maps.Keys(c.Values)) {
		i := slices.IndexFunc(fields, func(f field) bool { return f.name == name })
		if i < 0 {
			return s, unknown(name, names(fields))
		}
		if err := fields[i].set(&s, c.Values[name]); err != nil {
			return s, fmt.Errorf("%s: %w", name, err)
		}
	}
	if err := s.Validate(); err != nil {
		return s, fmt.Errorf("these settings don't work: %w", err)
	}
	return s, nil
}

// fix chooses the one value that a setting can have; choosing another one by a file or by name is an error.
func (c *Choice[S]) fix(name, value string) error {
	fields := fieldsOf[S]()
	f := fields[slices.IndexFunc(fields, func(f field) bool { return f.name == name })]
	var s S
	if err := f.set(&s, value); err != nil {
		return err
	}
	want := reflect.ValueOf(s).Field(f.index).Interface()
	if c.File != "" {
		if err := readSettings(c.File, &s); err != nil {
			return err
		}
	}
	if given, ok := c.Values[name]; ok {
		if err := f.set(&s, given); err != nil {
			return err
		}
	}
	if have := reflect.ValueOf(s).Field(f.index).Interface(); have != want {
		return fmt.Errorf("%s can't be %v: leave it out, it is %v", name, have, want)
	}
	if c.Values == nil {
		c.Values = map[string]string{}
	}
	c.Values[name] = value
	return nil
}

// field is a setting.
type field struct {
	name, help string
	index      int
	kind       reflect.Kind
}

func fieldsOf[S Settings]() (fields []field) {
	t := reflect.TypeFor[S]()
	for i := range t.NumField() {
		f := t.Field(i)
		fields = append(fields, field{f.Tag.Get("json"), f.Tag.Get("help"), i, f.Type.Kind()})
	}
	return
}

func names(fields []field) (names []string) {
	for _, f := range fields {
		names = append(names, f.name)
	}
	return
}

func (f field) flag() string { return strings.ReplaceAll(f.name, "_", "-") }

// article and noun of the values that a field takes.
func (f field) values() string {
	switch f.kind {
	case reflect.Int:
		return "a whole number"
	case reflect.Uint64:
		return "a whole number that is not negative"
	case reflect.Float64:
		return "a finite number"
	}
	return "text"
}

// set parses text into the field of the struct that s points to.
func (f field) set(s any, text string) error {
	v := reflect.ValueOf(s).Elem().Field(f.index)
	var err error
	switch f.kind {
	case reflect.Int:
		var x int64
		if x, err = strconv.ParseInt(text, 10, 32); err == nil {
			v.SetInt(x)
		}
	case reflect.Uint64:
		var x uint64
		if x, err = strconv.ParseUint(text, 10, 64); err == nil {
			v.SetUint(x)
		}
	case reflect.Float64:
		var x float64
		if x, err = strconv.ParseFloat(text, 64); err == nil && x-x == 0 {
			v.SetFloat(x)
		} else if err == nil {
			err = errors.New("it is not finite")
		}
	case reflect.String:
		v.SetString(text)
	default:
		panic("settings have a field of kind " + f.kind.String())
	}
	if err != nil {
		return fmt.Errorf("%s can't be used: want %s", text, f.values())
	}
	return nil
}

// readSettings reads a settings file over the struct that s points to.
func readSettings[S Settings](path string, s *S) error {
	raw, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("the settings file can't be read: %w", whole.Explain(err, path))
	}
	var values map[string]json.RawMessage
	if err := json.Unmarshal(raw, &values); err != nil {
		return fmt.Errorf(`settings file %s is not a JSON object like {"epochs": 10}: %w`, path, err)
	}
	fields := fieldsOf[S]()
	for _, name := range slices.Sorted(maps.Keys(values)) {
		i := slices.IndexFunc(fields, func(f field) bool { return f.name == name })
		if i < 0 {
			return fmt.Errorf("settings file %s: %w", path, unknown(name, names(fields)))
		}
		text, quoted := string(values[name]), values[name][0] == '"'
		if quoted {
			if err := json.Unmarshal(values[name], &text); err != nil {
				return err
			}
		}
		if quoted != (fields[i].kind == reflect.String) {
			return fmt.Errorf("settings file %s: %s is %s: want %s", path, name, values[name], fields[i].values())
		}
		if err := fields[i].set(s, text); err != nil {
			return fmt.Errorf("settings file %s: %s: %w", path, name, err)
		}
	}
	return nil
}

// flagValue puts a flag's text into Values; it is parsed at once so that an error names the flag.
type flagValue[S Settings] struct {
	choice *Choice[S]
	field  field
}

func (v *flagValue[S]) String() string {
	if v.choice == nil {
		return ""
	}
	return v.choice.Values[v.field.name]
}

func (v *flagValue[S]) Set(text string) error {
	if err := v.field.set(new(S), text); err != nil {
		return err
	}
	if v.choice.Values == nil {
		v.choice.Values = map[string]string{}
	}
	v.choice.Values[v.field.name] = text
	return nil
}

func (v *flagValue[S]) Type() string {
	switch v.field.kind {
	case reflect.Int:
		return "int"
	case reflect.Uint64:
		return "uint64"
	case reflect.Float64:
		return "float"
	}
	return "string"
}

// unknown is the error for a name that isn't among the known ones.
func unknown(name string, known []string) error {
	if near := Nearest(name, known); near != "" {
		return fmt.Errorf("there is no setting %q: did you mean %q?", name, near)
	}
	return fmt.Errorf("there is no setting %q: use %s", name, strings.Join(known, ", "))
}

// Nearest is the known name that differs least from name; "" when all differ in more than a third of it.
func Nearest(name string, known []string) (nearest string) {
	if name == "" {
		return ""
	}
	least := max(1, len(name)/3) + 1
	for _, k := range known {
		if d := distance(strings.ToLower(name), strings.ToLower(k)); d < least {
			least, nearest = d, k
		}
	}
	return
}

// distance is the number of letters to insert, drop or change that turn a into b (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
