package findings

import (
	"fmt"
	"math"
)

// Claim is a claim of the slides with the verdict of this study.
type Claim struct {
	Text    string  `json:"text"`
	Slides  string  `json:"slides"` // the slides' evidence
	Verdict Verdict `json:"verdict"`
	Comparison
	// for claims of the form "at least": p value of the difference being above -margin, for a margin
	// of one percentage point or of a tenth of the time (see [Paired.NotBelow]); 0 for other claims
	NotBelow float64 `json:"not_below,omitempty"`
	measure  Measure
	a, b     []string // groups: the claim says that a is above b
	atLeast  bool
}

// Verdict is the verdict on a claim.
type Verdict string

// The verdicts: the difference is significant (Holm-adjusted p below 0.05) in the direction of the
// claim, significant in the other direction, or not significant.
const (
	Supported    Verdict = "supported"
	NotSupported Verdict = "not supported"
	Undecided    Verdict = "undecided"
)

// significance is the level of significance for the family of all claims.
const significance = 0.05

// margin returns the difference by which a may be below b in claims of the form "at least".
func (c Comparison) margin() float64 {
	if c.Ratio {
		return math.Log(1.1)
	}
	return 1
}

// claims returns the slides' claims, each in the form "a is above b", and the controls. Claims of
// the form "at least" would also hold for equality, which no test can show. They have the same
// test, in which the verdict undecided does not contradict them, and in addition NotBelow.
func (r *Results) claims() []Claim {
	accuracy, seconds := r.Accuracy(), SearchTime()
	stages := []string{Stage1, Stage2, Stage3, Stage4}
	factors2, factors4 := r.factors(Stage2), r.factors(Stage4)
	return []Claim{
		{Text: "PCP-DARTS beats PC-DARTS in accuracy", Slides: "96.88 against 93.62 %", measure: accuracy, a: []string{Stage3}, b: []string{Stage1}},
		{Text: "P-DARTS is at least as accurate as PCP-DARTS", Slides: "PCP-DARTS <= P-DARTS", measure: accuracy, a: []string{PDARTS}, b: []string{Stage3}, atLeast: true},
		{Text: "Self-supervision helps PC-DARTS (" + factors2 + ")", Slides: "93.67 on average against 93.62 %", measure: accuracy, a: []string{Stage2}, b: []string{Stage1}},
		{Text: "Self-supervision helps PCP-DARTS (" + factors4 + ")", Slides: "95.35 on average against 96.88 %", measure: accuracy, a: []string{Stage4}, b: []string{Stage3}},
		{Text: "A PCP-DARTS search takes at least as long as a PC-DARTS search", Slides: "0.1883 against 0.1610 days", measure: seconds, a: []string{Stage3}, b: []string{Stage1}, atLeast: true},
		{Text: "A P-DARTS search takes longer than a PCP-DARTS search", Slides: "PCP-DARTS < P-DARTS", measure: seconds, a: []string{PDARTS}, b: []string{Stage3}},
		{Text: "PC-DARTS finds more skip connections than PCP-DARTS", Slides: "seen in the cells drawn", measure: Skips(), a: []string{Stage1}, b: []string{Stage3}},
		{Text: "PC-DARTS prefers operations without parameters, compared with PCP-DARTS", Slides: "seen in the cells drawn", measure: ParameterFree(), a: []string{Stage1}, b: []string{Stage3}},
		{Text: "Self-supervised searches find deeper cells", Slides: "seen in the cells drawn", measure: Depth(), a: []string{Stage2, Stage4}, b: []string{Stage1, Stage3}},
		{Text: "The searches of the four stages beat random search", Slides: "not tried", measure: accuracy, a: stages, b: []string{Sampled}},
		{Text: "Self-supervision helps PC-DARTS beyond its two views (" + factors2 + ")", Slides: "not tried", measure: accuracy, a: []string{Stage2}, b: []string{Stage1Views}},
		{Text: "Self-supervision helps PCP-DARTS beyond its two views (" + factors4 + ")", Slides: "not tried", measure: accuracy, a: []string{Stage4}, b: []string{Stage3Views}},
		{Text: "Two distorted views alone help PC-DARTS", Slides: "not tried", measure: accuracy, a: []string{Stage1Views}, b: []string{Stage1}},
		{Text: "Two distorted views alone help PCP-DARTS", Slides: "not tried", measure: accuracy, a: []string{Stage3Views}, b: []string{Stage3}},
		{Text: "PC-DARTS finds more skip connections than PCP-DARTS without its limit", Slides: "not tried", measure: Skips(), a: []string{Stage1}, b: []string{Stage3Unlimited}},
	}
}

// judge tests all claims as one family.
func (r *Results) judge() []Claim {
	all := r.claims()
	var family []*Paired
	for i := range all {
		c := &all[i]
		c.Comparison = r.compare(c.a, c.b, c.measure)
		c.A, c.B = joined(c.a), joined(c.b)
		if c.atLeast {
			c.NotBelow = c.Paired.NotBelow(c.margin())
		}
		family = append(family, &c.Paired)
	}
	adjust(family)
	for i := range all {
		c := &all[i]
		switch {
		case c.Holm >= significance:
			c.Verdict = Undecided
		case c.Difference.Mean > 0:
			c.Verdict = Supported
		default:
			c.Verdict = NotSupported
		}
	}
	return all
}

func joined(groups []string) (text string) {
	for i, g := range groups {
		if i > 0 {
			text += "+"
		}
		text += g
	}
	return
}

// String writes the claim as a sentence.
func (c Claim) String() string {
	head := fmt.Sprintf("%s: %s at n = %d", c.Text, c.Verdict, c.N)
	switch c.N {
	case 0:
		return head + ", because it was not measured."
	case 1:
		return head + fmt.Sprintf(": one seed each, %s. A test needs two.", c.effect())
	}
	if c.spreadless() {
		return head + fmt.Sprintf(": a difference of %s in every pair. Without spread there is no test.", c.show(c.Difference.Mean))
	}
	text := head + fmt.Sprintf(": %s, p = %s, %s after Holm's correction.", c.effect(), probability(c.P), probability(c.Holm))
	if c.Verdict == Undecided {
		text += fmt.Sprintf(" At this n a test detects %s with a power of 0.8.", c.size())
	}
	if c.atLeast {
		text += fmt.Sprintf(" The test that it is not lower by %s or more has p = %s.", map[bool]string{true: "a tenth", false: "one point"}[c.Ratio], probability(c.NotBelow))
	}
	return text
}

// size writes the smallest difference that a test finds with a probability of 0.8.
func (c Comparison) size() string {
	if c.Ratio {
		return fmt.Sprintf("a factor of %.3g", math.Exp(c.Detectable))
	}
	return fmt.Sprintf("a difference of %.2f", c.Detectable)
}

// effect writes the difference in words, with its interval.
func (c Comparison) effect() string {
	d, what := c.Difference, "a difference of "
	if c.Ratio {
		what = "a factor of "
	}
	if c.N < 2 {
		return what + c.show(d.Mean)
	}
	return fmt.Sprintf("%s%s (95 %% interval %s to %s)", what, c.show(d.Mean), c.show(d.Mean-d.Half), c.show(d.Mean+d.Half))
}

// show writes a difference with its sign, or a ratio as a factor.
func (c Comparison) show(x float64) string {
	if c.Ratio {
		return fmt.Sprintf("%.3g", math.Exp(x))
	}
	return fmt.Sprintf("%+.2f", x)
}

func probability(p float64) string {
	if p < 0.001 {
		return "< 0.001"
	}
	return fmt.Sprintf("%.3f", p)
}
