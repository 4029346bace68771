package pretrain

import (
	"context"
	"fmt"
	"math"

	"github.com/essnas/essnas/lib/data"
	"github.com/essnas/essnas/lib/fit/event"
	"github.com/essnas/essnas/lib/network"
	"github.com/essnas/essnas/lib/score/feature"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"
)

// numbers of voting and of classified images in a measurement, and parameters of the vote
const (
	bankImages  = 10000
	queryImages = 2000
	voters      = 20
	temperature = 0.1
)

// EndEpoch implements fit.Task: it measures the features every few epochs and at the end.
func (t *Pretraining) EndEpoch(ctx context.Context, epoch int) (event.Metrics, map[string]any, error) {
	m := event.Metrics{}
	every := t.settings.KNNEvery
	if epoch+1 < t.settings.Epochs && (every == 0 || (epoch+1)%every != 0) {
		return m, nil, t.baselines(ctx, epoch, m)
	}
	accuracy, held, err := t.measure(ctx, t.model)
	if err != nil {
		return nil, nil, err
	}
	m["knn_accuracy"] = accuracy
	m["spread"], m["rank"] = Spread(held)
	return m, nil, t.baselines(ctx, epoch, m)
}

// baselines measures the baselines. They never change, so only the first epoch measures them.
func (t *Pretraining) baselines(ctx context.Context, epoch int, m event.Metrics) error {
	if epoch > 0 {
		return nil
	}
	untrained := network.ModelOf(t.Engine, t.net, t.plan().Params(t.settings.Seed))
	defer untrained.Close()
	if err := untrained.MeasureNorms(ctx, t.Feeder, t.train); err != nil {
		return err
	}
	var err error
	if m["knn_untrained"], _, err = t.measure(ctx, untrained); err != nil {
		return err
	}
	bank, queries := t.measured()
	m["knn_pixels"], err = t.knn(ctx, Pixels(t.set, t.set.Train, bank), Pixels(t.set, t.set.Train, queries), bank, queries)
	return err
}

// measured returns the images of a measurement: bank votes on queries.
func (t *Pretraining) measured() (bank, queries []int32) {
	return t.train[:min(len(t.train), bankImages)], t.held[:min(len(t.held), queryImages)]
}

// measure returns the accuracy of the model's features and the features of held-back images.
func (t *Pretraining) measure(ctx context.Context, m *network.Model) (accuracy float64, held [][]float32, err error) {
	bank, queries := t.measured()
	of, err := m.Features(ctx, t.Feeder, bank, nil)
	if err != nil {
		return 0, nil, err
	}
	if held, err = m.Features(ctx, t.Feeder, queries, nil); err != nil {
		return 0, nil, err
	}
	accuracy, err = t.knn(ctx, of, held, bank, queries)
	return accuracy, held, err
}

func (t *Pretraining) knn(ctx context.Context, bank, queries [][]float32, of, whose []int32) (float64, error) {
	near, err := feature.Nearest(ctx, t.backend.Backend, bank, queries, voters)
	if err != nil {
		return 0, fmt.Errorf("measuring the features: %w", err)
	}
	votes := near.Vote(Labels(t.set.Train, of), len(t.set.Classes), voters, temperature)
	return float64(feature.Hits(votes, Labels(t.set.Train, whose))) / float64(len(whose)), nil
}

// Labels returns the labels of the images at these indices, [len(index)].
func Labels(im data.Images, index []int32) []uint8 {
	labels := make([]uint8, len(index))
	for i, n := range index {
		labels[i] = im.Labels[n]
	}
	return labels
}

// Pixels returns the images at these indices as features [len(index)][height * width * channels],
// normalised as for a network.
func Pixels(set *data.Set, im data.Images, index []int32) [][]float32 {
	all := make([][]float32, len(index))
	for i, n := range index {
		all[i] = make([]float32, 0, im.Height*im.Width*im.Channels)
		for j, v := range im.Picture(int(n)) {
			c := j % im.Channels
			all[i] = append(all[i], (float32(v)/255-set.Mean[c])/set.Std[c])
		}
	}
	return all
}

// Spread measures the collapse of features [n][d], where each image's features have length 1.
// spread is the mean standard deviation of a feature times the root of d: 0 if all images have the
// same features, 1 if the features fill the sphere. rank is exp of the entropy of the normalised
// singular values of the centred features: 0 if all images have the same features, 1 if the
// features lie on a line, and d if no direction is preferred.
func Spread(features [][]float32) (spread, rank float64) {
	n, d := len(features), len(features[0])
	x := mat.NewDense(n, d, nil)
	for i, row := range features {
		sum := 0.0
		for _, v := range row {
			sum += float64(v) * float64(v)
		}
		for j, v := range row {
			if sum > 0 {
				x.Set(i, j, float64(v)/math.Sqrt(sum))
			}
		}
	}
	var covariance mat.SymDense
	stat.CovarianceMatrix(&covariance, x, nil)
	for j := range d {
		spread += math.Sqrt(covariance.At(j, j)) * math.Sqrt(float64(d)) / float64(d)
	}
	var eigen mat.EigenSym
	if !eigen.Factorize(&covariance, false) {
		return spread, math.NaN()
	}
	total, entropy := 0.0, 0.0
	values := eigen.Values(nil)
	for i, v := range values {
		// the singular value of the centred features up to a factor
		values[i] = math.Sqrt(max(v, 0))
		total += values[i]
	}
	if total < 1e-6 { // zero up to rounding
		return spread, 0
	}
	for _, v := range values {
		if p := v / total; p > 0 {
			entropy -= p * math.Log(p)
		}
	}
	return spread, math.Exp(entropy)
}
