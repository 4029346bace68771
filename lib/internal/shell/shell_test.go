package shell

import (
	"os/exec"
	"testing"
)

func TestAShellReadsAQuotedWordAsItIs(t *testing.T) {
	for _, word := range []string{"a", "a b", "it's", `"$HOME" \n`, "", "a\nb", "~", "*", "#", "-", "ä"} {
		if out, err := exec.Command("sh", "-c", "printf %s "+Quote(word)).Output(); err != nil || string(out) != word {
			t.Errorf("%q is read as %q (%v)", word, out, err)
		}
	}
}
