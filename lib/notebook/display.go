package notebook

import (
	"bytes"
	"fmt"
	"html"
	"io"
	"regexp"
	"strconv"
	"strings"

	"github.com/janpfeifer/gonb/gonbui"
	"github.com/janpfeifer/gonb/gonbui/protocol"
)

// bundle is an output in several formats. Pages show SVG, GitHub and documents PNG, terminals text.
type bundle struct {
	html, markdown, svg, text string
	png                       []byte
}

// display shows a bundle as an output of the cell. With an id it replaces the last output of that
// id. Outside of a notebook it prints the text.
func (b bundle) display(id string) {
	if !gonbui.IsNotebook {
		fmt.Println(b.text)
		return
	}
	projectFirst()
	b.send(id)
}

// send sends the bundle to the page.
func (b bundle) send(id string) {
	data := map[protocol.MIMEType]any{protocol.MIMETextPlain: b.text}
	for format, text := range map[protocol.MIMEType]string{protocol.MIMETextHTML: b.html, protocol.MIMETextMarkdown: b.markdown, protocol.MIMEImageSVG: fitting(b.svg)} {
		if text != "" {
			data[format] = text
		}
	}
	if b.png != nil {
		data[protocol.MIMEImagePNG] = b.png
	}
	gonbui.SendData(&protocol.DisplayData{Data: data, DisplayID: id})
	gonbui.Sync() // without it the end of the cell loses pending output
}

// sized matches the size of an SVG document of package figure.
var sized = regexp.MustCompile(`width="([0-9.]+)pt" height="([0-9.]+)pt"`)

// lettered matches the size of a text in an SVG document.
var lettered = regexp.MustCompile(`font-size:([0-9.]+)px`)

// fitting adapts a drawing to the page. JupyterLab shows a drawing in its own width, and users must
// scroll to see parts beyond the window. A wide drawing therefore gets the width of a notebook
// beside the list of files. Pages that embed the drawing shrink it further. Small texts grow, so
// that they have at least 16 pixels when the drawing fills a projector's screen (see [Projector]).
func fitting(svg string) string {
	const (
		widest = 610        // points, 813 pixels
		least  = 16. / 1800 // as a share of the drawing's width
	)
	if m := sized.FindStringSubmatch(svg); m != nil {
		width, _ := strconv.ParseFloat(m[1], 64)
		height, _ := strconv.ParseFloat(m[2], 64)
		svg = lettered.ReplaceAllStringFunc(svg, func(text string) string {
			if size, _ := strconv.ParseFloat(lettered.FindStringSubmatch(text)[1], 64); size < least*width {
				return fmt.Sprintf("font-size:%.2fpx", least*width)
			}
			return text
		})
		if width > widest {
			svg = strings.Replace(svg, m[0], fmt.Sprintf(`width="%dpt" height="%.2fpt"`, widest, height*widest/width), 1)
		}
	}
	return strings.Replace(svg, "<svg ", `<svg style="max-width:100%;height:auto" `, 1)
}

// Drawing is a displayable image, such as a figure of package figure. This package does not import
// package figure, so that cells without figures do not link it.
type Drawing interface {
	SVG(io.Writer) error
	PNG(io.Writer) error
}

// Show shows a figure. text describes it for viewers without images.
func Show(d Drawing, text string) { drawn(d, text).display("") }

func drawn(d Drawing, text string) bundle {
	var svg, png bytes.Buffer
	Check(d.SVG(&svg))
	Check(d.PNG(&png))
	return bundle{svg: svg.String(), png: png.Bytes(), text: text}
}

// Live is an output that changes in place.
type Live struct{ id string }

// NewLive returns an empty output that changes in place.
func NewLive() *Live {
	if !gonbui.IsNotebook {
		return &Live{}
	}
	return &Live{gonbui.UniqueId()}
}

// Show replaces the output by a figure.
func (l *Live) Show(d Drawing, text string) { drawn(d, text).display(l.id) }

// Text replaces the output by a text.
func (l *Live) Text(text string) { bundle{text: text}.display(l.id) }

// Markdown shows text in Markdown, with LaTeX formulas between dollar signs.
func Markdown(text string) { bundle{markdown: text, text: text}.display("") }

// HTML shows a part of a page; text is the alternative for viewers without pages.
func HTML(page, text string) { bundle{html: page, text: text}.display("") }

// Table shows rows below a header, [row][column]. Numbers and their headers are right-aligned.
func Table(header []string, rows [][]string) { table(header, rows).display("") }

func table(header []string, rows [][]string) bundle {
	wide := make([]int, len(header))
	for _, row := range append([][]string{header}, rows...) {
		for i, cell := range row {
			if i < len(wide) {
				wide[i] = max(wide[i], len([]rune(cell)))
			}
		}
	}
	var page, text strings.Builder
	page.WriteString("<table><thead><tr>")
	write := func(tag string, row, below []string) {
		for i, cell := range row {
			side := "left"
			if i < len(below) && number(below[i]) {
				side = "right"
			}
			fmt.Fprintf(&page, `<%s style="text-align:%s">%s</%s>`, tag, side, html.EscapeString(cell), tag)
			if i < len(wide) {
				fmt.Fprintf(&text, "%-*s  ", wide[i], cell)
			}
		}
		text.WriteString("\n")
	}
	var below []string
	if len(rows) > 0 {
		below = rows[0]
	}
	write("th", header, below)
	page.WriteString("</tr></thead><tbody>")
	for _, row := range rows {
		page.WriteString("<tr>")
		write("td", row, row)
		page.WriteString("</tr>")
	}
	page.WriteString("</tbody></table>")
	return bundle{html: page.String(), text: text.String()}
}

func number(text string) bool {
	return text != "" && strings.Trim(text, "0123456789.,+-−%± ") == ""
}
