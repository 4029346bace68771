package stage

import (
	"fmt"
	"math"

	"github.com/essnas/essnas/lib/data"
	"github.com/essnas/essnas/lib/data/picture"
	"github.com/essnas/essnas/lib/run"
)

// loadOwn loads the user's own pictures that a run was made with. It looks in their folder, and if
// that was moved, in the folder that essnas data add has recorded under their name. It returns an
// error if the pictures can't be loaded or have changed.
func (l *Env) loadOwn(c run.Data) (*data.Set, error) {
	set, err := l.Dataset(c.Own)
	if err != nil {
		if named, again := l.Dataset(c.Name); again == nil && named.Own != "" {
			set, err = named, nil
		}
	}
	if err != nil {
		return nil, fmt.Errorf("the pictures of this run can't be loaded: %w; put them back, or record their new folder under the name %s with: %s", err, c.Name, run.Command("data", "add", c.Name, "PATH"))
	}
	if set.Train.Height != c.Side || !sameSums(set.Checksums, c.Checksums) {
		return nil, fmt.Errorf("the pictures at %s have changed since this run was made (their checksums differ): put the old ones back, or begin another run", set.Own)
	}
	named := *set
	named.Name, named.Title, named.Own = c.Name, c.Title, c.Own
	return &named, nil
}

// sameSums reports whether the checksums of training and test pictures are equal. The names of
// their folders may differ.
func sameSums(a, b map[string]string) bool {
	sums := func(m map[string]string) map[string]int {
		n := map[string]int{}
		for _, sum := range m {
			n[sum]++
		}
		return n
	}
	x, y := sums(a), sums(b)
	for sum, n := range x {
		if y[sum] != n {
			return false
		}
	}
	return len(x) == len(y)
}

// needLabels returns an error for pictures without labels, which only pretrainings can use.
func needLabels(noun string, unlabelled bool, title string) error {
	if !unlabelled {
		return nil
	}
	return fmt.Errorf("the pictures of %s have no labels, which a %s needs: put those of each class into a folder of its own, or pretrain on them", title, noun)
}

// measured is the number of images whose background is measured.
const measured = 1000

// backgroundOf measures the edges of the first images.
func backgroundOf(im data.Images) *run.Background {
	im = im.First(measured)
	if im.N == 0 || im.Height != im.Width {
		return nil
	}
	sum, squares := 0.0, 0.0
	for i := range im.N {
		light := picture.Border(im.Picture(i), 1, im.Height, im.Channels)
		sum, squares = sum+light, squares+light*light
	}
	n := float64(im.N)
	mean := sum / n
	return &run.Background{Mean: mean, Std: math.Sqrt(max(0, squares/n-mean*mean))}
}

// foreign returns a warning if the brightness of a picture's background differs from the mean of
// the training images by more than three standard deviations and more than a quarter of the scale.
// It returns "" for other pictures.
func foreign(b *run.Background, pixels []uint8, side, channels int) string {
	if b == nil {
		return ""
	}
	light := picture.Border(pixels, 1, side, channels)
	if d := math.Abs(light - b.Mean); d <= 3*b.Std || d <= 64 {
		return ""
	}
	return fmt.Sprintf("its background has the brightness %.0f, and that of the training images has %.0f (0 is black, 255 white): the network has not learnt from such pictures; --invert exchanges dark and light", light, b.Mean)
}
