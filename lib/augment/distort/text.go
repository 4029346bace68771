package distort

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// String returns the form that [Parse] reads: the steps that can happen, each with its
// probability and its strengths, or "none".
//
//	crop 1 pixels 4, flip 0.5, distort 0.8 rotate 10 shift 0.15 scale 1..1.6 shear 8
func (v Views) String() string {
	var steps []string
	for _, s := range v.steps() {
		if *s.probability == 0 {
			continue
		}
		words := []string{s.name, number(*s.probability)}
		for _, p := range s.strengths {
			words = append(words, p.name, p.String())
		}
		steps = append(steps, strings.Join(words, " "))
	}
	if len(steps) == 0 {
		return "none"
	}
	return strings.Join(steps, ", ")
}

// Parse reads the form that String writes. Missing strengths are those of [Default].
// Missing steps never happen. A text that begins with "default" changes the defaults instead, and
// an empty text stands for them. A step of probability 0 has no strengths in the result.
//
//	default, gray 0, jitter 0.5 hue 0.02
//
// Parse returns an error that names the unknown step or strength, the missing value, or the
// number that is out of range.
func Parse(text string) (Views, error) {
	v := Default()
	words := strings.Split(text, ",")
	switch strings.TrimSpace(words[0]) {
	case "":
		if len(words) == 1 {
			return v, nil
		}
	case "default":
		words = words[1:]
	case "none":
		if len(words) == 1 {
			return Views{}, nil
		}
	default:
		for _, s := range v.steps() {
			*s.probability = 0
		}
	}
	for _, w := range words {
		if err := v.read(strings.Fields(w)); err != nil {
			return Views{}, err
		}
	}
	if err := v.Validate(math.MaxInt32, math.MaxInt32); err != nil {
		return Views{}, err
	}
	v.forget()
	return v, nil
}

// read changes one step from its words: name, probability, then pairs of a strength's name and
// value.
func (v *Views) read(words []string) error {
	if len(words) == 0 {
		return fmt.Errorf("the views have a step without a name: give steps with commas between them, like %q", "crop 1 pixels 4, flip 0.5")
	}
	var names []string
	for _, s := range v.steps() {
		names = append(names, s.name)
		if s.name != words[0] {
			continue
		}
		if len(words)%2 != 0 {
			return fmt.Errorf("the views' %q is not complete: give the probability of a %s, then names and values of its strengths, like %q", strings.Join(words, " "), s.name, s)
		}
		p, err := strconv.ParseFloat(words[1], 64)
		if err != nil {
			return fmt.Errorf("the views' probability of a %s can't be %q: give a number from 0 to 1", s.name, words[1])
		}
		*s.probability = p
		for pair := range slices.Chunk(words[2:], 2) {
			if err := s.set(pair[0], pair[1]); err != nil {
				return err
			}
		}
		return nil
	}
	return fmt.Errorf("the views know no step %q: there are %s", words[0], strings.Join(names, ", "))
}

// forget sets strengths without effect to 0, so that views with equal effect are equal.
func (v *Views) forget() {
	for _, s := range v.steps() {
		if *s.probability != 0 {
			continue
		}
		*s.probability = 0 // not -0
		for _, p := range s.strengths {
			for _, x := range p.values {
				*x = 0
			}
			if p.whole != nil {
				*p.whole = 0
			}
		}
	}
}

// step describes one step of the views for reading and writing text.
type step struct {
	name        string
	probability *float64
	strengths   []strength
}

// strength is a number, a range LOW..HIGH of two numbers, or a whole number.
type strength struct {
	name   string
	values []*float64
	whole  *int
}

// steps lists the steps in their order.
func (v *Views) steps() []step {
	one := func(name string, x *float64) strength { return strength{name: name, values: []*float64{x}} }
	two := func(name string, x *[2]float64) strength {
		return strength{name: name, values: []*float64{&x[0], &x[1]}}
	}
	return []step{
		{"crop", &v.Crop.Probability, []strength{{name: "pixels", whole: &v.Crop.Pixels}}},
		{"flip", &v.Flip, nil},
		{"distort", &v.Distort.Probability, []strength{one("rotate", &v.Distort.Degrees), one("shift", &v.Distort.Translate), two("scale", &v.Distort.Scale), one("shear", &v.Distort.Shear)}},
		{"jitter", &v.Jitter.Probability, []strength{one("brightness", &v.Jitter.Brightness), one("contrast", &v.Jitter.Contrast), one("saturation", &v.Jitter.Saturation), one("hue", &v.Jitter.Hue)}},
		{"gray", &v.Grayscale, nil},
		{"erase", &v.Erase.Probability, []strength{two("area", &v.Erase.Area), two("ratio", &v.Erase.Ratio)}},
	}
}

// String returns an example of the step with its present strengths.
func (s step) String() string {
	words := []string{s.name, "0.5"}
	for _, p := range s.strengths {
		words = append(words, p.name, p.String())
	}
	return strings.Join(words, " ")
}

// set parses the value of the strength with this name.
func (s step) set(name, text string) error {
	var names []string
	for _, p := range s.strengths {
		names = append(names, p.name)
		if p.name == name {
			if err := p.parse(text); err != nil {
				return fmt.Errorf("the views' %s %s can't be %q: give %w", s.name, name, text, err)
			}
			return nil
		}
	}
	if len(names) == 0 {
		return fmt.Errorf("the views' %s has a probability only, and no %q", s.name, name)
	}
	return fmt.Errorf("the views' %s knows no %q: it has %s", s.name, name, strings.Join(names, ", "))
}

// parse reads a value. Its error names the expected form.
func (p strength) parse(text string) (err error) {
	if p.whole != nil {
		if *p.whole, err = strconv.Atoi(text); err != nil {
			return fmt.Errorf("a whole number")
		}
		return nil
	}
	words := strings.Split(text, "..")
	if len(words) != len(p.values) {
		if len(p.values) == 2 {
			return fmt.Errorf("a range like %s", p)
		}
		return fmt.Errorf("one number")
	}
	for i, w := range words {
		if *p.values[i], err = strconv.ParseFloat(w, 64); err != nil {
			return fmt.Errorf("numbers")
		}
	}
	return nil
}

func (p strength) String() string {
	if p.whole != nil {
		return strconv.Itoa(*p.whole)
	}
	var words []string
	for _, x := range p.values {
		words = append(words, number(*x))
	}
	return strings.Join(words, "..")
}

// number returns the shortest text that parses as x, without an exponent: it contains neither
// commas nor two dots.
func number(x float64) string { return strconv.FormatFloat(x, 'f', -1, 64) }
