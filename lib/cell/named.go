package cell

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
)

// definition is a genotype's name in a Python file, with its text, or as an alias of another name.
type definition struct{ name, text, alias string }

var (
	assignment = regexp.MustCompile(`(?m)^[ \t]*([A-Za-z_]\w*)[ \t]*=[ \t]*(?:([A-Za-z_]\w*)[ \t]*(?:#.*)?$|(Genotype[ \t]*\())`)
	call       = regexp.MustCompile(`\bGenotype[ \t]*\(`)
)

// definitions lists the named genotypes of a Python file in its order.
func definitions(text string) (all []definition) {
	text = stripComments(text)
	for _, m := range assignment.FindAllStringSubmatchIndex(text, -1) {
		d := definition{name: text[m[2]:m[3]]}
		if m[4] >= 0 {
			d.alias = text[m[4]:m[5]]
			if !slices.ContainsFunc(all, func(o definition) bool { return o.name == d.alias }) {
				continue // the assignment is no genotype
			}
		} else {
			d.text = closed(text[m[6]:])
		}
		all = append(all, d)
	}
	return
}

// closed returns the text up to the bracket that closes its first one.
func closed(text string) string {
	depth := 0
	for i, r := range text {
		switch r {
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				return text[:i+1]
			}
		}
	}
	return text
}

// ParseNamed reads the genotype of the given name from a Python file such as genotypes.py in
// projects of the DARTS family. It returns an error that lists the names of the file if it lacks
// this one, and the errors of Parse.
func ParseNamed(text, name string) (Genotype, error) {
	all := definitions(text)
	for range len(all) + 1 { // an alias may lead to another
		i := slices.IndexFunc(all, func(d definition) bool { return d.name == name })
		if i < 0 {
			break
		}
		if all[i].alias == "" {
			return Parse(all[i].text)
		}
		name = all[i].alias
	}
	return Genotype{}, fmt.Errorf("has no genotype called %s; it has %s", name, namesOf(all))
}

func namesOf(all []definition) string {
	if len(all) == 0 {
		return "none that has a name"
	}
	var names []string
	for _, d := range all {
		names = append(names, d.name)
	}
	return strings.Join(names, ", ")
}

// ParseWithin reads a genotype like Parse, or the only one in a longer text: a line of a log, a
// Python file. It returns an error if the text has several genotypes, or one in the form of another
// project.
func ParseWithin(text string) (Genotype, error) {
	g, err := Parse(text)
	if err == nil {
		return g, nil
	}
	calls := call.FindAllStringIndex(stripComments(text), -1)
	switch {
	case len(calls) == 1:
		return Parse(closed(stripComments(text)[calls[0][0]:]))
	case len(calls) > 1:
		if all := definitions(text); len(all) > 1 {
			return Genotype{}, fmt.Errorf("has several genotypes: name one of %s behind a colon, as in genotypes.py:%s", namesOf(all), all[0].name)
		}
		return Genotype{}, fmt.Errorf("has %d genotypes: delete all but one", len(calls))
	case strings.Contains(text, "/op_2_0"):
		return Genotype{}, fmt.Errorf("is in the form of NNI (normal/op_2_0 ...): write it as Genotype(normal=[...], normal_concat=[...], reduce=[...], reduce_concat=[...])")
	case strings.HasPrefix(strings.TrimSpace(text), "|") && strings.Contains(text, "~"):
		return Genotype{}, fmt.Errorf("is a cell of NAS-Bench-201 (|operation~node|), whose search space is another one: give a cell of the DARTS family, Genotype(normal=[...], ...)")
	}
	return Genotype{}, err
}

// loadFile reads FILE, or FILE:NAME for one of the genotypes of a Python file.
func loadFile(name string) (Genotype, error) {
	text, err := os.ReadFile(name)
	if err == nil {
		g, err := ParseWithin(string(text))
		if err != nil {
			return g, fmt.Errorf("genotype file %s: %w", name, err)
		}
		return g, nil
	}
	if at := strings.LastIndexByte(name, ':'); at > 0 && os.IsNotExist(err) {
		if text, err := os.ReadFile(name[:at]); err == nil {
			g, err := ParseNamed(string(text), name[at+1:])
			if err != nil {
				return g, fmt.Errorf("genotype file %s: %w", name[:at], err)
			}
			return g, nil
		}
	}
	return Genotype{}, err
}
