package notebook

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"html"
	"os"
	"strings"
)

// question is a question in the form of jupyterquiz.
type question struct {
	Question string `json:"question"`
	Type     string `json:"type"` // "many_choice": one answer is right, "multiple_choice": several are
	Answers  []struct {
		Answer   string `json:"answer"`
		Correct  bool   `json:"correct"`
		Feedback string `json:"feedback"`
	} `json:"answers"`
}

//go:embed quiz.css
var quizzing string

// Quiz shows questions that check the reader's understanding. A chosen answer tells at once whether
// it is right, and why. It does so in the page, without a kernel and without a script, by mouse,
// keyboard and screen reader. The file has the format of jupyterquiz, with questions of the types
// many_choice and multiple_choice.
func Quiz(file string) { quiz(file).display("") }

func quiz(file string) bundle {
	text, err := os.ReadFile(file)
	Check(err)
	var all []question
	if err := json.Unmarshal(text, &all); err != nil {
		Check(fmt.Errorf("%s holds no questions of jupyterquiz: %w", file, err))
	}
	var page, plain strings.Builder
	fmt.Fprintf(&page, `<style>%s</style><section class="essnas-quiz" aria-label="Check your understanding" data-lm-suppress-shortcuts="true"><p><strong>Check your understanding.</strong> Choose an answer.</p><ol>`, strings.TrimSpace(quizzing))
	for i, q := range all {
		fmt.Fprintf(&page, `<li><p>%s</p><div role="group" aria-label="Answers to question %d">`, html.EscapeString(q.Question), i+1)
		fmt.Fprintf(&plain, "%d. %s\n", i+1, q.Question)
		right := ""
		for j, a := range q.Answers {
			verdict, class := "Not quite.", "essnas-wrong"
			if a.Correct {
				verdict, class = "Right.", "essnas-right"
				right += string(rune('a' + j))
			}
			fmt.Fprintf(&page, `<details><summary>%s</summary><p class="%s"><strong>%s</strong> %s</p></details>`, html.EscapeString(a.Answer), class, verdict, html.EscapeString(a.Feedback))
			fmt.Fprintf(&plain, "   %c) %s\n", 'a'+j, a.Answer)
		}
		page.WriteString("</div></li>")
		fmt.Fprintf(&plain, "   (right: %s)\n", strings.Join(strings.Split(right, ""), ", "))
	}
	page.WriteString("</ol></section>")
	return bundle{html: page.String(), text: plain.String()}
}
