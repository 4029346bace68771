package cell

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
)

// Gene is one edge of a found cell: its operation, and the node that it reads from (0 and 1 are the
// inputs, 2 and more the states).
type Gene struct {
	Op   string
	From int
}

// Genotype is the result of a search. Genes 2i and 2i+1 enter state i, which is node 2+i. The
// Concat lists hold the nodes whose concatenated channels are the output.
type Genotype struct {
	Normal       []Gene `json:"normal"`
	NormalConcat []int  `json:"normal_concat"`
	Reduce       []Gene `json:"reduce"`
	ReduceConcat []int  `json:"reduce_concat"`
}

// Uniform returns the genotype with this operation on every edge; state i reads nodes i and i+1. It
// serves to compare the costs of operations.
func Uniform(op string) Genotype {
	var genes []Gene
	var concat []int
	for state := range 4 {
		genes = append(genes, Gene{op, state}, Gene{op, state + 1})
		concat = append(concat, 2+state)
	}
	return Genotype{Normal: genes, NormalConcat: concat, Reduce: slices.Clone(genes), ReduceConcat: slices.Clone(concat)}
}

// Load returns the published genotype of that name, or the genotype in a text with Genotype(...).
// Otherwise it reads a file: JSON, Python text or a line of a log (see [ParseWithin]). FILE:NAME
// selects one of the genotypes in a Python file. Load returns an error if there is no such file, or
// no genotype in it.
func Load(nameOrFile string) (Genotype, error) {
	if g, ok := Published(nameOrFile); ok {
		return g, nil
	}
	if call.MatchString(nameOrFile) {
		return ParseWithin(nameOrFile)
	}
	g, err := loadFile(nameOrFile)
	if os.IsNotExist(err) {
		return Genotype{}, fmt.Errorf("genotype %q is neither a file nor a published one; the published ones are %s", nameOrFile, strings.Join(PublishedNames(), ", "))
	}
	var path *fs.PathError
	if errors.As(err, &path) {
		return Genotype{}, fmt.Errorf("can't read the genotype: %w", err)
	}
	return g, err
}

// Validate returns an error that names the wrong part of the genotype: the number of genes, an
// unknown operation, a node that is not before its state, or two cells with different numbers of
// states.
func (g Genotype) Validate() error {
	if err := validate("normal", g.Normal, g.NormalConcat); err != nil {
		return err
	}
	if err := validate("reduce", g.Reduce, g.ReduceConcat); err != nil {
		return err
	}
	if len(g.Normal) != len(g.Reduce) {
		return fmt.Errorf("normal has %d genes and reduce %d: both cells need the same number of states", len(g.Normal), len(g.Reduce))
	}
	return nil
}

func validate(kind string, genes []Gene, concat []int) error {
	states := len(genes) / 2
	if len(genes)%2 != 0 || states < MinStates || states > MaxStates {
		return fmt.Errorf("%s has %d genes: want two per state, %d for the usual %d states (%d to %d states are possible)",
			kind, len(genes), 2*States, States, MinStates, MaxStates)
	}
	for i, gene := range genes {
		where := fmt.Sprintf("%s, gene %d (state %d)", kind, i+1, i/2)
		_, known := Lookup(gene.Op)
		switch last := Inputs + i/2 - 1; {
		case IsNone(gene.Op):
			return fmt.Errorf("%s: none carries nothing, so it can't be the operation of an edge that is kept", where)
		case !known:
			return fmt.Errorf("%s: unknown operation %q; the operations are %s", where, gene.Op, strings.Join(Operations()[1:], ", "))
		case gene.From < 0 || gene.From > last:
			return fmt.Errorf("%s: index %d is out of range; this state reads from nodes 0 to %d", where, gene.From, last)
		}
	}
	if len(concat) == 0 {
		return fmt.Errorf("%s_concat is empty: it must name at least one state, usually 2, 3, 4 and 5", kind)
	}
	for i, node := range concat {
		switch {
		case node < Inputs || node >= Inputs+states:
			return fmt.Errorf("%s_concat: index %d is out of range; the states are nodes %d to %d", kind, node, Inputs, Inputs+states-1)
		case i > 0 && node <= concat[i-1]:
			return fmt.Errorf("%s_concat: node %d after node %d; each state may stand there once, in ascending order", kind, node, concat[i-1])
		}
	}
	return nil
}

// Skips counts the skip connections among the genes of a cell.
func Skips(genes []Gene) (n int) {
	for _, g := range genes {
		if IsSkip(g.Op) {
			n++
		}
	}
	return
}

// Python returns the genotype in the form of the DARTS family's genotypes.py, on one line.
func (g Genotype) Python() string {
	genes := func(genes []Gene) string {
		text := make([]string, len(genes))
		for i, gene := range genes {
			text[i] = fmt.Sprintf("('%s', %d)", gene.Op, gene.From)
		}
		return "[" + strings.Join(text, ", ") + "]"
	}
	nodes := func(nodes []int) string { return strings.ReplaceAll(fmt.Sprint(nodes), " ", ", ") }
	return fmt.Sprintf("Genotype(normal=%s, normal_concat=%s, reduce=%s, reduce_concat=%s)",
		genes(g.Normal), nodes(g.NormalConcat), genes(g.Reduce), nodes(g.ReduceConcat))
}

// UnmarshalJSON reads the object, rejects unknown fields, and validates. It leaves g unchanged if
// it returns an error.
func (g *Genotype) UnmarshalJSON(text []byte) error {
	type plain Genotype // without this method
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	var read plain
	if err := decoder.Decode(&read); err != nil {
		return fmt.Errorf("not a genotype: %w", err)
	}
	if err := Genotype(read).Validate(); err != nil {
		return err
	}
	*g = Genotype(read)
	return nil
}

// MarshalJSON writes the pair ["sep_conv_3x3", 0], the form that Python's json module gives a gene.
func (g Gene) MarshalJSON() ([]byte, error) { return json.Marshal([2]any{g.Op, g.From}) }

// UnmarshalJSON reads the pair of MarshalJSON. It returns an error that shows the text of any other
// value.
func (g *Gene) UnmarshalJSON(text []byte) error {
	var pair []json.RawMessage
	if err := json.Unmarshal(text, &pair); err != nil || len(pair) != 2 {
		return fmt.Errorf(`%s is not a gene: want a pair like ["sep_conv_3x3", 0]`, text)
	}
	if err := json.Unmarshal(pair[0], &g.Op); err != nil {
		return fmt.Errorf("%s is not the name of an operation: want a string", pair[0])
	}
	if err := json.Unmarshal(pair[1], &g.From); err != nil {
		return fmt.Errorf("%s is not the index of a node: want a small integer", pair[1])
	}
	return nil
}
