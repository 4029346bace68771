package barlow

import (
	"fmt"
	"strconv"
	"strings"
)

// ParseSizes reads the sizes of a projector's layers, for example "128" or "512,512,512". It
// returns an error unless the text is a list of whole numbers above 0.
func ParseSizes(text string) (sizes []int, err error) {
	for _, word := range strings.Split(text, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(word))
		if err != nil || n < 1 {
			return nil, fmt.Errorf("projector is %q: want the sizes of its layers, like 128 or 512,512,512", text)
		}
		sizes = append(sizes, n)
	}
	return sizes, nil
}
