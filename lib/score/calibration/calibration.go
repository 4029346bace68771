// Package calibration measures the calibration of a classifier's probabilities: four out of five
// predictions of 80 % confidence should be right.
//
//	r, err := calibration.Measure(logits, labels, 15)
//	t, err := calibration.Temperature(validationLogits, validationLabels)
//	after, err := calibration.Measure(calibration.Scale(logits, t), labels, 15)
//
// [Measure] gives
//
//   - the expected calibration error (ECE, arXiv:1706.04599, equation 3): the mean of |accuracy -
//     confidence| over levels of confidence of equal width, weighted by the number of predictions
//     in a level;
//   - the maximum of the same differences (MCE, equation 5);
//   - the adaptive ECE (arXiv:1508.05154; arXiv:1904.01685, section 3): the same with levels of
//     equally many predictions, so that no level has few of them;
//   - the Brier score (1950): the mean squared distance of the probabilities from the one-hot
//     label, 0 to 2. It measures accuracy and calibration together; lower is better.
//
// [Temperature] fits the temperature, a number that divides all logits, by minimal cross-entropy on
// images outside of the training set (arXiv:1706.04599, section 4.2). It changes no prediction. Fit
// it on validation images, and measure its effect on others.
package calibration

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/essnas/essnas/lib/score"
	"github.com/essnas/essnas/lib/score/internal/finite"
)

// Result holds the measures of a classifier's calibration. All but Brier and Loss lie in 0..1.
type Result struct {
	Images     int     `json:"images"`
	Accuracy   float64 `json:"accuracy"`
	Confidence float64 `json:"confidence"` // the mean probability of the predicted class
	ECE        float64 `json:"ece"`
	MCE        float64 `json:"mce"`
	Adaptive   float64 `json:"adaptive_ece"`
	Brier      float64 `json:"brier"`
	Loss       float64 `json:"loss"`   // cross-entropy in nats
	Levels     []Level `json:"levels"` // of equal width, from the lowest confidence to the highest
}

// Level describes the predictions with a confidence above Low and at most High.
type Level struct {
	Low        float64 `json:"low"`
	High       float64 `json:"high"`
	Count      int     `json:"count"`
	Confidence float64 `json:"confidence"` // mean confidence; 0 without predictions
	Accuracy   float64 `json:"accuracy"`
}

// prediction is the confidence of a predicted class; right reports whether it is the label.
type prediction struct {
	confidence float64
	right      bool
}

// Measure compares the probabilities of logits [images][classes] with labels [images]. levels is
// the number of levels of confidence. Measure returns an error if there are no images, if the
// numbers of rows and labels differ, if a label has no logit, if a logit is not finite, or if
// levels is not positive.
func Measure(logits [][]float32, labels []uint8, levels int) (Result, error) {
	if levels < 1 {
		return Result{}, fmt.Errorf("there are %d levels of confidence: give at least 1; 15 is usual", levels)
	}
	if err := check(logits, labels); err != nil {
		return Result{}, err
	}
	n := float64(len(labels))
	r := Result{Images: len(labels)}
	predictions := make([]prediction, len(labels))
	for i, row := range logits {
		label := int(labels[i])
		p := score.Softmax(row)
		best := 0
		for k, x := range p {
			if x > p[best] {
				best = k
			}
			truth := 0.0
			if k == label {
				truth = 1
			}
			r.Brier += (x - truth) * (x - truth) / n
		}
		predictions[i] = prediction{p[best], best == label}
		r.Loss += loss(row, label, 1) / n
		r.Confidence += p[best] / n
		if best == label {
			r.Accuracy += 1 / n
		}
	}
	groups := make([][]prediction, levels)
	for _, p := range predictions {
		// more than low, at most high
		k := min(max(int(math.Ceil(p.confidence*float64(levels)))-1, 0), levels-1)
		groups[k] = append(groups[k], p)
	}
	for k, g := range groups {
		l := level(g)
		l.Low, l.High = float64(k)/float64(levels), float64(k+1)/float64(levels)
		r.Levels = append(r.Levels, l)
		r.ECE += float64(l.Count) / n * l.gap()
		r.MCE = max(r.MCE, l.gap())
	}
	slices.SortStableFunc(predictions, func(a, b prediction) int { return cmp.Compare(a.confidence, b.confidence) })
	for k := range levels {
		l := level(predictions[k*len(predictions)/levels : (k+1)*len(predictions)/levels])
		r.Adaptive += float64(l.Count) / n * l.gap()
	}
	return r, nil
}

func level(group []prediction) (l Level) {
	l.Count = len(group)
	for _, p := range group {
		l.Confidence += p.confidence / float64(len(group))
		if p.right {
			l.Accuracy += 1 / float64(len(group))
		}
	}
	return l
}

func (l Level) gap() float64 { return math.Abs(l.Accuracy - l.Confidence) }

func check(logits [][]float32, labels []uint8) error {
	if len(logits) == 0 || len(logits) != len(labels) {
		return fmt.Errorf("there are %d rows of logits and %d labels: calibration needs one label for each row, and at least one row", len(logits), len(labels))
	}
	for i, row := range logits {
		if int(labels[i]) >= len(row) {
			return fmt.Errorf("image %d has label %[3]d and %[2]d logits only: give a logit for each class", i, len(row), labels[i])
		}
		if err := finite.Check(row, "image", i, "logit"); err != nil {
			return err
		}
	}
	return nil
}

// loss returns the cross-entropy of one image in nats. The logits are multiplied by beta, the
// inverse temperature.
func loss(row []float32, label int, beta float64) float64 {
	most := beta * float64(slices.Max(row))
	sum := 0.0
	for _, z := range row {
		sum += math.Exp(beta*float64(z) - most)
	}
	return math.Log(sum) + most - beta*float64(row[label])
}

// The limits of the temperature. The best temperature of a network without errors would be 0.
const coldest, hottest = 0.01, 100

// Temperature returns the temperature, in 0.01..100, with the smallest cross-entropy between logits
// [images][classes] divided by it and labels [images]. It returns the errors of Measure.
//
// The cross-entropy is convex in 1/temperature, so bisection finds the zero of its slope.
func Temperature(logits [][]float32, labels []uint8) (float64, error) {
	if err := check(logits, labels); err != nil {
		return 0, err
	}
	slope := func(beta float64) (s float64) {
		for i, row := range logits {
			most := beta * float64(slices.Max(row))
			sum, mean := 0.0, 0.0
			for _, z := range row {
				p := math.Exp(beta*float64(z) - most)
				sum += p
				mean += p * float64(z)
			}
			s += mean/sum - float64(row[labels[i]])
		}
		return s
	}
	low, high := 1./hottest, 1./coldest
	switch {
	case slope(low) >= 0:
		return hottest, nil
	case slope(high) <= 0:
		return coldest, nil
	}
	for high-low > 1e-13*high {
		middle := math.Sqrt(low * high)
		if middle <= low || middle >= high {
			break
		}
		if slope(middle) < 0 {
			low = middle
		} else {
			high = middle
		}
	}
	return 2 / (low + high), nil
}

// Scale returns logits [images][classes] divided by a temperature.
func Scale(logits [][]float32, temperature float64) [][]float32 {
	scaled := make([][]float32, len(logits))
	for i, row := range logits {
		for _, z := range row {
			scaled[i] = append(scaled[i], float32(float64(z)/temperature))
		}
	}
	return scaled
}
