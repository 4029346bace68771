package study

import (
	"sync"
	"time"

	"github.com/essnas/essnas/lib/study/findings"
)

// costs estimates the duration of jobs from measured jobs of the same kind, or else from jobs of
// other kinds by a rough comparison.
type costs struct {
	config findings.Config
	mu     sync.Mutex
	kinds  map[string]measured
}

type measured struct {
	sum   time.Duration
	n     int
	guess time.Duration // estimate from a running job, for a kind without an ended job
}

func (s *Study) newCosts() *costs { return &costs{config: s.Config, kinds: map[string]measured{}} }

// kind returns the name of a job's kind. Jobs of one kind take about the same time.
func (c *costs) kind(j findings.Job) string {
	if j.Step == findings.StepTrain {
		return "train " + j.Dataset
	}
	configuration, _ := findings.Find(j.Configuration)
	kind := "search " + configuration.Method
	if configuration.SSFactor > 0 {
		kind += " self-supervised"
	}
	return kind
}

// prior returns the relative duration of a job before any measurement: the number of passes of
// images through cells, times typical factors of the method and of searches against trainings on a
// CPU. It matters in the first minutes only.
func (c *costs) prior(j findings.Job) float64 {
	if j.Step == findings.StepTrain {
		t := c.config.Train
		return float64(t.Epochs*images(t.Images)*t.Cells*t.Channels) / 8
	}
	s, ok := c.config.Search[j.Configuration]
	if !ok {
		return 0
	}
	passes := float64(s.Epochs*images(s.Images)*s.Cells*s.Channels) / float64(min(s.Partial, 2))
	if s.Phases != "" {
		passes *= 3
	}
	if s.SSFactor > 0 {
		passes *= 2
	}
	return passes
}

func images(n int) int {
	if n == 0 {
		return 50000
	}
	return n
}

// took records the duration of a job.
func (c *costs) took(j findings.Job, d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	m := c.kinds[c.kind(j)]
	m.sum, m.n = m.sum+d, m.n+1
	c.kinds[c.kind(j)] = m
}

// expect records the expected duration of a running job.
func (c *costs) expect(j findings.Job, d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	m := c.kinds[c.kind(j)]
	m.guess = d
	c.kinds[c.kind(j)] = m
}

// learn records a job of an earlier process.
func (c *costs) learn(s *Study, j findings.Job) error {
	r, err := s.JobRun(j)
	if err != nil || r == nil {
		return err
	}
	result, err := r.Result()
	if err == nil && result != nil {
		c.took(j, time.Duration(result.Seconds*float64(time.Second)))
	}
	return err
}

func (m measured) mean() time.Duration {
	if m.n > 0 {
		return m.sum / time.Duration(m.n)
	}
	return m.guess
}

// of returns the estimate for a job, or false before any measurement.
func (c *costs) of(j findings.Job) (time.Duration, bool) {
	if j.Draws() {
		return 0, true
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if d := c.kinds[c.kind(j)].mean(); d > 0 {
		return d, true
	}
	// The prior is scaled by measured jobs: that of trainings by trainings and that of searches by
	// searches, if there are any.
	var seconds, prior [2]float64
	for _, other := range c.examples() {
		same := 0
		if other.Step == j.Step {
			same = 1
		}
		if d := c.kinds[c.kind(other)].mean(); d > 0 {
			seconds[same] += d.Seconds()
			prior[same] += c.prior(other)
		}
	}
	for _, same := range []int{1, 0} {
		if prior[same] > 0 {
			return time.Duration(seconds[same] / prior[same] * c.prior(j) * float64(time.Second)), true
		}
	}
	return 0, false
}

// examples returns at least one job of each kind.
func (c *costs) examples() (all []findings.Job) {
	for _, conf := range findings.Configurations() {
		if conf.Method != "" {
			all = append(all, findings.Job{Configuration: conf.Name, Seed: 1, Step: findings.StepSearch})
		}
	}
	for _, dataset := range c.config.Datasets() {
		all = append(all, findings.Job{Seed: 1, Step: findings.StepTrain, Dataset: dataset})
	}
	return
}
