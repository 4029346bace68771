package cell

import (
	"fmt"
	"slices"
	"strings"
)

// Kind is the family of an operation: its members differ in their windows only.
type Kind int

const (
	Zero           Kind = iota // its output is zero
	MaxPool                    // maximum of a window
	AveragePool                // mean of a window
	Identity                   // the input; at stride 2 a factorized reduce
	Separable                  // for each window ReLU, depthwise and pointwise convolution, norm
	CapsuleDynamic             // capsules with routing by agreement (arXiv:1710.09829)
	CapsuleEM                  // capsules with routing by expectation-maximisation (Hinton et al., 2018)
	CapsuleSelf                // capsules with self-routing (Hahn et al., 2019)
)

// Window is the window of one layer of an operation: Size x Size positions, Dilation apart.
type Window struct{ Size, Dilation int }

// Reach is the side of the square that the window covers: 1 + Dilation * (Size - 1) positions.
func (w Window) Reach() int { return 1 + w.Dilation*(w.Size-1) }

// Operation describes an operation without its graph: its name in genotypes, its kind, the windows
// of its layers in order, and the iterations of its routing. Package ops has the graphs.
type Operation struct {
	Name    string
	Kind    Kind
	Windows []Window
	Rounds  int // iterations of a routing; 0 without iterations
}

// Search methods treat two operations specially: the zero operation and the skip connection.
const (
	None = "none"
	Skip = "skip_connect"
)

// operations lists the operations of all search spaces in the order of alphas, those of DARTS
// first. A new operation of a known kind is one more line here. A new kind needs a file in package
// ops as well.
var operations = []Operation{
	{None, Zero, nil, 0},
	{"max_pool_3x3", MaxPool, []Window{{3, 1}}, 0},
	{"avg_pool_3x3", AveragePool, []Window{{3, 1}}, 0},
	{Skip, Identity, nil, 0},
	{"sep_conv_3x3", Separable, []Window{{3, 1}, {3, 1}}, 0},
	{"sep_conv_5x5", Separable, []Window{{5, 1}, {5, 1}}, 0},
	{"dil_conv_3x3", Separable, []Window{{3, 2}}, 0},
	{"dil_conv_5x5", Separable, []Window{{5, 2}}, 0},
	{"capsule_dynamic", CapsuleDynamic, []Window{{3, 1}}, 2},
	{"capsule_dynamic_1", CapsuleDynamic, []Window{{3, 1}}, 1},
	{"capsule_dynamic_3", CapsuleDynamic, []Window{{3, 1}}, 3},
	{"capsule_em", CapsuleEM, []Window{{3, 1}}, 2},
	{"capsule_em_1", CapsuleEM, []Window{{3, 1}}, 1},
	{"capsule_em_3", CapsuleEM, []Window{{3, 1}}, 3},
	{"capsule_self", CapsuleSelf, []Window{{3, 1}}, 0},
}

// Operations returns the names of the operations of all search spaces, in the order of alphas.
func Operations() (names []string) {
	for _, o := range operations {
		names = append(names, o.Name)
	}
	return
}

// Lookup finds an operation by its name; ok is false for an unknown name.
func Lookup(name string) (o Operation, ok bool) {
	i := slices.IndexFunc(operations, func(o Operation) bool { return o.Name == name })
	if i < 0 {
		return o, false
	}
	return operations[i], true
}

// IsNone reports whether name is that of an operation whose output is zero.
func IsNone(name string) bool {
	o, ok := Lookup(name)
	return ok && o.Kind == Zero
}

// IsSkip reports whether name is that of a skip connection.
func IsSkip(name string) bool {
	o, ok := Lookup(name)
	return ok && o.Kind == Identity
}

// IsCapsule reports whether name is that of an operation with capsules.
func IsCapsule(name string) bool {
	o, ok := Lookup(name)
	return ok && o.Capsule()
}

// Parameterless reports whether name is that of an operation without weights on an edge of stride
// 1: a pool or a skip connection. (At stride 2 a skip connection is a factorized reduce, which has
// weights. The literature counts it as parameter-free nevertheless.)
func Parameterless(name string) bool {
	o, ok := Lookup(name)
	return ok && o.Parameterless()
}

// Parameterless reports whether the operation has no weights on an edge of stride 1. It is false
// for none, which is no operation of a found cell.
func (o Operation) Parameterless() bool {
	return o.Kind == MaxPool || o.Kind == AveragePool || o.Kind == Identity
}

// Capsule reports whether the operation routes capsules.
func (o Operation) Capsule() bool {
	return o.Kind == CapsuleDynamic || o.Kind == CapsuleEM || o.Kind == CapsuleSelf
}

// Dilated reports whether one of its windows is dilated.
func (o Operation) Dilated() bool {
	return slices.ContainsFunc(o.Windows, func(w Window) bool { return w.Dilation > 1 })
}

// Pool reports whether it is a pool.
func (o Operation) Pool() bool { return o.Kind == MaxPool || o.Kind == AveragePool }

// ParseOperations reads the operations of a search space: names separated by commas or spaces. A
// list that begins with + or - changes the eight of DARTS: "-none,-dil_conv_5x5" removes two,
// "+capsule_self" adds one. The result has the order of [Operations]. An empty text stands for the
// eight. ParseOperations returns an error for unknown and for repeated names.
func ParseOperations(text string) ([]string, error) {
	words := strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' })
	if len(words) == 0 {
		return DARTS().Operations, nil
	}
	changes := strings.ContainsAny(words[0][:1], "+-")
	chosen, seen := map[string]bool{}, map[string]bool{}
	if changes {
		for _, name := range DARTS().Operations {
			chosen[name] = true
		}
	}
	for _, word := range words {
		sign, name := "", word
		if strings.ContainsAny(word[:1], "+-") {
			sign, name = word[:1], word[1:]
		}
		switch _, known := Lookup(name); {
		case !known:
			return nil, fmt.Errorf("unknown operation %q; the operations are %s", name, strings.Join(Operations(), ", "))
		case (sign != "") != changes:
			return nil, fmt.Errorf("operations %q: either every name has a + or a -, or none has", text)
		case seen[name]:
			return nil, fmt.Errorf("operations %q name %s twice", text, name)
		}
		seen[name], chosen[name] = true, sign != "-"
	}
	var names []string
	for _, name := range Operations() {
		if chosen[name] {
			names = append(names, name)
		}
	}
	return names, nil
}
