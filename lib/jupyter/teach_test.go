package jupyter

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// lesson is what the project's notebooks have in common as lessons.
type lesson struct {
	Cells []struct {
		Type     string    `json:"cell_type"`
		Source   multiline `json:"source"`
		Metadata struct {
			Slides struct {
				Type string `json:"slide_type"`
			} `json:"slideshow"`
		} `json:"metadata"`
	} `json:"cells"`
}

var (
	asksFor  = regexp.MustCompile(`nb\.Quiz\("(quiz/[^"]+)"\)`)
	numbered = regexp.MustCompile(`(?m)^\d+\. `)
	solved   = regexp.MustCompile(`(?m)^## \d+$`)
)

// lessons are the notebooks with a quiz, by name.
func lessons(t *testing.T) map[string]lesson {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(sources(t).Root, "notebooks", "*.ipynb"))
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]lesson{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var l lesson
		if err := json.Unmarshal(text, &l); err != nil {
			t.Fatal(err)
		}
		if asksFor.Match(text) || strings.Contains(string(text), `nb.Quiz(`) {
			all[strings.TrimSuffix(filepath.Base(file), ".ipynb")] = l
		}
	}
	if len(all) < 14 {
		t.Errorf("%d notebooks have a quiz", len(all))
	}
	return all
}

func TestEachQuestionOfALessonHasAnAnswerAndExplainsAll(t *testing.T) {
	for name := range lessons(t) {
		text, err := os.ReadFile(filepath.Join(sources(t).Root, "notebooks", "quiz", name+".json"))
		if err != nil {
			t.Fatal(err)
		}
		var questions []struct {
			Question, Type string
			Answers        []struct {
				Answer, Feedback string
				Correct          bool
			}
		}
		if err := json.Unmarshal(text, &questions); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if len(questions) < 3 {
			t.Errorf("%s has %d questions, want three at least", name, len(questions))
		}
		for _, q := range questions {
			right := 0
			for _, a := range q.Answers {
				if a.Answer == "" || a.Feedback == "" {
					t.Errorf("%s: %q: the answer %q is not explained", name, q.Question, a.Answer)
				}
				if a.Correct {
					right++
				}
			}
			if len(q.Answers) < 2 || right != 1 || q.Type != "many_choice" {
				t.Errorf("%s: %q has %d answers, %d of them right, and the type %q", name, q.Question, len(q.Answers), right, q.Type)
			}
		}
	}
}

func TestEachExerciseOfALessonHasASolution(t *testing.T) {
	for name, l := range lessons(t) {
		exercises := 0
		for _, c := range l.Cells {
			if strings.HasPrefix(string(c.Source), "## Exercises") {
				exercises += len(numbered.FindAllString(string(c.Source), -1))
			}
		}
		text, err := os.ReadFile(filepath.Join(sources(t).Root, "notebooks", "solutions", name+".md"))
		if err != nil {
			t.Fatal(err)
		}
		if got := len(solved.FindAll(text, -1)); exercises == 0 || got != exercises {
			t.Errorf("%s has %d exercises and %d solutions", name, exercises, got)
		}
	}
}

func TestEachSectionOfALessonIsASlide(t *testing.T) {
	for name, l := range lessons(t) {
		for i, c := range l.Cells {
			text := string(c.Source)
			heading := c.Type == "markdown" && (strings.HasPrefix(text, "# ") || strings.HasPrefix(text, "## "))
			if heading != (c.Metadata.Slides.Type == "slide") {
				t.Errorf("%s, cell %d (%.30q) has the slide type %q", name, i, text, c.Metadata.Slides.Type)
			}
			if c.Type == "markdown" && strings.Contains(text, "\n## ") {
				t.Errorf("%s, cell %d: a section begins in the middle of a cell, so it can't be a slide", name, i)
			}
		}
	}
}
