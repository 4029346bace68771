package run

import "fmt"

// The largest numbers of a run, which are those of package data.
const (
	mostChannels = 16
	mostSide     = 1024
	mostClasses  = 256 // labels are bytes
)

// check returns an error for impossible values, which appear if config.json was edited.
func (c Config) check() error {
	d := c.Data
	switch {
	case c.Stage == "":
		return fmt.Errorf("stage is empty: want search, pretrain or train")
	case d.Channels < 0 || d.Channels > mostChannels || d.Side < 0 || d.Side > mostSide:
		return fmt.Errorf("its images have %d channels and %d x %d pixels: want at most %d channels and %d x %d pixels", d.Channels, d.Side, d.Side, mostChannels, mostSide, mostSide)
	case len(d.Classes) > mostClasses:
		return fmt.Errorf("its images have %d classes: want at most %d", len(d.Classes), mostClasses)
	case d.Train < 0 || d.Test < 0:
		return fmt.Errorf("it has %d images to train and %d to test: want numbers that are not negative", d.Train, d.Test)
	case len(d.Mean) != len(d.Std) || len(d.Mean) > 0 && len(d.Mean) != d.Channels:
		return fmt.Errorf("it has %d means and %d standard deviations for %d channels: want one of each for every channel", len(d.Mean), len(d.Std), d.Channels)
	}
	for _, x := range d.Std {
		if !(x >= 0) {
			return fmt.Errorf("a standard deviation of its images is %g: want 0 or more", x)
		}
	}
	if c.Genotype != nil {
		return c.Genotype.Validate()
	}
	return nil
}

// readConfig reads config.json; found is false if there is none. It returns an error if the file is
// damaged or holds impossible values.
func (r *Run) readConfig() (found bool, err error) {
	found, err = r.Read("config.json", &r.Config)
	if err != nil || !found {
		return found, err
	}
	if err := r.Config.check(); err != nil {
		return true, fmt.Errorf("%s can't be used: %w; put the file back from a copy, or delete the run", r.Path("config.json"), err)
	}
	return true, nil
}
