package report

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"strings"

	"github.com/essnas/essnas/lib/figure"
)

// Page is a page of figures and tables.
type Page struct {
	Title    string
	Lead     string   // one or two sentences on the content of the page
	Warnings []string // limits of the numbers, shown at the top
	Numbers  []Number
	Sections []*Section
	Footer   string
	Figures  []string // files drawn with the page, which names them in its head
}

// Number is a key number of the report.
type Number struct {
	Name, Value string
	Note        string // small print: an interval, a unit, or a number to compare with
}

// Section has a title, an explanation, and parts.
type Section struct {
	Title, Text string
	Parts       []Part
}

// Part is a part of a section. Kind determines which fields are set.
type Part struct {
	Kind    Kind
	Caption string
	Figure  figure.Figure
	Header  []string
	Rows    [][]string
	Text    string
	Frames  []Frame
	Lines   []string
}

// Kind is the kind of a part.
type Kind string

// The kinds of parts.
const (
	FigurePart Kind = "figure"
	TablePart  Kind = "table"  // names at the left, numbers at the right
	TextPart   Kind = "text"   // verbatim, to be copied
	FramesPart Kind = "frames" // one of many figures at a time, chosen by a slider
	CardsPart  Kind = "cards"  // small figures beside each other, each with its name
	ListPart   Kind = "list"   // sentences
)

// Frame is one state of an evolution: one or more figures beside each other.
type Frame struct {
	Name    string
	Figures []figure.Figure
}

// Section adds a section and returns it. An empty text is left out.
func (p *Page) Section(title, text string) *Section {
	s := &Section{Title: title, Text: text}
	p.Sections = append(p.Sections, s)
	return s
}

// Figure adds a figure with its caption.
func (s *Section) Figure(f figure.Figure, caption string) {
	s.Parts = append(s.Parts, Part{Kind: FigurePart, Figure: f, Caption: caption})
}

// Table adds a table. Every row has as many entries as the header; a nil header is left out.
func (s *Section) Table(caption string, header []string, rows [][]string) {
	s.Parts = append(s.Parts, Part{Kind: TablePart, Caption: caption, Header: header, Rows: rows})
}

// Verbatim adds a text that keeps its spaces and line breaks.
func (s *Section) Verbatim(caption, text string) {
	s.Parts = append(s.Parts, Part{Kind: TextPart, Caption: caption, Text: text})
}

// Slider adds frames of which one is visible at a time. The page first shows the last frame.
func (s *Section) Slider(caption string, frames []Frame) {
	if len(frames) > 0 {
		s.Parts = append(s.Parts, Part{Kind: FramesPart, Caption: caption, Frames: frames})
	}
}

// Cards adds small frames that are all visible.
func (s *Section) Cards(caption string, frames []Frame) {
	if len(frames) > 0 {
		s.Parts = append(s.Parts, Part{Kind: CardsPart, Caption: caption, Frames: frames})
	}
}

// List adds sentences.
func (s *Section) List(caption string, lines []string) {
	if len(lines) > 0 {
		s.Parts = append(s.Parts, Part{Kind: ListPart, Caption: caption, Lines: lines})
	}
}

//go:embed page.html
var pageTemplate string

// Write writes the page. It returns an error if a figure can't be drawn or the writer fails.
func (p Page) Write(w io.Writer) error {
	t, err := template.New("report").Funcs(template.FuncMap{
		"svg":  inline,
		"last": func(i, n int) bool { return i == n-1 },
		"less": func(n int) int { return n - 1 },
		"id":   id,
		"join": func(words []string) string { return strings.Join(words, " ") },
	}).Parse(pageTemplate)
	if err != nil {
		return fmt.Errorf("the report's template is broken: %w", err)
	}
	var html bytes.Buffer
	if err := t.Execute(&html, p); err != nil {
		return fmt.Errorf("can't make the report: %w", err)
	}
	if _, err := w.Write(html.Bytes()); err != nil {
		return fmt.Errorf("can't write the report: %w", err)
	}
	return nil
}

// inline returns the figure as an element of the page. The figure itself has escaped its texts.
func inline(f figure.Figure) (template.HTML, error) {
	var svg bytes.Buffer
	if err := f.SVG(&svg); err != nil {
		return "", err
	}
	_, element, found := strings.Cut(svg.String(), "<svg")
	if !found {
		return "", fmt.Errorf("the figure is not an SVG document")
	}
	return template.HTML("<svg" + element), nil
}

// id converts a title into the id of an element of the page.
func id(title string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return '-'
	}, strings.ToLower(title))
}
