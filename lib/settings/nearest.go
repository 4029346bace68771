package settings

import "strings"

// Nearest returns the known name that is most similar to name, or "" if all known names differ from
// it in more than a third of its letters.
func Nearest(name string, known []string) (nearest string) {
	if name == "" {
		return ""
	}
	least := max(1, len(name)/3) + 1
	for _, k := range known {
		if d := distance(strings.ToLower(name), strings.ToLower(k)); d < least {
			least, nearest = d, k
		}
	}
	return
}

// distance is the number of insertions, deletions and changes of letters from a to b (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
