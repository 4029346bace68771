package cell_test

import (
	"fmt"

	"github.com/essnas/essnas/lib/cell"
)

// The slides compare cells by skip connections and depth.
func ExampleShapeOf() {
	g, _ := cell.Published("PC_DARTS_cifar")
	fmt.Printf("%+v\n", cell.ShapeOf(g.Normal, g.NormalConcat))
	fmt.Printf("%+v\n", cell.ShapeOf(g.Reduce, g.ReduceConcat))
	// Output:
	// {Skips:1 ParameterFree:2 Depth:1}
	// {Skips:0 ParameterFree:1 Depth:3}
}

// A search space is a value: three operations, and cells of three states.
func ExampleSpace() {
	operations, err := cell.ParseOperations("none, skip_connect, sep_conv_3x3")
	space := cell.Space{Operations: operations, States: 3}
	fmt.Println(space.Edges(), "edges,", len(space.Choices()), "choices on each,", err, space.Validate())
	// Output: 9 edges, 2 choices on each, <nil> <nil>
}
