package complete

import (
	"slices"
	"strings"

	"github.com/essnas/essnas/lib/cell"
	"github.com/essnas/essnas/lib/settings"
)

// Answer is a list of texts, one of which may replace the characters from Start to End.
type Answer struct {
	Matches    []string
	Start, End int
}

// Words completes the string before the cursor if it is an argument of a call with known words,
// such as nb.Set("ss_. Settings and presets depend on the enclosing call: nb.Train has others than
// nb.Search. Words returns false if the cursor is in no such string.
func Words(code string, cursor int) (Answer, bool) {
	before := []rune(code)
	cursor = min(max(cursor, 0), len(before))
	calls, text, open := scan(string(before[:cursor]))
	if !open || len(calls) == 0 {
		return Answer{}, false
	}
	known := words(calls)
	if known == nil {
		return Answer{}, false
	}
	a := Answer{Matches: []string{}, Start: cursor - len([]rune(text)), End: cursor}
	for _, word := range known {
		if strings.HasPrefix(word, text) {
			a.Matches = append(a.Matches, word)
		}
	}
	return a, true
}

// words returns the words that the innermost call takes at the cursor, or nil if it takes any text.
func words(calls []call) (all []string) {
	last := calls[len(calls)-1]
	kind := "" // the kind of settings
	for _, c := range calls {
		switch c.name {
		case "Search", "Explore":
			kind = "search"
		case "Train":
			kind = "train"
		case "Pretrain":
			kind = "pretrain"
		}
	}
	search, train, pretrain := settings.SearchChoice(), settings.TrainChoice(), settings.PretrainChoice()
	add := func(of string, more func() []string) {
		if kind == "" || kind == of {
			for _, word := range more() {
				if !slices.Contains(all, word) {
					all = append(all, word)
				}
			}
		}
	}
	switch {
	case (last.name == "Set" || last.name == "Steps") && last.argument == 0:
		add("search", names[settings.Search])
		add("train", names[settings.Train])
		add("pretrain", names[settings.Pretrain])
	case last.name == "Set":
		return values[last.first]
	case last.name == "Preset":
		add("search", search.PresetNames)
		add("train", train.PresetNames)
		add("pretrain", pretrain.PresetNames)
	case last.name == "Method":
		return search.MethodNames()
	case last.name == "Metric":
		return metrics
	case slices.Contains([]string{"Train", "Pretrain", "Size"}, last.name) && last.argument == 0:
		return cell.PublishedNames()
	}
	return all
}

// names returns the names of the settings of S.
func names[S settings.Settings]() (all []string) {
	for _, f := range settings.Fields[S]() {
		all = append(all, f.Name)
	}
	return all
}

// values lists the values of settings that have few values.
var values = map[string][]string{
	"precision":   settings.Precisions(),
	"robust":      settings.RobustTerms(),
	"adversarial": settings.Attacks(),
}

// metrics lists the metrics that most runs have.
var metrics = []string{
	"train_loss", "train_accuracy", "train_ce", "train_bt", "arch_loss", "arch_accuracy", "arch_ce", "arch_bt", "val_loss", "val_accuracy",
	"lr", "grad_norm", "arch_grad_norm", "ce_grad_norm", "bt_grad_norm", "grad_cosine", "arch_ce_grad_norm", "arch_bt_grad_norm", "arch_grad_cosine",
}
