package student_test

import (
	"fmt"

	"github.com/essnas/essnas/lib/score/student"
)

// Accuracies over seeds: the interval of two seeds is far wider than that of five.
func ExampleMean() {
	accuracies := []float64{97.1, 97.4, 97.2, 97.3, 97.0}
	for _, n := range []int{2, 3, 5} {
		e := student.Mean(accuracies[:n])
		fmt.Printf("%d seeds: %.2f, 95 %%: +- %.2f\n", n, e.Mean, e.Half)
	}
	// Output:
	// 2 seeds: 97.25, 95 %: +- 1.91
	// 3 seeds: 97.23, 95 %: +- 0.38
	// 5 seeds: 97.20, 95 %: +- 0.20
}
