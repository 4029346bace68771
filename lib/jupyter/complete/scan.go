package complete

import (
	"go/scanner"
	"go/token"
	"strings"
)

// call is a call whose parenthesis is open at the cursor.
type call struct {
	pkg, name string // the call is pkg.name(; pkg is empty for a plain function
	argument  int    // number of the argument at the cursor, from 0
	first     string // the first argument, if it is a string
}

// scan reads a cell up to the cursor. It returns the calls that are open there, outermost first. If
// the cursor is in a string, open is true and text is the string up to the cursor.
func scan(code string) (calls []call, text string, open bool) {
	source := []byte(blanked(code))
	files := token.NewFileSet()
	file := files.AddFile("", -1, len(source))
	var s scanner.Scanner
	unterminated := -1
	s.Init(file, source, func(at token.Position, message string) {
		if strings.Contains(message, "not terminated") {
			unterminated = at.Offset
		}
	}, 0)
	// Every bracket opens a level; the level of a bracket that is no call has no name.
	var levels []call
	var pkg, name string // the selector or identifier just before
	dotted := false
	for {
		pos, t, literal := s.Scan()
		if t == token.EOF {
			break
		}
		inside := len(levels) > 0
		switch t {
		case token.IDENT:
			if dotted {
				name = literal
			} else {
				pkg, name = "", literal
			}
			dotted = false
			continue
		case token.PERIOD:
			pkg, name, dotted = name, "", true
			continue
		case token.LPAREN:
			levels = append(levels, call{pkg: pkg, name: name})
		case token.LBRACK, token.LBRACE:
			levels = append(levels, call{})
		case token.RPAREN, token.RBRACK, token.RBRACE:
			if inside {
				levels = levels[:len(levels)-1]
			}
		case token.COMMA:
			if inside {
				levels[len(levels)-1].argument++
			}
		case token.STRING:
			if file.Offset(pos) == unterminated {
				text, open = literal[1:], true
			} else if top := len(levels) - 1; inside && levels[top].argument == 0 {
				levels[top].first = strings.Trim(literal, "\"`")
			}
		}
		pkg, name, dotted = "", "", false
	}
	for _, c := range levels {
		if c.name != "" {
			calls = append(calls, c)
		}
	}
	return calls, text, open && len(levels) > 0 && levels[len(levels)-1].name != ""
}

// blanked replaces the lines for GoNB, which begin with ! or %, by spaces.
func blanked(code string) string {
	var b strings.Builder
	for line := range strings.Lines(code) {
		if strings.HasPrefix(line, "!") || strings.HasPrefix(line, "%") {
			line = strings.Map(func(r rune) rune {
				if r == '\n' {
					return r
				}
				return ' '
			}, line)
		}
		b.WriteString(line)
	}
	return b.String()
}
