package run

import "github.com/essnas/essnas/lib/attack"

// Attacked is one of attack.json's: what an attack made of a trained network on test images, after
// its training had ended. The images chose nothing: no weights, no epoch, no option of the attack.
type Attacked struct {
	Data   string `json:"data"`
	Sample bool   `json:"sample"` // the embedded sample, not the whole data set
	Epoch  int    `json:"epoch"`  // whose weights were attacked, counted from 1
	// First is how many test images were attacked, the first ones; 0 where Index names them.
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

// Attacks are those that the run's network has been put to; none when there were none. It returns
// an error where the file is damaged.
func (r *Run) Attacks() (all []Attacked, err error) {
	_, err = r.Read("attack.json", &all)
	return all, err
}
