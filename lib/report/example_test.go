package report_test

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/essnas/essnas/lib/figure"
	"github.com/essnas/essnas/lib/report"
)

// A page with a number, a figure and a table. It loads nothing from the network.
func ExamplePage() {
	r := report.Page{Title: "A search on CIFAR-10", Warnings: []string{"Six epochs are a demonstration."}}
	r.Numbers = append(r.Numbers, report.Number{Name: "accuracy", Value: "31.9 %"})
	s := r.Section("Curves", "Both losses over the search.")
	s.Figure(figure.Curves(figure.Chart{
		Title: "Loss", X: "epoch", Y: "cross-entropy (nats)",
		Series: []figure.Series{{Name: "weights' half", Y: []float64{2.3, 2.1, 1.9}}},
	}), "The loss falls.")
	s.Table("Images", []string{"half", "images"}, [][]string{{"weights", "160"}, {"architecture", "160"}})

	var page bytes.Buffer
	if err := r.Write(&page); err != nil {
		panic(err)
	}
	text := page.String()
	fmt.Println(strings.Count(text, "<svg"), "figure,", strings.Count(text, "<table"), "table,", strings.Count(text, "https://"), "addresses")
	// Output:
	// 1 figure, 1 table, 0 addresses
}
