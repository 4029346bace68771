package study

import (
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/dustin/go-humanize/english"
	"github.com/essnas/essnas/lib/study/findings"
)

// Plan lists the jobs of a study and their progress.
type Plan struct {
	Dir       string        `json:"dir"`
	Preset    string        `json:"preset"`
	Dataset   string        `json:"dataset"`
	Transfers []string      `json:"transfers"`
	Remarks   []string      `json:"remarks"`
	Lines     []PlannedLine `json:"lines"`
	Jobs      int           `json:"jobs"`
	Done      int           `json:"done"`
	// estimated duration on one device from measurements; 0 before the first measurement
	Seconds float64 `json:"seconds_to_go"`
}

// PlannedLine is a configuration of a plan.
type PlannedLine struct {
	Configuration string  `json:"configuration"`
	Search        string  `json:"search"` // settings of the search in words
	Train         string  `json:"train"`
	Seeds         int     `json:"seeds"`
	Done          int     `json:"done"` // finished jobs
	Jobs          int     `json:"jobs"`
	Seconds       float64 `json:"seconds_to_go"`
}

// Plan returns the jobs of Work and their progress. It returns an error if a run can't be read.
func (s *Study) Plan() (*Plan, error) {
	c := s.Config
	p := &Plan{Dir: s.Dir, Preset: c.Preset, Dataset: c.Dataset, Transfers: c.Transfers, Remarks: c.Remarks}
	known := s.newCosts()
	all := s.jobs(s.only)
	done := make([]bool, len(all))
	for i, j := range all {
		var err error
		if done[i], err = s.Done(j); err != nil {
			return nil, err
		}
		if done[i] {
			if err := known.learn(s, j); err != nil {
				return nil, err
			}
		}
	}
	for _, conf := range s.only {
		l := PlannedLine{Configuration: conf.Name, Seeds: c.SeedsOf(conf), Search: "cells drawn at random", Train: fmt.Sprintf("%d cells, %d channels, %s", c.Train.Cells, c.Train.Channels, english.Plural(c.Train.Epochs, "epoch", ""))}
		if chosen, ok := c.Search[conf.Name]; ok {
			l.Search = fmt.Sprintf("%d cells, %s", chosen.Cells, english.Plural(chosen.Epochs, "epoch", ""))
			if chosen.Phases != "" {
				l.Search = fmt.Sprintf("phases %s, %s each", chosen.Phases, english.Plural(chosen.Epochs, "epoch", ""))
			}
		}
		for i, j := range all {
			if j.Configuration != conf.Name {
				continue
			}
			l.Jobs++
			if done[i] {
				l.Done++
			} else if cost, ok := known.of(j); ok {
				l.Seconds += cost.Seconds()
			}
		}
		p.Jobs, p.Done, p.Seconds = p.Jobs+l.Jobs, p.Done+l.Done, p.Seconds+l.Seconds
		p.Lines = append(p.Lines, l)
	}
	return p, nil
}

// String writes the plan as text.
func (p *Plan) String() string {
	var text strings.Builder
	fmt.Fprintf(&text, "A %s study on %s%s, in %s\n", p.Preset, findings.Title(p.Dataset), findings.Transferred(p.Transfers), p.Dir)
	for _, remark := range p.Remarks {
		fmt.Fprintf(&text, "%s.\n", findings.Upper(remark))
	}
	t := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "configuration\tsearch\teach cell's training\tseeds\tdone")
	for _, l := range p.Lines {
		fmt.Fprintf(t, "%s\t%s\t%s\t%d\t%d of %d\n", l.Configuration, l.Search, l.Train, l.Seeds, l.Done, l.Jobs)
	}
	t.Flush() // into memory
	fmt.Fprintf(&text, "%d of %s to do", p.Jobs-p.Done, english.Plural(p.Jobs, "job", ""))
	switch {
	case p.Jobs == p.Done:
	case p.Seconds > 0:
		fmt.Fprintf(&text, ", about %s on one device", findings.Duration(time.Duration(p.Seconds*float64(time.Second))))
	default:
		text.WriteString("; the first steps will give an estimate of the time")
	}
	return text.String()
}
