package notebook

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/essnas/essnas/lib/internal/atomicfile"
	"github.com/essnas/essnas/lib/internal/checkout"
	"github.com/essnas/essnas/lib/run"
)

// RecordedStudy returns the directory of the recorded study (essnas study record), for package
// findings: $ESSNAS_RECORDED, or the directory "recorded" beside the notebook, or that of the
// checkout's notebooks.
func RecordedStudy() string {
	var tried []string
	if dir := os.Getenv("ESSNAS_RECORDED"); dir != "" {
		tried = append(tried, dir)
	} else {
		tried = append(tried, "recorded")
		if tree, err := checkout.Find(); err == nil {
			tried = append(tried, filepath.Join(tree.Root, "notebooks", "recorded"))
		}
	}
	for _, dir := range tried {
		if _, err := os.Stat(filepath.Join(dir, "study.json")); err == nil {
			return Path(dir)
		}
	}
	Check(fmt.Errorf("no study is recorded in %s: make one with essnas study, record it with essnas study record, and name the record in ESSNAS_RECORDED", strings.Join(tried, " or ")))
	return ""
}

// Recorded returns a run of the recorded study: the search of a configuration with a seed or, with
// the option [Dataset], the training of its cells. Nothing is computed. The figures are drawn from
// the record, and a sentence tells its date, settings and version. The configurations are those of
// essnas study: stage1, stage2-0.5, random, and others. A run that is not recorded ends the cell
// with a list of the recorded runs.
func Recorded(configuration string, seed int, options ...Option) *Run {
	r := recorded(configuration, seed, options)
	if slices.Contains(options, Quiet) {
		return r
	}
	bundle{text: r.about, markdown: "**Recording.** " + r.about}.display("")
	r.drawing("overview").display("")
	return r
}

// FirstRecorded is [Recorded] with the first recorded seed. If no seed is recorded, for example in
// a study that is still growing, it says so and returns nil.
func FirstRecorded(configuration string, options ...Option) *Run {
	seeds := RecordedSeeds(configuration, options...)
	if len(seeds) == 0 {
		bundle{text: configuration + " is not recorded yet: the study is still growing."}.display("")
		return nil
	}
	return Recorded(configuration, seeds[0], options...)
}

// Replay draws the run's figure again, epoch by epoch, as it was when the run was made. The replay
// takes this number of seconds in total, computes nothing, and can be interrupted.
func (r *Run) Replay(seconds float64) {
	p := newProgress(false)
	if r.about != "" {
		p.say("Replay of a recording. " + r.about)
	} else {
		p.say("Replay of " + filepath.Base(r.Dir) + ": nothing is computed.")
	}
	ask([]string{"replay", r.Dir, fmt.Sprintf("--seconds=%g", seconds)}, p)
	r.drawing("overview").display(p.figure.id)
}

// recorded returns a recorded run with its figures.
func recorded(configuration string, seed int, options []Option) (r *Run) {
	study, step := RecordedStudy(), "search"
	for _, o := range options {
		if name, ok := strings.CutPrefix(o.flag, "--dataset="); ok {
			step = name
		}
	}
	from := filepath.Join(study, "runs", configuration, fmt.Sprintf("seed%d", seed), step)
	kept, err := run.Open(from)
	if err != nil {
		Check(fmt.Errorf("%s, seed %d (%s) is not recorded. Recorded are: %s", configuration, seed, step, listed(study, step)))
	}
	var whole struct{ Name, Hash, Preset string }
	text, err := os.ReadFile(filepath.Join(study, "study.json"))
	Check(err)
	Check(json.Unmarshal(text, &whole))
	r = &Run{}
	r.Dir = Path(filepath.Join(runsOf(), "recorded", whole.Name+"-"+whole.Hash, configuration, fmt.Sprintf("seed%d", seed), step))
	r.Ended, r.Report = true, filepath.Join(r.Dir, "report.html")
	drawn := unpack(from, r.Dir)
	if _, err := os.Stat(filepath.Join(r.Dir, "figures", "overview.png")); err != nil || !drawn {
		Do("report", "--run="+r.Dir)
	}
	r.Genotype, err = kept.Genotype()
	Check(err)
	r.Result, err = kept.Result()
	Check(err)
	r.about = provenance(kept, whole.Preset, configuration, seed)
	return r
}

