package feature

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/optimize"
)

// Linear is a linear classifier of standardised features.
type Linear struct {
	mean, scale []float64 // of each feature
	weights     []float64 // [features + 1][classes], the last row is the bias
	classes     int
}

// FitLinear fits multinomial logistic regression to features x [n][d] and labels [n]. It
// standardises each feature to mean 0 and variance 1 over these rows and minimises, by L-BFGS,
//
//	mean of -log softmax(W x + b)[label] + l2/2 |W|^2
//
// This is scikit-learn's LogisticRegression with C = 1/(l2 n). A positive l2 makes the minimum
// unique. The fit begins at start, a classifier of the same features, or at zero if start is nil.
// Beginning at the fit of a neighbouring l2 saves most of the time.
//
// FitLinear returns an error if there are no rows, if the numbers of rows and labels differ, if l2
// is not positive, if the minimisation fails, or if ctx ends.
func FitLinear(ctx context.Context, x [][]float32, labels []uint8, classes int, l2 float64, start *Linear) (*Linear, error) {
	if len(x) == 0 || len(x) != len(labels) || !(l2 > 0) {
		return nil, fmt.Errorf("a classifier can't be fitted to %d rows of features and %d labels with l2 %g: give one label for each row, and a positive l2", len(x), len(labels), l2)
	}
	n, d := len(x), len(x[0])
	l := &Linear{classes: classes, mean: make([]float64, d), scale: make([]float64, d)}
	if start != nil {
		l.mean, l.scale = start.mean, start.scale
	} else {
		l.standardise(x)
	}
	p := &logistic{x: l.matrix(x), labels: labels, classes: classes, l2: l2, p: mat.NewDense(n, classes, nil), gradient: make([]float64, (d+1)*classes)}
	w := make([]float64, (d+1)*classes)
	if start != nil {
		copy(w, start.weights)
	}
	settings := &optimize.Settings{GradientThreshold: 1e-8, MajorIterations: 1000, Converger: optimize.NeverTerminate{}}
	ended := func() (optimize.Status, error) {
		if err := ctx.Err(); err != nil {
			return optimize.Failure, err
		}
		return optimize.NotTerminated, nil
	}
	result, err := optimize.Minimize(optimize.Problem{Func: p.loss, Grad: p.grad, Status: ended}, w, settings, &optimize.LBFGS{})
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	// the line search fails near the limit of precision, where the gradient is small enough
	if result == nil || err != nil && !(largestOf(result.Gradient) < 1e-4) {
		return nil, fmt.Errorf("the linear classifier can't be fitted: %w", errors.Join(err, errors.New("the features of this network can't be separated: train it first, or for longer")))
	}
	l.weights = slices.Clone(result.X)
	return l, nil
}

// largestOf returns the largest absolute value, or infinity if there are no values.
func largestOf(g []float64) float64 {
	largest := math.Inf(1)
	for i, x := range g {
		if i == 0 || math.Abs(x) > largest {
			largest = math.Abs(x)
		}
	}
	return largest
}

// standardise measures mean and deviation of the features. A constant feature is only centred.
func (l *Linear) standardise(x [][]float32) {
	n := float64(len(x))
	for _, row := range x {
		for j, v := range row {
			l.mean[j] += float64(v) / n
		}
	}
	for _, row := range x {
		for j, v := range row {
			l.scale[j] += (float64(v) - l.mean[j]) * (float64(v) - l.mean[j]) / n
		}
	}
	for j, v := range l.scale {
		l.scale[j] = 1
		if v > 0 {
			l.scale[j] = math.Sqrt(v)
		}
	}
}

// matrix returns the standardised rows, each with a 1 at its end for the bias.
func (l *Linear) matrix(x [][]float32) *mat.Dense {
	d := len(l.mean)
	m := mat.NewDense(len(x), d+1, nil)
	for i, row := range x {
		to := m.RawRowView(i)
		for j, v := range row {
			to[j] = (float64(v) - l.mean[j]) / l.scale[j]
		}
		to[d] = 1
	}
	return m
}

// Logits returns the logits [rows][classes] of features x [rows][d].
func (l *Linear) Logits(x [][]float32) [][]float32 {
	all := make([][]float32, len(x))
	if len(x) == 0 {
		return all
	}
	var z mat.Dense
	z.Mul(l.matrix(x), mat.NewDense(len(l.mean)+1, l.classes, l.weights))
	for i := range all {
		all[i] = make([]float32, l.classes)
		for c := range all[i] {
			all[i][c] = float32(z.At(i, c))
		}
	}
	return all
}

// logistic is the function that a fit minimises, with its gradient. Both need the same products, so
// one call computes and keeps both.
type logistic struct {
	x       *mat.Dense
	labels  []uint8
	classes int
	l2      float64

	at       []float64 // the point of value and gradient
	value    float64
	gradient []float64
	p        *mat.Dense // [n][classes]
}

func (f *logistic) loss(w []float64) float64 {
	f.compute(w)
	return f.value
}

func (f *logistic) grad(g, w []float64) {
	f.compute(w)
	copy(g, f.gradient)
}

func (f *logistic) compute(w []float64) {
	if slices.Equal(f.at, w) {
		return
	}
	f.at = append(f.at[:0], w...)
	n, d := f.x.Dims()
	f.p.Mul(f.x, mat.NewDense(d, f.classes, f.at))
	f.value = 0
	for i, label := range f.labels {
		row := f.p.RawRowView(i)
		largest, sum := slices.Max(row), 0.0
		f.value += largest - row[label]
		for c, z := range row {
			row[c] = math.Exp(z - largest)
			sum += row[c]
		}
		f.value += math.Log(sum)
		for c := range row {
			row[c] /= sum * float64(n)
		}
		row[label] -= 1 / float64(n)
	}
	f.value /= float64(n)
	mat.NewDense(d, f.classes, f.gradient).Mul(f.x.T(), f.p)
	for i, v := range w[:(d-1)*f.classes] {
		f.value += f.l2 / 2 * v * v
		f.gradient[i] += f.l2 * v
	}
}
