package settings

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// Field describes a setting for files and the command line.
type Field struct {
	Name  string // in files and in JSON
	Help  string // text of its flag
	Later bool   // a setting of later versions, which the JSON leaves out where it changes nothing
	index []int
	kind  reflect.Kind
}

// Fields returns the settings of S in the order of its JSON.
func Fields[S Settings]() (fields []Field) {
	var s S
	fields = fieldsOf(reflect.TypeFor[S](), nil)
	o, ok := any(s).(interface {
		order() []string
		helps() map[string]string
	})
	if !ok {
		return fields
	}
	sorted := make([]Field, len(fields))
	var later map[string]bool
	if s, ok := any(s).(interface{ omits() map[string]bool }); ok {
		later = s.omits()
	}
	for _, f := range fields {
		_, f.Later = later[f.Name]
		if help := o.helps()[f.Name]; help != "" {
			f.Help = help
		}
		// A setting that order lacks panics here, in every test.
		sorted[slices.Index(o.order(), f.Name)] = f
	}
	return sorted
}

// fieldsOf returns the fields of a struct and of its embedded structs.
func fieldsOf(t reflect.Type, at []int) (fields []Field) {
	for i := range t.NumField() {
		f, index := t.Field(i), append(slices.Clip(at), i)
		if f.Anonymous {
			fields = append(fields, fieldsOf(f.Type, index)...)
			continue
		}
		fields = append(fields, Field{Name: f.Tag.Get("json"), Help: f.Tag.Get("help"), index: index, kind: f.Type.Kind()})
	}
	return
}

// marshal writes settings as JSON in their order. The hash of a run is that of this text.
func marshal[S Settings](s S) ([]byte, error) {
	text := []byte{'{'}
	var omitted map[string]bool
	if o, ok := any(s).(interface{ omits() map[string]bool }); ok {
		omitted = o.omits()
	}
	for i, f := range Fields[S]() {
		if omitted[f.Name] {
			continue
		}
		value, err := json.Marshal(f.of(&s).Interface())
		if err != nil {
			return nil, err
		}
		if i > 0 {
			text = append(text, ',')
		}
		text = append(append(strconv.AppendQuote(text, f.Name), ':'), value...)
	}
	return append(text, '}'), nil
}

// Text returns the value of the setting in s as text.
func (f Field) Text(s any) string {
	v := reflect.New(reflect.TypeOf(s))
	v.Elem().Set(reflect.ValueOf(s))
	return fmt.Sprint(f.of(v.Interface()))
}

// Copy copies the setting from other to s, both pointers to structs of settings.
func (f Field) Copy(s, other any) { f.of(s).Set(f.of(other)) }

// of returns the setting in the struct that s points to.
func (f Field) of(s any) reflect.Value { return reflect.ValueOf(s).Elem().FieldByIndex(f.index) }

// find returns the field of that name, or an error that names the nearest one.
func find(fields []Field, name string) (Field, error) {
	if i := slices.IndexFunc(fields, func(f Field) bool { return f.Name == name }); i >= 0 {
		return fields[i], nil
	}
	var known []string
	for _, f := range fields {
		known = append(known, f.Name)
	}
	if near := Nearest(name, known); near != "" {
		return Field{}, fmt.Errorf("there is no setting %q: did you mean %q?", name, near)
	}
	return Field{}, fmt.Errorf("there is no setting %q: use %s", name, strings.Join(known, ", "))
}

func (f Field) flag() string { return strings.ReplaceAll(f.Name, "_", "-") }

// values describes the possible values of a field, for errors.
func (f Field) values() string {
	switch f.kind {
	case reflect.Int:
		return "a whole number"
	case reflect.Uint64:
		return "a whole number that is not negative"
	case reflect.Float64:
		return "a finite number"
	case reflect.Bool:
		return "true or false"
	}
	return "text"
}

// set parses text into the field of the struct that s points to.
func (f Field) set(s any, text string) error {
	v := f.of(s)
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
	case reflect.Bool:
		var x bool
		if x, err = strconv.ParseBool(text); err == nil {
			v.SetBool(x)
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

// give sets the field of the struct that s points to from a value of its type, a convertible value,
// or a text.
func (f Field) give(s any, value any) error {
	if text, ok := value.(string); ok {
		return f.set(s, text)
	}
	v, to := reflect.ValueOf(value), f.of(s)
	wrong := fmt.Errorf("%v can't be used: want %s", value, f.values())
	if !v.CanConvert(to.Type()) || f.kind == reflect.String || f.kind == reflect.Uint64 && v.CanInt() && v.Int() < 0 {
		return wrong
	}
	x := v.Convert(to.Type())
	if x.Convert(v.Type()).Interface() != value { // truncated, or not a number
		return wrong
	}
	to.Set(x)
	return nil
}
