package stage

import (
	"fmt"

	"github.com/dustin/go-humanize"
	"github.com/essnas/essnas/lib/report"
)

// probed shows the run's probe, if there is one.
func (w page) probed() error {
	p, err := w.Run.Probe()
	if err != nil || p == nil {
		return err
	}
	s := w.Section("Probe", fmt.Sprintf(
		"The accuracy of simple classifiers on the features: a weighted vote of the nearest images, and logistic regression. They learn from %s images. Their settings are chosen on validation images, and the %s test images were read once.",
		humanize.Comma(int64(p.Train)), humanize.Comma(int64(p.Test))))
	var rows [][]string
	for _, row := range p.Rows {
		rows = append(rows, []string{row.Features, fmt.Sprint(row.Size), row.Classifier, row.Setting, report.Percentage(row.Validation), report.Percentage(row.Test), report.Interval(row.Range)})
	}
	s.Table("Untrained is the same network with its initial weights. The interval covers the sampling of the test images, not the seed.",
		[]string{"features", "size", "classifier", "chosen", "validation", "test", ""}, rows)
	return nil
}
