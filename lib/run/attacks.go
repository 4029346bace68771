package run

import "github.com/essnas/essnas/lib/attack"

// Attacked is an element of attack.json: the result of an attack on a trained network, on test
// images and after the end of the training. The test images influence no weights, no choice of an
// epoch and no option of the attack.
type Attacked struct {
	Data   string `json:"data"`
	Sample bool   `json:"sample"` // the embedded sample, not the whole data set
	Epoch  int    `json:"epoch"`  // epoch of the attacked weights, counted from 1
	// First is the number of attacked test images, from the first on; 0 if Index lists them.
	First    int            `json:"first,omitempty"`
	Index    []int          `json:"index,omitempty"`
	Seconds  float64        `json:"seconds"`
	Attacked string         `json:"attacked"` // RFC 3339
	Result   *attack.Result `json:"result"`
}

// Attacking is attack-progress.json: an attack that has not ended.
type Attacking struct {
	Options  attack.Options   `json:"options"`
	First    int              `json:"first,omitempty"`
	Index    []int            `json:"index,omitempty"`
	Seconds  float64          `json:"seconds"` // so far
	Progress *attack.Progress `json:"progress"`
}

// Attacks returns the results of attacks on the run's network, or none. It returns an error if the
// file is damaged.
func (r *Run) Attacks() (all []Attacked, err error) {
	_, err = r.Read("attack.json", &all)
	return all, err
}
