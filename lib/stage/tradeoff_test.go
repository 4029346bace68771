package stage

import (
	"testing"

	"github.com/essnas/essnas/lib/figure"
)

func TestOnlyRunsThatNoOtherBeatsInBothAreOnTheFront(t *testing.T) {
	points := []figure.Point{
		{X: 90, Y: 10, Label: "accurate"}, {X: 60, Y: 40, Label: "robust"}, {X: 60, Y: 30, Label: "less robust"},
		{X: 80, Y: 30, Label: "between"}, {X: 70, Y: 20, Label: "beaten"},
	}
	var got []string
	for _, p := range front(points) {
		got = append(got, p.Label)
	}
	if want := []string{"robust", "between", "accurate"}; len(got) != 3 || got[0] != want[0] || got[1] != want[1] || got[2] != want[2] {
		t.Errorf("the front is %v, want %v", got, want)
	}
}
