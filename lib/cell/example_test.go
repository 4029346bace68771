package cell_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"

	"github.com/essnas/essnas/lib/cell"
)

// Parse reads a cell from the text that DARTS and related projects print.
func ExampleParse() {
	g, err := cell.Parse(`mine = Genotype(
		normal=[('sep_conv_3x3', 0), ('skip_connect', 1), ('sep_conv_3x3', 0), ('dil_conv_3x3', 2),
		        ('sep_conv_5x5', 1), ('sep_conv_3x3', 3), ('skip_connect', 0), ('max_pool_3x3', 4)],
		normal_concat=range(2, 6),
		reduce=[('max_pool_3x3', 0), ('max_pool_3x3', 1), ('max_pool_3x3', 0), ('skip_connect', 2),
		        ('max_pool_3x3', 0), ('skip_connect', 2), ('avg_pool_3x3', 0), ('skip_connect', 3)],
		reduce_concat=range(2, 6))`)
	if err != nil {
		panic(err)
	}
	fmt.Println("state 0 of the normal cell:", g.Normal[:2])
	fmt.Println("skip connections:", cell.Skips(g.Normal), "and", cell.Skips(g.Reduce))
	text, err := json.Marshal(g)
	fmt.Println(string(text[:64]), err)
	// Output:
	// state 0 of the normal cell: [{sep_conv_3x3 0} {skip_connect 1}]
	// skip connections: 2 and 3
	// {"normal":[["sep_conv_3x3",0],["skip_connect",1],["sep_conv_3x3" <nil>
}

// Random search draws cells like this one.
func ExampleRandom() {
	g := cell.Random(rand.New(rand.NewPCG(1, 2)))
	fmt.Println(g.Validate())
	fmt.Println(g.Normal)
	// Output:
	// <nil>
	// [{sep_conv_5x5 0} {dil_conv_3x3 1} {max_pool_3x3 0} {sep_conv_3x3 1} {sep_conv_5x5 1} {sep_conv_3x3 3} {dil_conv_3x3 0} {sep_conv_3x3 2}]
}
