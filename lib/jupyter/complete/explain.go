package complete

import (
	"bytes"
	"go/ast"
	"go/printer"
	"go/token"
	"regexp"
	"strings"
)

// word matches the rest of a name behind the cursor.
var word = regexp.MustCompile(`^\w*`)

// Explain returns the declaration and the comment, in Markdown, of the name at the cursor, such as
// figure.Curves, or else of the function whose call contains the cursor. It returns "" if no
// package exports such a name.
func (s Sources) Explain(code string, cursor int) string {
	before := []rune(code)
	cursor = min(max(cursor, 0), len(before))
	head, tail := string(before[:cursor]), string(before[cursor:])
	line := head[strings.LastIndexByte(head, '\n')+1:] + word.FindString(tail)
	if m := member.FindStringSubmatch(line); m != nil && m[2] != "" {
		if text := s.explain(code, m[1], m[2]); text != "" {
			return text
		}
	}
	calls, _, _ := scan(head)
	for i := len(calls) - 1; i >= 0; i-- {
		if calls[i].pkg != "" {
			return s.explain(code, calls[i].pkg, calls[i].name)
		}
	}
	return ""
}

func (s Sources) explain(code, pkg, name string) string {
	if declared(code, pkg) {
		return ""
	}
	set, all := files(s.directory(code, pkg))
	for _, f := range all {
		for _, d := range f.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if d.Recv == nil && d.Name.Name == name && d.Name.IsExported() {
					return shown(set, &ast.FuncDecl{Name: d.Name, Type: d.Type}, d.Doc)
				}
			case *ast.GenDecl:
				for _, spec := range d.Specs {
					if t, ok := spec.(*ast.TypeSpec); ok && t.Name.Name == name && t.Name.IsExported() {
						comment := t.Doc
						if comment == nil {
							comment = d.Doc
						}
						return shown(set, &ast.GenDecl{Tok: token.TYPE, Specs: []ast.Spec{&ast.TypeSpec{Name: t.Name, TypeParams: t.TypeParams, Type: t.Type}}}, comment)
					}
				}
			}
		}
	}
	return ""
}

// shown writes a declaration and its comment as Markdown.
func shown(set *token.FileSet, declaration ast.Decl, comment *ast.CommentGroup) string {
	var b bytes.Buffer
	if printer.Fprint(&b, set, declaration) != nil {
		return ""
	}
	return "```go\n" + b.String() + "\n```\n\n" + strings.TrimSpace(comment.Text())
}
