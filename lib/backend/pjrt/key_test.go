package pjrt

import (
	"strings"
	"testing"
)

func canonicalText(s string) string {
	var b strings.Builder
	canonical(&b, []byte(s))
	return b.String()
}

const program = `module @jit_step {
  func.func @main(%x: tensor<2xf32>, %weights_1: tensor<2xf32>) -> tensor<2xf32> {
    %0 = stablehlo.add %x, %weights_1 : tensor<2xf32>
    %sum = stablehlo.custom_call @f(%0) {config = "%x \"%y\" of 5%"} : tensor<2xf32>
    return %sum : tensor<2xf32>
  }
}`

func TestKeysOfPrograms(t *testing.T) {
	cases := []struct {
		name     string
		old, new string
		same     bool
	}{
		{"the module's name does not matter", "@jit_step", "@jit_step_917", true},
		{"names of values do not matter", "%weights_1", "%weights_8a.2-$x", true},
		{"which value is used matters", "add %x, %weights_1", "add %weights_1, %x", false},
		{"numbers of values are their names", "%0 = ", "%1 = ", false},
		{"types matter", "tensor<2xf32>", "tensor<3xf32>", false},
		{"operations matter", "stablehlo.add", "stablehlo.multiply", false},
		{"functions' names matter", "@main", "@other", false},
		{"strings matter", `"%x \"`, `"%z \"`, false},
		{"a renamed value is not one that is called by the new name", "%weights_1", "%$1", true},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			changed := strings.ReplaceAll(program, c.old, c.new)
			if changed == program {
				t.Fatal("the case changes nothing")
			}
			if same := canonicalText(changed) == canonicalText(program); same != c.same {
				t.Errorf("same key: %v, want %v\n%s", same, c.same, canonicalText(changed))
			}
		})
	}
}

func TestEveryPartOfAKeyCounts(t *testing.T) {
	parts := []string{"salt", "topology", "options", "format", "module @m {}"}
	of := func(p []string) key {
		return keyOf(p[0], []byte(p[1]), []byte(p[2]), []byte(p[3]), []byte(p[4]))
	}
	seen := map[key]string{of(parts): "the original"}
	add := func(what string, p []string) {
		if other, ok := seen[of(p)]; ok {
			t.Errorf("%s has the key of %s", what, other)
		}
		seen[of(p)] = what
	}
	for i := range parts {
		p := append([]string{}, parts...)
		p[i] += "x"
		add("another "+parts[i], p)
	}
	add("a byte moved from one part to the next", []string{"sal", "ttopology", "options", "format", "module @m {}"})
}

// The text of a program is not ours: nothing in it may hang or break the hash, and names are all
// that it loses.
func FuzzCanonical(f *testing.F) {
	f.Add(program)
	f.Add(`"open \`)
	f.Add("%")
	f.Add("module @")
	f.Fuzz(func(t *testing.T, text string) {
		once := canonicalText(text)
		if rest, ok := strings.CutPrefix(text, "module @"); ok {
			text = rest
		}
		if !strings.ContainsAny(text, "%\"") && !strings.HasSuffix(text, once) {
			t.Errorf("%q became %q", text, once)
		}
		if twice := canonicalText(once); !strings.HasPrefix(once, "module @") && twice != once {
			t.Errorf("canonical of %q is %q, and of that %q", text, once, twice)
		}
	})
}
