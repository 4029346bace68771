package settings

import (
	"fmt"
	"slices"
)

// SlidesStage is one of the four searches that the slides compare, stage 1 to stage 4: PC-DARTS,
// PC-DARTS with self-supervision, PCP-DARTS, PCP-DARTS with self-supervision. A pipeline stage
// (search, train, test) is something else: see package stage.
type SlidesStage int

// SlidesStages lists the stages of the slides.
func SlidesStages() []SlidesStage { return []SlidesStage{1, 2, 3, 4} }

// Method returns the method of the stage; selfSupervised reports whether it has an ss_factor above
// 0. Method returns an error for a number outside 1 to 4.
func (n SlidesStage) Method() (method string, selfSupervised bool, err error) {
	if !slices.Contains(SlidesStages(), n) {
		return "", false, fmt.Errorf("there is no stage %d: the slides have 1 (PC-DARTS), 2 (self-supervised), 3 (PCP-DARTS) and 4 (self-supervised)", n)
	}
	return []string{"pc-darts", "pcp-darts"}[(n-1)/2], n%2 == 0, nil
}

// Choose sets the method of the stage in a choice. For a self-supervised stage it also sets
// ss_factor to one half, unless the choice gives another. Choose returns an error if the choice has
// another method or an ss_factor that does not fit the stage.
func (n SlidesStage) Choose(c *Choice[Search]) error {
	method, selfSupervised, err := n.Method()
	if err != nil {
		return err
	}
	if c.Method != "" && c.Method != method {
		return fmt.Errorf("stage %d is %s, and --method says %s: give one of them", n, method, c.Method)
	}
	values, names := c.Values()
	given := slices.Contains(names, "ss_factor")
	if given && (values.SSFactor != 0) != selfSupervised {
		return fmt.Errorf("stage %d and an ss_factor of %g don't go together: stages 1 and 3 have 0, stages 2 and 4 more", n, values.SSFactor)
	}
	c.Method = method
	if selfSupervised && !given {
		return c.Set("ss_factor", 0.5)
	}
	return nil
}
