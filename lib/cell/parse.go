package cell

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"text/scanner"
)

// Parse reads a genotype from JSON or from the DARTS family's Python text. The Python text may be
// an assignment (`DARTS_V2 = Genotype(...)`), contain comments, span lines, and give the concat
// lists as lists or as range(2, 6). Parse validates the genotype. It returns an error that names
// the first fault.
func Parse(text string) (Genotype, error) {
	if strings.HasPrefix(strings.TrimSpace(text), "{") {
		var g Genotype
		err := json.Unmarshal([]byte(text), &g)
		return g, err
	}
	p := newPython(text)
	g := p.genotype()
	if p.err == nil {
		p.err = g.Validate()
	}
	if p.err != nil {
		return Genotype{}, p.err
	}
	return g, nil
}

// python reads the forms of Python in which genotypes are written. It stops at its first error.
type python struct {
	scan  scanner.Scanner
	token rune   // the token not yet consumed: a scanner class, or the character itself
	text  string // its text
	at    scanner.Position
	err   error
}

func newPython(text string) *python {
	p := new(python)
	p.scan.Init(strings.NewReader(stripComments(text)))
	// Strings are read by hand: to the Go scanner, 'abc' is a malformed character.
	p.scan.Mode = scanner.ScanIdents | scanner.ScanInts
	p.scan.Error = func(*scanner.Scanner, string) {} // the parser reports a malformed token
	p.next()
	return p
}

// stripComments replaces comments by blanks. No operation has a # in its name, so strings need no
// special case.
func stripComments(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i], _, _ = strings.Cut(line, "#")
	}
	return strings.Join(lines, "\n")
}

func (p *python) fail(format string, args ...any) {
	if p.err == nil {
		p.err = fmt.Errorf("line %d, column %d: %s", p.at.Line, p.at.Column, fmt.Sprintf(format, args...))
	}
}

func (p *python) next() {
	if p.err != nil {
		p.token = scanner.EOF
		return
	}
	p.token = p.scan.Scan()
	p.text, p.at = p.scan.TokenText(), p.scan.Position
	if p.token == '\'' || p.token == '"' {
		quote := p.token
		var text strings.Builder
		for r := p.scan.Next(); r != quote; r = p.scan.Next() {
			if r == scanner.EOF || r == '\n' {
				p.fail("a string is not closed")
				return
			}
			text.WriteRune(r)
		}
		p.token, p.text = scanner.String, text.String()
	}
}

// found describes the current token for an error message.
func (p *python) found() string {
	if p.token == scanner.EOF {
		return "the end of the text"
	}
	return strconv.Quote(p.text)
}

// accept consumes the token if it is this character.
func (p *python) accept(token rune) bool {
	if p.err != nil || p.token != token {
		return false
	}
	p.next()
	return true
}

func (p *python) expect(token rune) {
	if !p.accept(token) {
		p.fail("want %q, found %s", token, p.found())
	}
}

func (p *python) word() string {
	text := p.text
	if !p.accept(scanner.Ident) {
		p.fail("want a name, found %s", p.found())
	}
	return text
}

func (p *python) integer() int {
	sign := 1
	if p.accept('-') {
		sign = -1
	}
	if p.token != scanner.Int {
		p.fail("want the index of a node, found %s", p.found())
		return 0
	}
	n, err := strconv.ParseInt(p.text, 10, 32)
	if err != nil {
		p.fail("%s is not the index of a node: want a small integer", p.text)
	}
	p.next()
	return sign * int(n)
}

// genotype = [ name "=" ] "Genotype" "(" field { "," field } [ "," ] ")" end
func (p *python) genotype() (g Genotype) {
	name := p.word()
	if p.accept('=') {
		name = p.word()
	}
	if name != "Genotype" {
		p.fail("found %q where a genotype begins with Genotype( in Python text, or with { in JSON", name)
	}
	p.expect('(')
	seen := make(map[string]bool)
	for p.err == nil && p.token != ')' {
		field := p.word()
		if seen[field] {
			p.fail("%s is given twice", field)
		}
		seen[field] = true
		p.expect('=')
		switch field {
		case "normal":
			g.Normal = sequence(p, p.gene)
		case "normal_concat":
			g.NormalConcat = p.nodes()
		case "reduce":
			g.Reduce = sequence(p, p.gene)
		case "reduce_concat":
			g.ReduceConcat = p.nodes()
		default:
			p.fail("unknown field %q; the fields are normal, normal_concat, reduce and reduce_concat", field)
		}
		if !p.accept(',') {
			break
		}
	}
	p.expect(')')
	if p.err == nil && p.token != scanner.EOF {
		p.fail("found %s after the genotype; a text holds one genotype", p.found())
	}
	for _, field := range []string{"normal", "normal_concat", "reduce", "reduce_concat"} {
		if !seen[field] {
			p.fail("%s is missing", field)
		}
	}
	return g
}

// gene = "(" string "," integer ")"
func (p *python) gene() (gene Gene) {
	closing := p.open()
	gene.Op = p.text
	if !p.accept(scanner.String) {
		p.fail("want the name of an operation in quotes, found %s", p.found())
	}
	p.expect(',')
	gene.From = p.integer()
	p.accept(',')
	p.expect(closing)
	return gene
}

// nodes = sequence of integers | "range" "(" [ integer "," ] integer ")"
func (p *python) nodes() (nodes []int) {
	if p.token != scanner.Ident {
		return sequence(p, p.integer)
	}
	if word := p.word(); word != "range" {
		p.fail("found %q: want a list like [2, 3, 4, 5], or range(2, 6)", word)
	}
	p.expect('(')
	first, end := 0, p.integer()
	if p.accept(',') {
		first, end = end, p.integer()
	}
	p.expect(')')
	if first < 0 || end > Inputs+MaxStates {
		p.fail("range(%d, %d): index out of range; the states are nodes %d to %d at most", first, end, Inputs, Inputs+MaxStates-1)
		return nil
	}
	for node := first; node < end; node++ {
		nodes = append(nodes, node)
	}
	return nodes
}

// open consumes an opening bracket of a list or tuple and returns the one that closes it.
func (p *python) open() (closing rune) {
	switch {
	case p.accept('['):
		return ']'
	case p.accept('('):
		return ')'
	}
	p.fail("want a list or a tuple, found %s", p.found())
	return scanner.EOF
}

// sequence reads a list or tuple of items; a comma may follow the last.
func sequence[T any](p *python, item func() T) (items []T) {
	closing := p.open()
	for p.err == nil && p.token != closing {
		items = append(items, item())
		if !p.accept(',') {
			break
		}
	}
	p.expect(closing)
	return items
}
