package fit

import (
	"testing"
	"time"
)

func TestTheEstimateLeavesOutTheStepThatCompiles(t *testing.T) {
	var c clock
	c.step(40 * time.Second)
	if got := c.left(10, 1); got != 0 {
		t.Errorf("after one step the rest is estimated at %v, want no estimate", got)
	}
	c.step(time.Second)
	c.end(3 * time.Second)
	if got := c.left(10, 2); got != 16*time.Second {
		t.Errorf("10 steps and 2 ends of epochs are estimated at %v, want 16s", got)
	}
}
