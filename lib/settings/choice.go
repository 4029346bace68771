package settings

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"

	"github.com/essnas/essnas/lib/internal/atomicfile"
)

// Settings is a struct of settings: [Search], [Train] or [Pretrain]. The tag json of a field is its
// name in settings files and, with - for _, in flags. The tag help is the text of --help.
type Settings interface{ Validate() error }

// Choice determines settings from a preset, a method, a settings file and single values, in this
// order. Each of them changes the result of the ones before. No other code turns presets, files,
// flags and the options of notebooks into the typed struct.
type Choice[S Settings] struct {
	Preset string // "" for the first of the presets
	Method string // "" for the preset's own
	File   string // JSON with some or all settings; "" for none

	values S        // single values of the given fields
	given  []string // sorted names of the given fields

	presets []preset[S]
	methods []method[S] // none: there is no flag --method
}

type preset[S Settings] struct {
	name, help string
	settings   S
}

// method changes the settings of a preset, given its name.
type method[S Settings] struct {
	name, help string
	change     func(s *S, preset string)
}

// Set gives a setting a value. name is its name in files; value is a number, or a text in the form
// of the command line. Set returns an error for an unknown name and for an invalid value. For
// values that contradict each other Settings returns the error.
func (c *Choice[S]) Set(name string, value any) error {
	f, err := find(Fields[S](), name)
	if err != nil {
		return err
	}
	if err := c.give(f, value); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

func (c *Choice[S]) give(f Field, value any) error {
	if err := f.give(&c.values, value); err != nil {
		return err
	}
	if i, there := slices.BinarySearch(c.given, f.Name); !there {
		c.given = slices.Insert(slices.Clone(c.given), i, f.Name)
	}
	return nil
}

// Values returns the single values and the names of the given ones.
func (c *Choice[S]) Values() (values S, given []string) { return c.values, c.given }

// Unset removes single values.
func (c *Choice[S]) Unset(names ...string) {
	c.given = slices.DeleteFunc(slices.Clone(c.given), func(name string) bool { return slices.Contains(names, name) })
}

// Given reports whether the choice differs from its default. A command that names an existing run
// needs no choice.
func (c *Choice[S]) Given() bool {
	return c.Preset != "" || c.Method != "" || c.File != "" || len(c.given) > 0
}

// PresetNames lists the presets, the default first.
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

// Flag is a flag of the command line. Its value has the methods of flag.Value and of pflag.Value.
type Flag struct {
	Name, Help string
	Value      interface {
		String() string
		Set(text string) error
		Type() string
	}
	Choices []string // possible values; nil: any
}

// Flags returns --preset, --method if there are several, --settings, and one flag for each setting.
func (c *Choice[S]) Flags() (flags []Flag) {
	var helps []string
	for _, p := range c.presets {
		helps = append(helps, fmt.Sprintf("%s (%s)", p.name, p.help))
	}
	flags = append(flags, Flag{"preset", fmt.Sprintf("settings to start from: %s; default %s", strings.Join(helps, ", "), c.presets[0].name), (*text)(&c.Preset), c.PresetNames()})
	if len(c.methods) > 0 {
		helps = nil
		for _, m := range c.methods {
			helps = append(helps, fmt.Sprintf("%s (%s)", m.name, m.help))
		}
		flags = append(flags, Flag{"method", "method that changes the preset's settings: " + strings.Join(helps, ", "), (*text)(&c.Method), c.MethodNames()})
	}
	flags = append(flags, Flag{"settings", "JSON `FILE` with settings that change the preset's; flags change both", (*text)(&c.File), nil})
	for _, f := range Fields[S]() {
		flags = append(flags, Flag{f.flag(), fmt.Sprintf("%s (%s)", f.Help, c.defaults(f)), &flagValue[S]{c, f}, nil})
	}
	return flags
}

// text is the value of a flag for any text.
type text string

func (t *text) String() string         { return string(*t) }
func (t *text) Set(value string) error { *t = text(value); return nil }
func (*text) Type() string             { return "string" }

// defaults lists the values of a setting in the presets, or the one value if all have the same.
func (c *Choice[S]) defaults(f Field) string {
	var values, named []string
	for _, p := range c.presets {
		value := f.Text(p.settings)
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

// Settings returns the settings of the preset, changed by the method, by the file and by the single
// values. It returns an error for an unknown preset or method, an unreadable file, or invalid
// settings.
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
	return c.change(s)
}

// change returns settings changed by the file and by the single values.
func (c *Choice[S]) change(s S) (S, error) {
	if c.File != "" {
		if err := readSettings(c.File, &s); err != nil {
			return s, err
		}
	}
	for _, f := range Fields[S]() {
		if slices.Contains(c.given, f.Name) {
			f.of(&s).Set(f.of(&c.values))
		}
	}
	if err := s.Validate(); err != nil {
		return s, fmt.Errorf("these settings don't work: %w", err)
	}
	return s, nil
}

// Over returns the settings of an existing run, changed by the preset, the method, the file and the
// single values that the choice gives. Other settings stay those of the run. Over returns the
// errors of Settings.
func (c *Choice[S]) Over(there S) (S, error) {
	if c.Preset != "" {
		return c.Settings()
	}
	if i := slices.IndexFunc(c.methods, func(m method[S]) bool { return m.name == c.Method }); c.Method != "" && i < 0 {
		return c.Settings() // returns the error
	} else if c.Method != "" {
		there = c.methods[i].over(there, c.PresetNames())
	}
	return c.change(there)
}

// over returns the settings of a run, changed by a method. Some changes of a method depend on the
// preset. The choice names none, so over takes the preset whose settings the run has, or else the
// first preset.
func (m method[S]) over(there S, presets []string) S {
	for _, name := range presets {
		s := there
		if m.change(&s, name); reflect.DeepEqual(s, there) {
			return s
		}
	}
	m.change(&there, presets[0])
	return there
}

// Fix sets the only possible value of a setting. It returns an error if the file or a single value
// differs.
func (c *Choice[S]) Fix(name string, value any) error {
	f, err := find(Fields[S](), name)
	if err != nil {
		return err
	}
	var want, have S
	if err := f.give(&want, value); err != nil {
		return err
	}
	have = want
	if c.File != "" {
		if err := readSettings(c.File, &have); err != nil {
			return err
		}
	}
	if slices.Contains(c.given, name) {
		f.of(&have).Set(f.of(&c.values))
	}
	if a, b := f.of(&have).Interface(), f.of(&want).Interface(); a != b {
		return fmt.Errorf("%s can't be %v: leave it out, because it is %v", name, a, b)
	}
	return c.Set(name, value)
}

// readSettings reads a settings file into the struct that s points to.
func readSettings[S Settings](path string, s *S) error {
	raw, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("the settings file can't be read: %w", atomicfile.Explain(err, path))
	}
	var values map[string]json.RawMessage
	if err := json.Unmarshal(raw, &values); err != nil {
		return fmt.Errorf(`settings file %s is not a JSON object like {"epochs": 10}: %w`, path, err)
	}
	fields := Fields[S]()
	for _, name := range slices.Sorted(maps.Keys(values)) {
		f, err := find(fields, name)
		if err != nil {
			return fmt.Errorf("settings file %s: %w", path, err)
		}
		text, quoted := string(values[name]), values[name][0] == '"'
		if quoted {
			if err := json.Unmarshal(values[name], &text); err != nil {
				return err
			}
		}
		if quoted != (f.kind == reflect.String) {
			return fmt.Errorf("settings file %s: %s is %s: want %s", path, name, values[name], f.values())
		}
		if err := f.set(s, text); err != nil {
			return fmt.Errorf("settings file %s: %s: %w", path, name, err)
		}
	}
	return nil
}

// flagValue is the flag of a setting. It parses its text at once, so that an error names the flag.
type flagValue[S Settings] struct {
	choice *Choice[S]
	field  Field
}

func (v *flagValue[S]) String() string {
	if v.choice == nil {
		return ""
	}
	if !slices.Contains(v.choice.given, v.field.Name) {
		return ""
	}
	return v.field.Text(v.choice.values)
}

func (v *flagValue[S]) Set(text string) error { return v.choice.give(v.field, text) }

func (v *flagValue[S]) Type() string {
	switch v.field.kind {
	case reflect.Int:
		return "int"
	case reflect.Uint64:
		return "uint64"
	case reflect.Float64:
		return "float"
	case reflect.Bool:
		return "bool"
	}
	return "string"
}
