// Package claims holds the slides' statements about found cells against any set of searches: what
// these searches say of each, with counts, intervals and the band of random cells. It computes
// nothing on a device.
//
//	for _, f := range claims.Check(searches, 10000, 1) {
//		fmt.Println(f.Claim.Text, f.Verdict)
//	}
//
// A claim compares a measure of two groups of searches, or of a group and random cells. Its
// difference has a 95 % interval by Welch's t (1947), or by Student's where random cells are the
// other side, because the mean of these is known almost exactly. The verdict is [Supported] or
// [Contradicted] if the interval excludes zero. It is [Undecided] if the interval contains zero or
// if a group has a single search. Several claims are checked at once, without a correction: one of
// twenty is decided by chance.
//
// Of a search both cells are measured: counts are those of both together, depths their mean.
package claims
