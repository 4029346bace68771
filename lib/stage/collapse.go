package stage

import (
	"fmt"

	"github.com/essnas/essnas/lib/cell"
)

// collapsed returns a warning with advice if half or more of a found cell's operations are skip
// connections. Differentiable searches end in such cells when they overfit (arXiv:1909.06035,
// arXiv:1909.09656).
func collapsed(g cell.Genotype) []string {
	which, skips := "normal", cell.Skips(g.Normal)
	if n := cell.Skips(g.Reduce); n > skips {
		which, skips = "reduction", n
	}
	if all := len(g.Normal); 2*skips >= all {
		return []string{fmt.Sprintf("%d of the %d operations of the %s cell are skip connections: the search has probably collapsed, and networks of such cells are poor; try auxiliary_skip 1, beta_decay 50 or stop_skips 2, or a search with fewer epochs",
			skips, all, which)}
	}
	return nil
}
