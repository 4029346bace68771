package settings

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"

	"github.com/essnas/essnas/lib/internal/whole"
)

// Settings is a struct whose fields have the tags json (the name in settings files; in flags with - for _) and help:
// [Search], [Train] and [Pretrain].
type Settings interface{ Validate() error }

// Choice is how settings are chosen: a preset, changed by a method, a settings file, single values, in this order. It is
// the border: presets, files, flags and what a notebook says become one typed struct here, and nowhere else.
type Choice[S Settings] struct {
	Preset string // "" for the first of the presets
	Method string // "" for the preset's own
	File   string // JSON with some or all settings; "" for none

	values S        // single values, of the fields that are given
	given  []string // their names, sorted

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

// Set gives a setting a value, by its name in files: a number, or a text that is read as on the command line. It returns an
// error for a name that is no setting and for a value that it can't have; Settings returns one for values that don't work
// together.
func (c *Choice[S]) Set(name string, value any) error {
	f, err := find(Fields[S](), name)
	if err != nil {
		return err
	}
	if err := f.give(&c.values, value); err != nil {
		return err
	}
	if i, there := slices.BinarySearch(c.given, name); !there {
		c.given = slices.Insert(slices.Clone(c.given), i, name)
	}
	return nil
}

// Values are the single values, and the names of those that were given.
func (c *Choice[S]) Values() (values S, given []string) { return c.values, c.given }

// Unset takes single values back.
func (c *Choice[S]) Unset(names ...string) {
	c.given = slices.DeleteFunc(slices.Clone(c.given), func(name string) bool { return slices.Contains(names, name) })
}

// Given says whether anything was chosen: an existing run that is named needs no settings.
func (c *Choice[S]) Given() bool {
	return c.Preset != "" || c.Method != "" || c.File != "" || len(c.given) > 0
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

// Flag is a flag of the command line. Its value has the methods of flag.Value and of pflag.Value.
type Flag struct {
	Name, Help string
	Value      interface {
		String() string
		Set(text string) error
		Type() string
	}
	Choices []string // what can be chosen from; nil: anything
}

// Flags are --preset, --method if there is a choice, --settings, and one for each setting.
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
		flags = append(flags, Flag{"method", "what the preset's settings are changed to: " + strings.Join(helps, ", "), (*text)(&c.Method), c.MethodNames()})
	}
	flags = append(flags, Flag{"settings", "JSON `FILE` with settings that change the preset's; flags change both", (*text)(&c.File), nil})
	for _, f := range Fields[S]() {
		flags = append(flags, Flag{f.flag(), fmt.Sprintf("%s (%s)", f.Help, c.defaults(f)), &flagValue[S]{c, f}, nil})
	}
	return flags
}

// text is the value of a flag that takes any text.
type text string

func (t *text) String() string         { return string(*t) }
func (t *text) Set(value string) error { *t = text(value); return nil }
func (*text) Type() string             { return "string" }

// defaults are the presets' values of a setting: one if all have the same.
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

// Fix chooses the one value that a setting can have. It returns an error if a file or a single value chooses another one.
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
		return fmt.Errorf("%s can't be %v: leave it out, it is %v", name, a, b)
	}
	return c.Set(name, value)
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

// flagValue is the flag of a setting: its text is read at once, so that an error names the flag.
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

func (v *flagValue[S]) Set(text string) error { return v.choice.Set(v.field.Name, text) }

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
