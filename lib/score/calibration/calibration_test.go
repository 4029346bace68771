package calibration

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"strings"
	"testing"
)

// peers holds numbers of torchmetrics, scikit-learn and SciPy.
type peers struct {
	Cases []struct {
		Logits                          [][]float32
		Labels                          []int
		Levels                          int
		ECE, MCE, Adaptive, Brier, Loss float64
		Temperature                     float64
		Scaled                          float64 // loss at this temperature
	}
}

func read(t *testing.T) (p peers) {
	t.Helper()
	text, err := os.ReadFile("testdata/calibration.json")
	if err == nil {
		err = json.Unmarshal(text, &p)
	}
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func bytes(labels []int) (all []uint8) {
	for _, l := range labels {
		all = append(all, uint8(l))
	}
	return all
}

// TestErrorsAreThoseOfTorchmetricsAndScikitLearn: the Brier score is scikit-learn's, the
// temperature is SciPy's, and the other measures are torchmetrics'.
func TestErrorsAreThoseOfTorchmetricsAndScikitLearn(t *testing.T) {
	for i, c := range read(t).Cases {
		near := func(what string, got, want, tolerance float64) {
			if !(math.Abs(got-want) <= tolerance*math.Abs(want)) {
				t.Errorf("case %d: %s is %.15g, want %.15g", i, what, got, want)
			}
		}
		labels := bytes(c.Labels)
		r, err := Measure(c.Logits, labels, c.Levels)
		if err != nil {
			t.Fatal(err)
		}
		near("ECE", r.ECE, c.ECE, 1e-6) // torchmetrics counts in float32
		near("MCE", r.MCE, c.MCE, 1e-6)
		near("adaptive ECE", r.Adaptive, c.Adaptive, 1e-12)
		near("Brier score", r.Brier, c.Brier, 1e-12)
		near("loss", r.Loss, c.Loss, 1e-12)
		temperature, err := Temperature(c.Logits, labels)
		if err != nil {
			t.Fatal(err)
		}
		// a search by values can't find a minimum more exactly
		near("temperature", temperature, c.Temperature, 1e-6)
		scaled := 0.0
		for i, row := range c.Logits {
			scaled += loss(row, c.Labels[i], 1/temperature) / float64(len(labels))
		}
		if scaled > c.Scaled+1e-15 {
			t.Errorf("case %d: the loss at the temperature is %.17g, at SciPy's %.17g", i, scaled, c.Scaled)
		}
	}
}

// TestATemperatureUndoesAScale: the temperature of logits times 3 is 3 times as high, and the
// predictions stay.
func TestATemperatureUndoesAScale(t *testing.T) {
	c := read(t).Cases[1]
	labels := bytes(c.Labels)
	one, err := Temperature(c.Logits, labels)
	if err != nil {
		t.Fatal(err)
	}
	three, err := Temperature(Scale(c.Logits, 1./3), labels)
	if err != nil {
		t.Fatal(err)
	}
	if math.Abs(three-3*one) > 1e-6*one {
		t.Errorf("temperatures %g and %g", one, three)
	}
	before, _ := Measure(c.Logits, labels, 15)
	after, _ := Measure(Scale(c.Logits, one), labels, 15)
	if after.Accuracy != before.Accuracy || after.Loss >= before.Loss {
		t.Errorf("accuracy %g and loss %g, before %g and %g", after.Accuracy, after.Loss, before.Accuracy, before.Loss)
	}
}

// TestANetworkThatIsAlwaysRightIsAsColdAsCanBe, and a network that is worse than chance is as hot
// as can be.
func TestANetworkThatIsAlwaysRightIsAsColdAsCanBe(t *testing.T) {
	logits := [][]float32{{2, 0}, {0, 1}}
	for _, c := range []struct {
		labels []uint8
		want   float64
	}{{[]uint8{0, 1}, coldest}, {[]uint8{1, 0}, hottest}} {
		if got, err := Temperature(logits, c.labels); err != nil || got != c.want {
			t.Errorf("labels %v: temperature %g (%v), want %g", c.labels, got, err, c.want)
		}
	}
}

func TestMeasureNamesTheFault(t *testing.T) {
	for _, c := range []struct {
		logits [][]float32
		labels []uint8
		levels int
		want   string
	}{
		{nil, nil, 15, "at least one row"},
		{[][]float32{{1, 2}}, []uint8{0}, 0, "0 levels"},
		{[][]float32{{1, 2}}, []uint8{2}, 15, "label 2"},
		{[][]float32{{float32(math.NaN()), 2}}, []uint8{0}, 15, "diverged"},
	} {
		if _, err := Measure(c.logits, c.labels, c.levels); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("error %v, want it to hold %q", err, c.want)
		}
	}
}

// Two predictions have a confidence of 73 %, and one of them is right. Two others are certain. The
// level from 73 to 80 % is off by 23 %, with half of the predictions.
func ExampleMeasure() {
	r, err := Measure([][]float32{{1, 0}, {1, 0}, {40, 0}, {0, 40}}, []uint8{0, 1, 0, 1}, 10)
	if err != nil {
		panic(err)
	}
	fmt.Printf("accuracy %.2f, confidence %.3f, ECE %.3f, MCE %.3f, Brier %.3f\n", r.Accuracy, r.Confidence, r.ECE, r.MCE, r.Brier)
	fmt.Printf("%+v\n", r.Levels[7].Count)
	// Output:
	// accuracy 0.75, confidence 0.866, ECE 0.116, MCE 0.231, Brier 0.303
	// 2
}
