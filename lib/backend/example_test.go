package backend_test

import (
	"context"
	"fmt"

	"github.com/essnas/essnas/lib/backend"
	. "github.com/gomlx/gomlx/core/graph"
)

// The backend in pure Go needs nothing installed; leave Choice empty for the user's.
func ExampleOpen() {
	b, err := backend.Open(context.Background(), backend.Options{Choice: backend.Go})
	if err != nil {
		fmt.Println(err)
		return
	}
	double := MustNewExec(b.Backend, func(x *Node) *Node { return Add(x, x) })
	fmt.Println(b, double.MustCall([]float32{1, 2})[0].Value())
	// Output: pure Go [2 4]
}
