package findings

import (
	"fmt"
	"slices"
	"strings"

	"github.com/essnas/essnas/lib/settings"
)

// Configuration is a way to obtain cells: a line of the table.
type Configuration struct {
	Name     string  `json:"name"`  // stage2-0.25
	Group    string  `json:"group"` // stage2: configurations that differ in ss_factor alone
	Title    string  `json:"title"` // name in tables and figures
	Method   string  `json:"method"`
	SSFactor float64 `json:"ss_factor"`
	// Control is the setting, with its value, that makes the configuration a control; "" for others.
	Control string `json:"control,omitempty"`
	Value   string `json:"value,omitempty"`
}

// Groups of configurations.
const (
	Stage1  = "stage1" // PC-DARTS
	Stage2  = "stage2" // PC-DARTS with the mixed loss
	Stage3  = "stage3" // PCP-DARTS
	Stage4  = "stage4" // PCP-DARTS with the mixed loss
	DARTS   = "darts"
	PDARTS  = "p-darts"
	Sampled = "random" // no search: cells drawn from the same space

	// Controls: each differs from a stage of the slides in one setting, and thus separates two causes.
	Stage1Views     = "stage1-views"     // the two views of stage 2 without its second loss
	Stage3Views     = "stage3-views"     // the two views of stage 4 without its second loss
	Stage3Unlimited = "stage3-unlimited" // the phases without their limit of skip connections
)

// Groups lists all groups in the order of tables and figures.
func Groups() []string {
	return []string{Stage1, Stage2, Stage3, Stage4, DARTS, PDARTS, Sampled, Stage1Views, Stage3Views, Stage3Unlimited}
}

// GroupTitle returns the name of a group for tables and figures.
func GroupTitle(group string) string {
	return map[string]string{
		Stage1: "PC-DARTS", Stage2: "SS PC-DARTS", Stage3: "PCP-DARTS", Stage4: "SS PCP-DARTS", DARTS: "DARTS", PDARTS: "P-DARTS", Sampled: "random cells",
		Stage1Views: "PC-DARTS, two views", Stage3Views: "PCP-DARTS, two views", Stage3Unlimited: "PCP-DARTS, any skips",
	}[group]
}

// factors are the ss_factors of stages 2 and 4.
var factors = []float64{0.25, 0.5, 0.75, 1}

// Configurations lists all sixteen: the ten of the slides, DARTS, P-DARTS, random search, and three
// controls. A search with ss_factor above 0 differs in two ways from a search without: it has a
// second loss, and its cross-entropy sees two distorted views of each image. The controls with two
// views have the views without the second loss. The control without a limit shows how many skip
// connections the phases alone leave.
func Configurations() (all []Configuration) {
	for stage := 1; stage <= 4; stage++ {
		method, selfSupervised, err := settings.SlidesStage(stage).Method()
		if err != nil {
			panic(err)
		}
		group := fmt.Sprintf("stage%d", stage)
		if !selfSupervised {
			all = append(all, Configuration{Name: group, Group: group, Title: GroupTitle(group), Method: method})
			continue
		}
		for _, factor := range factors {
			all = append(all, Configuration{
				Name: fmt.Sprintf("%s-%g", group, factor), Group: group, Title: fmt.Sprintf("%s, %g", GroupTitle(group), factor), Method: method, SSFactor: factor,
			})
		}
	}
	for _, group := range []string{DARTS, PDARTS, Sampled} {
		method := group
		if group == Sampled {
			method = ""
		}
		all = append(all, Configuration{Name: group, Group: group, Title: GroupTitle(group), Method: method})
	}
	for _, c := range []Configuration{
		{Name: Stage1Views, Method: "pc-darts", Control: "two_views", Value: "true"},
		{Name: Stage3Views, Method: "pcp-darts", Control: "two_views", Value: "true"},
		{Name: Stage3Unlimited, Method: "pcp-darts", Control: "skip_limit", Value: "0"},
	} {
		c.Group, c.Title = c.Name, GroupTitle(c.Name)
		all = append(all, c)
	}
	return all
}

// Choose returns the configurations whose name, or whose group's name, is in names, in the order of
// Configurations. Without names it returns all. It returns an error for an unknown name.
func Choose(names []string) (chosen []Configuration, err error) {
	all := Configurations()
	var known []string
	for _, c := range all {
		known = append(known, c.Name)
	}
	known = append(known, Stage2, Stage4)
	for _, name := range names {
		if !slices.Contains(known, name) {
			if near := settings.Nearest(name, known); near != "" {
				return nil, fmt.Errorf("there is no configuration %q: did you mean %q?", name, near)
			}
			return nil, fmt.Errorf("there is no configuration %q: use %s", name, strings.Join(known, ", "))
		}
	}
	for _, c := range all {
		if len(names) == 0 || slices.Contains(names, c.Name) || slices.Contains(names, c.Group) {
			chosen = append(chosen, c)
		}
	}
	return chosen, nil
}

// Find returns the configuration of that name.
func Find(name string) (Configuration, bool) {
	all := Configurations()
	i := slices.IndexFunc(all, func(c Configuration) bool { return c.Name == name })
	if i < 0 {
		return Configuration{}, false
	}
	return all[i], true
}
