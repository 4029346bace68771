package score

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"reflect"
	"strings"
	"testing"
)

// golden is a case that testdata/sklearn.py has written.
type golden struct {
	Name              string
	Logits            [][]float32
	Labels            []int
	Precision, Recall []float64
	F1, Accuracy      []float64
	Images            []int
	All               [4]float64
	Macro             [3]float64
	Confusion         [][]int
	Loss, Top1, Top5  float64
	Top1Range         [2]float64 `json:"top1_95"`
}

func TestScoresAreThoseOfScikitLearn(t *testing.T) {
	text, err := os.ReadFile("testdata/sklearn.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []golden
	if err := json.Unmarshal(text, &cases); err != nil {
		t.Fatal(err)
	}
	for _, want := range cases {
		t.Run(want.Name, func(t *testing.T) {
			classes := make([]string, len(want.Confusion))
			for i := range classes {
				classes[i] = fmt.Sprint(i)
			}
			labels := make([]uint8, len(want.Labels))
			for i, label := range want.Labels {
				labels[i] = uint8(label)
			}
			got, err := New(classes, want.Logits, labels)
			if err != nil {
				t.Fatal(err)
			}
			near := func(what string, got, want float64) {
				if !(math.Abs(got-want) <= 1e-12*max(1, math.Abs(want))) {
					t.Errorf("%s is %.15g, want %.15g", what, got, want)
				}
			}
			for i, row := range got.Classes {
				near(row.Class+" precision", row.Precision, want.Precision[i])
				near(row.Class+" recall", row.Recall, want.Recall[i])
				near(row.Class+" f1", row.F1, want.F1[i])
				near(row.Class+" accuracy", row.Accuracy, want.Accuracy[i])
				if row.Images != want.Images[i] {
					t.Errorf("%s has %d images, want %d", row.Class, row.Images, want.Images[i])
				}
			}
			near("all precision", got.All.Precision, want.All[0])
			near("all recall", got.All.Recall, want.All[1])
			near("all f1", got.All.F1, want.All[2])
			near("all accuracy", got.All.Accuracy, want.All[3])
			macro := got.Macro()
			near("macro precision", macro.Precision, want.Macro[0])
			near("macro recall", macro.Recall, want.Macro[1])
			near("macro f1", macro.F1, want.Macro[2])
			near("loss", got.Loss, want.Loss)
			near("top-1", got.Top1, want.Top1)
			near("top-5", got.Top5, want.Top5)
			near("low", got.Top1Range.Low, want.Top1Range[0])
			near("high", got.Top1Range.High, want.Top1Range[1])
			if !reflect.DeepEqual(got.Confusion, want.Confusion) {
				t.Errorf("confusion is %v, want %v", got.Confusion, want.Confusion)
			}
		})
	}
}

func TestUniformLogitsCostLogOfTheClassesAndPredictTheFirst(t *testing.T) {
	got, err := New([]string{"a", "b", "c", "d"}, [][]float32{{7, 7, 7, 7}, {7, 7, 7, 7}}, []uint8{0, 3})
	if err != nil {
		t.Fatal(err)
	}
	if math.Abs(got.Loss-math.Log(4)) > 1e-15 {
		t.Errorf("loss is %g, want log 4 = %g", got.Loss, math.Log(4))
	}
	if want := [][]int{{1, 0, 0, 0}, {0, 0, 0, 0}, {0, 0, 0, 0}, {1, 0, 0, 0}}; !reflect.DeepEqual(got.Confusion, want) {
		t.Errorf("confusion is %v, want %v", got.Confusion, want)
	}
}

func TestHugeLogitsDoNotOverflow(t *testing.T) {
	got, err := New([]string{"a", "b"}, [][]float32{{3e38, 0}, {0, 1000}}, []uint8{0, 0})
	if err != nil {
		t.Fatal(err)
	}
	if got.Loss != 500 { // (0 + 1000) / 2
		t.Errorf("loss is %g, want 500", got.Loss)
	}
}

func TestNewNamesTheFault(t *testing.T) {
	two := []string{"a", "b"}
	for _, c := range []struct {
		logits [][]float32
		labels []uint8
		want   string
	}{
		{nil, nil, "at least one row"},
		{[][]float32{{1, 2}}, []uint8{0, 1}, "1 rows of logits and 2 labels"},
		{[][]float32{{1, 2, 3}}, []uint8{0}, "image 0 has 3 logits and label 0"},
		{[][]float32{{1, 2}}, []uint8{2}, "label 2, which do not fit 2 classes"},
		{[][]float32{{1, 2}, {float32(math.NaN()), 0}}, []uint8{0, 0}, "image 1 has a logit of NaN: the network has diverged"},
		{[][]float32{{float32(math.Inf(1)), 0}}, []uint8{0}, "image 0 has a logit of +Inf"},
	} {
		if _, err := New(two, c.logits, c.labels); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v %v: got error %v, want it to hold %q", c.logits, c.labels, err, c.want)
		}
	}
}

func TestWilsonStaysBetweenZeroAndOneAndNarrows(t *testing.T) {
	last := 1.0
	for _, n := range []int{0, 10, 100, 10_000} {
		none, all := Wilson(0, n), Wilson(n, n)
		if none.Low != 0 || all.High != 1 {
			t.Errorf("of %d: %v and %v, want the first to begin at 0 and the last to end at 1", n, none, all)
		}
		if n > 0 && none.High >= last {
			t.Errorf("of %d: the interval ends at %g, no less than with fewer trials", n, none.High)
		}
		last = none.High
	}
}

func TestSoftmaxSumsToOneAndIgnoresAShift(t *testing.T) {
	a, b := Softmax([]float32{1, 2, 4}), Softmax([]float32{101, 102, 104})
	if !reflect.DeepEqual(a, b) {
		t.Errorf("%v and %v differ", a, b)
	}
	if sum := a[0] + a[1] + a[2]; math.Abs(sum-1) > 1e-15 {
		t.Errorf("the sum is %g", sum)
	}
}

func ExampleNew() {
	logits := [][]float32{{2, 0, 0}, {1, 0, 0}, {0, 3, 0}, {0, 0, 1}}
	table, err := New([]string{"cat", "dog", "frog"}, logits, []uint8{0, 1, 1, 2})
	if err != nil {
		panic(err)
	}
	fmt.Print(table)
	// Output:
	// class  precision  recall      f1  accuracy  images
	// cat       0.5000  1.0000  0.6667    0.7500       1
	// dog       1.0000  0.5000  0.6667    0.7500       2
	// frog      1.0000  1.0000  1.0000    1.0000       1
	// all       0.7500  0.7500  0.7500    0.7500       4
	// macro     0.8333  0.8333  0.7778    0.8333       4
	// top-1 75.00 % (95 %: 30.06 to 95.44), top-5 100.00 % (95 %: 51.01 to 100.00), loss 0.6093, 4 images
}

func TestClassesThatNobodyAnswersOrTestsAreWarnedOf(t *testing.T) {
	got, err := New([]string{"a", "b", "c"}, [][]float32{{1, 0, 0}, {1, 0, 0}, {1, 0, 0}}, []uint8{0, 0, 1})
	if err != nil {
		t.Fatal(err)
	}
	if w := fmt.Sprint(got.Warnings()); w != "[the network never answers b no test image is of c]" {
		t.Errorf("warnings are %s", w)
	}
}
