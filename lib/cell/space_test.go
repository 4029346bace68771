package cell

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
)

func TestOperationsAreReadInTheOrderOfAlphas(t *testing.T) {
	for text, want := range map[string][]string{
		"":                               Primitives,
		"sep_conv_3x3,none skip_connect": {"none", "skip_connect", "sep_conv_3x3"},
		"-none":                          Primitives[1:],
		"-none, -dil_conv_5x5":           Primitives[1:7],
		"+none":                          Primitives,
		"+capsule_self, +capsule_em":     append(slices.Clone(Primitives), "capsule_em", "capsule_self"),
	} {
		if got, err := ParseOperations(text); err != nil || !slices.Equal(got, want) {
			t.Errorf("%q: got %v, %v, want %v", text, got, err, want)
		}
	}
}

func TestWrongOperationsAreNamed(t *testing.T) {
	for text, want := range map[string]string{
		"sep_conv_9x9":           `unknown operation "sep_conv_9x9"; the operations are none, max_pool_3x3`,
		"-sep_conv":              `unknown operation "sep_conv"`,
		"none,none":              "name none twice",
		"-none,sep_conv_3x3":     "either every name has a + or a -, or none has",
		"sep_conv_3x3,-none":     "either every name has a + or a -, or none has",
		"none,-":                 `unknown operation ""`,
		"skip_connect,+dil_conv": `unknown operation "dil_conv"`,
	} {
		if got, err := ParseOperations(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, %v, want an error that holds %q", text, got, err, want)
		}
	}
}

func TestSpacesThatCantBeSearchedAreNamed(t *testing.T) {
	if err := DARTS().Validate(); err != nil {
		t.Error(err)
	}
	for _, c := range []struct {
		space Space
		want  string
	}{
		{Space{Primitives, 1}, "1 states: want 2 to 5"},
		{Space{Primitives, 6}, "6 states: want 2 to 5"},
		{Space{[]string{"skip_connect"}, 4}, "needs two"},
		{Space{[]string{"skip_connect", "none"}, 4}, "out of order"},
		{Space{[]string{"skip_connect", "skip_connect"}, 4}, "is repeated"},
		{Space{[]string{"conv"}, 4}, "unknown operation"},
	} {
		if err := c.space.Validate(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: got %v, want an error that holds %q", c.space, err, c.want)
		}
	}
}

// Counted by hand: state n of a cell, counted from 1, reads from n + 1 nodes.
func TestCellsOfTwoToFiveStatesHaveTheirEdges(t *testing.T) {
	for states, want := range map[int]int{2: 5, 3: 9, 4: 14, 5: 20} {
		s := Space{Primitives, states}
		links := s.Links()
		if s.Edges() != want || len(links) != want || StatesOf(want) != states {
			t.Errorf("%d states: %d edges, %d links; %d edges belong to %d states, want %d", states, s.Edges(), len(links), want, StatesOf(want), want)
		}
		if last := links[want-1]; last != (Link{states, states + 1}) {
			t.Errorf("%d states: the last link is %v", states, last)
		}
		if c := s.Complete(); c.States != states || len(c.Concat) != states || c.Concat[states-1] != states+1 {
			t.Errorf("%d states: %+v", states, c)
		}
	}
	if n := StatesOf(15); n != 0 {
		t.Errorf("15 edges belong to %d states", n)
	}
}

func TestRandomCellsLieInTheirSpace(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for states := MinStates; states <= MaxStates; states++ {
		s := Space{[]string{"none", "skip_connect", "sep_conv_5x5"}, states}
		for range 100 {
			g := s.Random(r)
			if err := g.Validate(); err != nil {
				t.Fatal(err)
			}
			if err := s.Contains(g); err != nil {
				t.Fatal(err)
			}
			again, err := Parse(g.Python())
			if err != nil || !reflect.DeepEqual(again, g) {
				t.Fatalf("%s reads as %v, %v", g.Python(), again, err)
			}
		}
	}
	g, _ := Published("DARTS_V2")
	if err := (Space{Primitives, 3}).Contains(g); err == nil || !strings.Contains(err.Error(), "4 states") {
		t.Errorf("a cell of four states lies among those of three: %v", err)
	}
	if err := (Space{Primitives[:5], 4}).Contains(g); err == nil || !strings.Contains(err.Error(), "dil_conv_3x3") {
		t.Errorf("a space without dil_conv_3x3 has DARTS_V2: %v", err)
	}
}

// The text is another implementation's, with three states.
func TestACellOfThreeStatesIsRead(t *testing.T) {
	g, err := Parse(`Genotype(normal=[('sep_conv_3x3', 0), ('skip_connect', 1), ('sep_conv_3x3', 0), ('sep_conv_5x5', 2), ('skip_connect', 0), ('sep_conv_3x3', 1)], normal_concat=range(2, 5), reduce=[('max_pool_3x3', 0), ('sep_conv_3x3', 1), ('max_pool_3x3', 0), ('skip_connect', 1), ('dil_conv_3x3', 2), ('sep_conv_5x5', 3)], reduce_concat=range(2, 5))`)
	if err != nil || g.States() != 3 || len(g.Topology(1).Links) != 6 {
		t.Errorf("got %v, %v", g, err)
	}
	g.Normal = g.Normal[:4]
	g.NormalConcat = []int{2, 3}
	if err := g.Validate(); err == nil || !strings.Contains(err.Error(), "same number of states") {
		t.Errorf("cells of two and three states make a genotype: %v", err)
	}
}
