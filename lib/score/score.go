package score

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/essnas/essnas/lib/score/internal/finite"
)

// Row is a line of the table: one class against all others, or the micro or macro average. The four
// measures lie in 0..1.
type Row struct {
	Class     string  `json:"class"`
	Images    int     `json:"images"` // test images of this class
	Precision float64 `json:"precision"`
	Recall    float64 `json:"recall"`
	F1        float64 `json:"f1"`
	Accuracy  float64 `json:"accuracy"` // one class against the others; in the row "all": top-1
}

// Table is the result of a test. Accuracies lie in 0..1, the loss is in nats.
type Table struct {
	Images    int      `json:"images"`
	Top1      float64  `json:"top1"`
	Top1Range Interval `json:"top1_95"`
	Top5      float64  `json:"top5"`
	Top5Range Interval `json:"top5_95"`
	Loss      float64  `json:"loss"`
	Classes   []Row    `json:"classes"`
	All       Row      `json:"all"`
	Confusion [][]int  `json:"confusion"` // [true class][predicted class]
}

// New compares logits [images][classes] with labels [images].
//
// New returns an error if there are no images, if the numbers of rows and labels differ, if a row
// does not have one logit per class, if a label is out of range, or if a logit is not finite.
func New(classes []string, logits [][]float32, labels []uint8) (Table, error) {
	if len(logits) == 0 || len(logits) != len(labels) {
		return Table{}, fmt.Errorf("there are %d rows of logits and %d labels: a score needs one label for each row, and at least one row", len(logits), len(labels))
	}
	t := Table{Images: len(labels), Confusion: make([][]int, len(classes))}
	for i := range t.Confusion {
		t.Confusion[i] = make([]int, len(classes))
	}
	var hits, hits5 int
	for i, row := range logits {
		label := int(labels[i])
		if len(row) != len(classes) || label >= len(classes) {
			return Table{}, fmt.Errorf("image %d has %d logits and label %d, which do not fit %d classes", i, len(row), label, len(classes))
		}
		if err := finite.Check(row, "image", i, "logit"); err != nil {
			return Table{}, err
		}
		best := TopK(row, 5)
		t.Confusion[label][best[0]]++
		if best[0] == label {
			hits++
		}
		if slices.Contains(best, label) {
			hits5++
		}
		t.Loss += crossEntropy(row, label)
	}
	n := float64(t.Images)
	t.Loss /= n
	t.Top1, t.Top1Range = float64(hits)/n, Wilson(hits, t.Images)
	t.Top5, t.Top5Range = float64(hits5)/n, Wilson(hits5, t.Images)
	t.Classes = rows(classes, t.Confusion, t.Images)
	t.All = Row{Class: "all", Images: t.Images, Precision: t.Top1, Recall: t.Top1, F1: t.Top1, Accuracy: t.Top1}
	return t, nil
}

func rows(classes []string, confusion [][]int, images int) []Row {
	table := make([]Row, len(classes))
	for c, class := range classes {
		var actual, predicted int
		for other := range classes {
			actual += confusion[c][other]
			predicted += confusion[other][c]
		}
		hit := confusion[c][c]
		missed, wrong := actual-hit, predicted-hit
		table[c] = Row{
			Class:     class,
			Images:    actual,
			Precision: share(hit, predicted),
			Recall:    share(hit, actual),
			F1:        share(2*hit, actual+predicted), // the same as 2 P R/(P+R)
			Accuracy:  share(images-missed-wrong, images),
		}
	}
	return table
}

// Macro returns the mean of the rows of all classes, in which classes with few images count as much
// as those with many. Like scikit-learn's macro average it leaves out classes that have no image
// and are never predicted.
func (t Table) Macro() Row {
	m := Row{Class: "macro", Images: t.Images}
	n := 0.0
	for k, row := range t.Classes {
		if row.Images == 0 && !t.answered(k) {
			continue
		}
		n++
		m.Precision, m.Recall, m.F1, m.Accuracy = m.Precision+row.Precision, m.Recall+row.Recall, m.F1+row.F1, m.Accuracy+row.Accuracy
	}
	m.Precision, m.Recall, m.F1, m.Accuracy = m.Precision/n, m.Recall/n, m.F1/n, m.Accuracy/n
	return m
}

// answered reports whether class k is the prediction for any image.
func (t Table) answered(k int) bool {
	return slices.ContainsFunc(t.Confusion, func(row []int) bool { return row[k] > 0 })
}

// Warnings names the classes for which the measures have no meaning: those that were never
// predicted, and those without test images. Each warning is a sentence without its full stop.
func (t Table) Warnings() (all []string) {
	var never, absent []string
	for k, row := range t.Classes {
		if row.Images == 0 {
			absent = append(absent, row.Class)
		} else if !t.answered(k) {
			never = append(never, row.Class)
		}
	}
	if len(never) > 0 {
		all = append(all, "the network never answers "+strings.Join(never, ", "))
	}
	if len(absent) > 0 {
		all = append(all, "no test image is of "+strings.Join(absent, ", "))
	}
	return all
}

func share(part, whole int) float64 {
	if whole == 0 {
		return 0
	}
	return float64(part) / float64(whole)
}

// Softmax returns the probabilities exp(logit) / sum of exp(logits), [classes] -> [classes]. Large
// logits do not overflow.
func Softmax(logits []float32) []float64 {
	p := make([]float64, len(logits))
	if len(p) == 0 {
		return p
	}
	largest, sum := float64(slices.Max(logits)), 0.0
	for i, x := range logits {
		p[i] = math.Exp(float64(x) - largest)
		sum += p[i]
	}
	for i := range p {
		p[i] /= sum
	}
	return p
}

// crossEntropy returns -log softmax(logits)[label], in nats.
func crossEntropy(logits []float32, label int) float64 {
	largest, sum := float64(slices.Max(logits)), 0.0
	for _, x := range logits {
		sum += math.Exp(float64(x) - largest)
	}
	return math.Log(sum) + largest - float64(logits[label])
}

// TopK returns the indices of the k largest values in falling order, or of all if there are fewer.
// Of equal values the first comes first.
func TopK[T cmp.Ordered](values []T, k int) []int {
	order := make([]int, len(values))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(values[b], values[a]) })
	return order[:min(k, len(order))]
}

// String writes the table as text: one line per class, the micro average, the macro average, then
// top-1, top-5 and loss.
func (t Table) String() string {
	width := len("class")
	for _, row := range t.Classes {
		width = max(width, utf8.RuneCountInString(row.Class))
	}
	var text strings.Builder
	fmt.Fprintf(&text, "%-*s  precision  recall      f1  accuracy  images\n", width, "class")
	for _, row := range append(slices.Clone(t.Classes), t.All, t.Macro()) {
		fmt.Fprintf(&text, "%-*s  %9.4f  %6.4f  %6.4f  %8.4f  %6d\n", width, row.Class, row.Precision, row.Recall, row.F1, row.Accuracy, row.Images)
	}
	fmt.Fprintf(&text, "top-1 %s, top-5 %s, loss %.4f, %d images\n", percent(t.Top1, t.Top1Range), percent(t.Top5, t.Top5Range), t.Loss, t.Images)
	return text.String()
}

func percent(x float64, r Interval) string {
	return fmt.Sprintf("%.2f %% (95 %%: %.2f to %.2f)", 100*x, 100*r.Low, 100*r.High)
}