// provenance describes the machine, the date and the settings of a recorded run in a sentence.
func provenance(r *run.Run, preset, configuration string, seed int) string {
	day := r.Config.Started
	if t, err := time.Parse(time.RFC3339, day); err == nil {
		day = t.Format("2 January 2006")
	}
	var set struct{ Images, Epochs, Batch, Cells, Channels int }
	Check(json.Unmarshal(r.Config.Settings, &set))
	images := "all"
	if set.Images > 0 {
		images = fmt.Sprint(set.Images)
	}
	result, err := r.Result()
	Check(err)
	return fmt.Sprintf("%s, seed %d: a %s on %s of %s, preset %s (%d cells, %d channels, %s images, batch %d, %d epochs), essnas %s on a %s, %.0f seconds. Shown, not computed now.",
		configuration, seed, r.Config.Stage, r.Config.Data.Title, day, preset, set.Cells, set.Channels, images, set.Batch, set.Epochs,
		r.Config.Versions["essnas"], r.Config.Backend.Kind, result.Fitting)
}

// unpack copies the files of a recorded run to the directory in which its figures are drawn, and
// reports whether that directory had all of them already.
func unpack(from, to string) (there bool) {
	files, err := os.ReadDir(from)
	Check(err)
	there = true
	for _, f := range files {
		text, err := os.ReadFile(filepath.Join(from, f.Name()))
		Check(err)
		old, err := os.ReadFile(filepath.Join(to, f.Name()))
		if err == nil && bytes.Equal(old, text) {
			continue
		}
		there = false
		Check(atomicfile.WriteBytes(filepath.Join(to, f.Name()), text))
	}
	return there
}

// listed writes the recorded searches or trainings: each configuration with its seeds.
func listed(study, step string) string {
	dirs, err := os.ReadDir(filepath.Join(study, "runs"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		Check(err)
	}
	var all []string
	for _, d := range dirs {
		if seeds := RecordedSeeds(d.Name(), Dataset(step)); len(seeds) > 0 {
			all = append(all, fmt.Sprintf("%s (%s)", d.Name(), strings.Trim(strings.Join(strings.Fields(fmt.Sprint(seeds)), ", "), "[]")))
		}
	}
	if len(all) == 0 {
		return "none of this kind"
	}
	return strings.Join(all, ", ")
}

// RecordedSeeds returns the seeds with a recorded search of a configuration or, with the option
// [Dataset], a recorded training of its cells, in order.
func RecordedSeeds(configuration string, options ...Option) (seeds []int) {
	step := "search"
	for _, o := range options {
		if name, ok := strings.CutPrefix(o.flag, "--dataset="); ok {
			step = name
		}
	}
	found, err := filepath.Glob(filepath.Join(RecordedStudy(), "runs", configuration, "seed*", step, "config.json"))
	Check(err)
	for _, file := range found {
		var seed int
		if _, err := fmt.Sscanf(filepath.Base(filepath.Dir(filepath.Dir(file))), "seed%d", &seed); err == nil {
			seeds = append(seeds, seed)
		}
	}
	slices.Sort(seeds)
	return seeds
}

// RecordedStates returns the recorded searches of configurations, for [Explore]. A search counts if
// a network of its cells was trained; its state has the test accuracy of that network. The states
// keep three settings: ss_factor, seed, and stage, which is 2 for PC-DARTS and 4 for PCP-DARTS.
// With an ss_factor of 0 these are the stages 1 and 3 of the slides.
func RecordedStates(configurations ...string) (all States) {
	study := RecordedStudy()
	var whole struct{ Dataset string }
	text, err := os.ReadFile(filepath.Join(study, "study.json"))
	Check(err)
	Check(json.Unmarshal(text, &whole))
	var searches []*Run
	var tests []*float64
	var stages, seeds []int
	for _, c := range configurations {
		for _, seed := range RecordedSeeds(c) {
			test := tested(filepath.Join(study, "runs", c, fmt.Sprintf("seed%d", seed), whole.Dataset))
			if test == nil {
				continue
			}
			searches, tests = append(searches, recorded(c, seed, nil)), append(tests, test)
			stage := 2
			if strings.HasPrefix(c, "stage3") || strings.HasPrefix(c, "stage4") {
				stage = 4
			}
			stages, seeds = append(stages, stage), append(seeds, seed)
		}
	}
	if len(searches) == 0 {
		return nil
	}
	for i, s := range StatesOf(searches...) {
		s.Test = tests[i]
		s.Settings = map[string]any{"ss_factor": s.Settings["ss_factor"], "seed": seeds[i], "stage": stages[i]}
		all = append(all, s)
	}
	return all
}

// tested returns the test accuracy of a recorded training, or nil if it is not recorded.
func tested(dir string) *float64 {
	r, err := run.Open(dir)
	if err != nil {
		return nil
	}
	t, err := r.Test()
	Check(err)
	if t == nil {
		return nil
	}
	return &t.Table.Top1
}
