package findings

import (
	"math"

	"github.com/essnas/essnas/lib/score"
	"github.com/essnas/essnas/lib/score/student"
	"gonum.org/v1/gonum/stat"
)

// Percentiles returns the percentiles [n] of values [n] among reference values [m]: the share of
// the reference values that are smaller, in percent, where equal values count half. It returns nil
// without a reference.
func Percentiles(values, reference []float64) (all []float64) {
	if len(reference) == 0 {
		return nil
	}
	for _, x := range values {
		below := 0.0
		for _, r := range reference {
			switch {
			case r < x:
				below++
			case r == x:
				below += 0.5
			}
		}
		all = append(all, 100*below/float64(len(reference)))
	}
	return all
}

// percentile returns the mean percentile of a configuration's accuracies among those of the random
// cells.
func (r *Results) percentile(configuration string) score.Estimate {
	return student.Mean(Percentiles(r.Values(configuration, r.Accuracy()), r.Values(Sampled, r.Accuracy())))
}

// Against compares values [n] with a reference [m] that shares no seeds with them, by Welch's t
// test of equal means ([student.Welch]). N of the result is n. There is no test with fewer than two
// values on a side, or without spread.
func Against(values, reference []float64) Paired {
	c := Paired{N: len(values), P: 1, Holm: 1}
	if len(values) == 0 || len(reference) == 0 {
		c.N = 0
		return c
	}
	c.Difference = score.Estimate{N: len(values), Mean: stat.Mean(values, nil) - stat.Mean(reference, nil)}
	if len(values) < 2 || len(reference) < 2 {
		c.N = 1
		return c
	}
	deviation, t, ok := student.Welch(values, reference)
	if !ok {
		return c
	}
	c.Difference.Half = t.Quantile(0.975) * deviation
	c.T = c.Difference.Mean / deviation
	c.P = 2 * t.Survival(math.Abs(c.T))
	c.Detectable = (t.Quantile(0.975) + t.Quantile(power)) * deviation
	return c
}

// power is the probability that a test detects a difference of the size Detectable.
const power = 0.8
