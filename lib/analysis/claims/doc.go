// Package claims tests the slides' statements about found cells on any set of searches. For each
// claim it gives counts, intervals and the distribution of random cells. It computes nothing on a
// device.
//
//	for _, f := range claims.Check(searches, 10000, 1) {
//		fmt.Println(f.Claim.Text, f.Verdict)
//	}
//
// A claim compares a measure between two groups of searches, or between a group and random cells.
// The difference has a 95 % interval by Welch's t (1947). Against random cells it is Student's t,
// because their mean is known almost exactly. The verdict is [Supported] or [Contradicted] if the
// interval excludes zero. It is [Undecided] if the interval contains zero or if a group has a
// single search. There is no correction for testing several claims at once: chance decides one of
// twenty.
//
// A search is measured by both of its cells: counts are sums, depths are means.
package claims
