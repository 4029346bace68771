package notebook

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/essnas/essnas/lib/internal/atomicfile"
	"github.com/essnas/essnas/lib/run"
	"github.com/janpfeifer/gonb/gonbui"
	"github.com/janpfeifer/gonb/gonbui/protocol"
)

// States are the results of searches, for [Explore].
type States []run.State

// LoadStates reads a file that [States.Write] or essnas states --out has written. An unreadable
// file ends the cell.
func LoadStates(file string) (s States) {
	text, err := os.ReadFile(file)
	Check(err)
	if err := json.Unmarshal(text, &s); err != nil {
		Check(fmt.Errorf("%s holds no states of searches (%w): make it again with essnas states --out", file, err))
	}
	return s
}

// StatesOf returns the states of searches.
func StatesOf(runs ...*Run) (s States) {
	args := []string{"states"}
	for _, r := range runs {
		args = append(args, "--run="+r.Dir)
	}
	Check(json.Unmarshal(Do(args...), &s))
	return s
}

// Write writes the states to a file.
func (s States) Write(file string) {
	text, err := json.Marshal(s)
	Check(err)
	Check(atomicfile.WriteBytes(file, append(text, '\n')))
}

var (
	//go:embed explore.js
	script string
	//go:embed draw.js
	drawing string
	//go:embed kernel.js
	asking string
	//go:embed explore.css
	style string
)

// Steps lets the slider of a setting in [Explore] also stop between the searched values, at
// multiples of step. The nearest searched state is shown, and a button searches with the settings
// of the sliders.
func Steps(setting string, step float64) Option { return Option{setting: setting, step: step} }

// Band lets [Explore] draw a band behind the accuracies, from low to high percent: the range of a
// reference such as random cells.
func Band(name string, low, high float64) Option { return Option{band: &band{name, low, high}} }

type band struct {
	Name string  `json:"name"`
	Low  float64 `json:"low"`
	High float64 `json:"high"`
}

// Keep names a file beside the notebook. The button of [Explore] adds its states to this file, so
// that the slider still has them after the page is reloaded and after a restart.
func Keep(file string) Option { return Option{keep: file} }

// kept reads the states that a button has added to the file, or none if there is no file yet.
func kept(file string) States {
	if _, err := os.Stat(file); file == "" || errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return LoadStates(file)
}

// Fixed lets [Explore] show the states without a button that searches. It is for recorded states,
// whose searches take too long in a notebook.
var Fixed = Option{fixed: true}

// Explore shows states with a slider for each setting in which they differ. Cells, alphas and
// accuracies follow a slider at once, also in a saved notebook without a kernel. A button searches
// in this notebook's kernel with the settings of the sliders and with the options, which should be
// those of the states.
func Explore(states States, options ...Option) { explored(states, options).display("") }

func explored(states States, options []Option) bundle {
	file := keeping(options)
	for _, s := range kept(file) {
		states = states.with(s)
	}
	if len(states) == 0 {
		Check(fmt.Errorf("there are no states to explore: make some with essnas states --out"))
	}
	settings := varying(states)
	if len(settings) == 0 {
		Check(fmt.Errorf("all %d states have the same settings: give states that differ in a setting", len(states)))
	}
	steps := map[string]float64{}
	var reference *band
	code := &strings.Builder{}
	code.WriteString("import nb \"github.com/essnas/essnas/lib/notebook\"\n%%\nnb.Explored(")
	if file != "" {
		fmt.Fprintf(code, "nb.Keep(%q), ", file)
	}
	for _, o := range options {
		if o.step > 0 {
			steps[o.setting] = o.step
		} else if o.band != nil {
			reference = o.band
		} else if o.flag != "" {
			name, value, _ := strings.Cut(strings.TrimPrefix(o.flag, "--"), "=")
			fmt.Fprintf(code, "nb.Flag(%q, %q), ", name, value)
		}
	}
	search := map[string]any{"settings": settings, "steps": steps, "code": code.String(), "band": reference, "keep": file, "fixed": slices.ContainsFunc(options, func(o Option) bool { return o.fixed })}
	all, err := json.Marshal(states) // escapes characters that would end the script
	Check(err)
	what, err := json.Marshal(search)
	Check(err)
	id := "essnas-" + gonbui.UniqueId()
	text := states.table(settings)
	var page bytes.Buffer
	fmt.Fprintf(&page, "<style>%s</style><div class=\"essnas-explore\" id=\"%s\"><pre>%s</pre></div><script>%s(document.getElementById(%q), %s, %s, %s(%q), %s)</script>",
		style, id, html.EscapeString(text), strings.TrimSpace(script), id, all, what, strings.TrimSpace(asking), os.Getenv(protocol.GONB_JUPYTER_KERNEL_ID_ENV), strings.TrimSpace(drawing))
	return bundle{html: page.String(), text: text}
}

// Explored searches for the button of [Explore] and shows the state in a form that the page reads.
func Explored(options ...Option) {
	r := Search(append(slices.Clone(options), Quiet)...)
	found := StatesOf(r)[0]
	if file := keeping(options); file != "" {
		kept(file).with(found).Write(file)
	}
	state, err := json.Marshal(found)
	Check(err)
	gonbui.SendData(&protocol.DisplayData{Data: map[protocol.MIMEType]any{"application/vnd.essnas.state+json": string(state), protocol.MIMETextPlain: r.Dir}})
	gonbui.Sync()
}

// keeping returns the file of [Keep], or "" if the options lack it.
func keeping(options []Option) string {
	for _, o := range options {
		if o.keep != "" {
			return o.keep
		}
	}
	return ""
}

// with adds a state, unless the states have one with the same settings and images.
func (s States) with(one run.State) States {
	if slices.ContainsFunc(s, func(other run.State) bool {
		return other.Data == one.Data && maps.EqualFunc(other.Settings, one.Settings, func(a, b any) bool { return a == b })
	}) {
		return s
	}
	return append(slices.Clone(s), one)
}

// varying returns the settings that all states have and in which they differ, sorted.
func varying(states States) (names []string) {
	for _, name := range slices.Sorted(maps.Keys(states[0].Settings)) {
		if slices.ContainsFunc(states, func(s run.State) bool { return s.Settings[name] == nil }) {
			continue
		}
		if slices.ContainsFunc(states, func(s run.State) bool { return s.Settings[name] != states[0].Settings[name] }) {
			names = append(names, name)
		}
	}
	return
}

// table writes the text alternative of Explore: the settings that differ and the final accuracies.
func (s States) table(settings []string) string {
	var text strings.Builder
	widths := map[string]int{}
	for _, name := range settings {
		widths[name] = max(10, len(name))
		for _, state := range s {
			widths[name] = max(widths[name], len(fmt.Sprint(state.Settings[name])))
		}
		fmt.Fprintf(&text, "%-*s  ", widths[name], name)
	}
	text.WriteString("accuracy of the supernet on the weights' and the architecture's half (%)\n")
	for _, state := range s {
		for _, name := range settings {
			fmt.Fprintf(&text, "%-*v  ", widths[name], state.Settings[name])
		}
		for _, metric := range []string{"train_accuracy", "arch_accuracy"} {
			if values := state.Metrics[metric]; len(values) > 0 && values[len(values)-1] != nil {
				fmt.Fprintf(&text, "%5.1f  ", 100**values[len(values)-1])
			}
		}
		text.WriteString("\n")
	}
	return text.String()
}
