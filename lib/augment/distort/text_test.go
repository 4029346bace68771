package distort

import (
	"strings"
	"testing"
)

func TestViewsAsText(t *testing.T) {
	const all = "crop 1 pixels 4, flip 0.5, distort 0.8 rotate 10 shift 0.15 scale 1..1.6 shear 8, jitter 0.8 brightness 0.4 contrast 0.4 saturation 0.2 hue 0.1, gray 0.2, erase 0.25 area 0.02..0.33 ratio 0.3..3.3"
	if got := Default().String(); got != all {
		t.Errorf("the defaults are %q, want %q", got, all)
	}
	for _, c := range []struct{ law, text, want string }{
		{"no text is the defaults", " ", all},
		{"so is their name", "default", all},
		{"none is none", "none", "none"},
		{"steps that are not named never happen", "flip 0.5, gray 1", "flip 0.5, gray 1"},
		{"the order does not matter", "gray 1,flip .5", "flip 0.5, gray 1"},
		{"strengths that are not named are the defaults'", "jitter 1 hue 0.5", "jitter 1 brightness 0.4 contrast 0.4 saturation 0.2 hue 0.5"},
		{"defaults can be changed", "default, crop 0.5 pixels 2, distort 0, jitter 0, erase 1 ratio 1..1", "crop 0.5 pixels 2, flip 0.5, gray 0.2, erase 1 area 0.02..0.33 ratio 1..1"},
		{"what comes last counts", "flip 1, flip 0", "none"},
	} {
		t.Run(c.law, func(t *testing.T) {
			v, err := Parse(c.text)
			if err != nil || v.String() != c.want {
				t.Errorf("%q is %q (%v), want %q", c.text, v, err, c.want)
			}
		})
	}
	if v, err := Parse("none"); err != nil || v != (Views{}) {
		t.Errorf("none is %+v (%v)", v, err)
	}
	if v, err := Parse(all); err != nil || v != Default() {
		t.Errorf("the defaults are read as %+v (%v)", v, err)
	}
}

func TestViewsTextThatIsWrongIsTold(t *testing.T) {
	for text, says := range map[string]string{
		"blur 0.5":                "know no step \"blur\": there are crop, flip, distort, jitter, gray, erase",
		"flip":                    "\"flip\" is not complete: give the probability",
		"flip often":              "probability of a flip can't be \"often\"",
		"flip 2":                  "flip probability is 2: give 0 to 1",
		"flip NaN":                "flip probability is NaN",
		"jitter 1 hue":            "\"jitter 1 hue\" is not complete",
		"jitter 1 blur 2":         "jitter knows no \"blur\": it has brightness, contrast, saturation, hue",
		"jitter 1 hue 0.7":        "hue is 0.7: give 0 to 0.5",
		"jitter 1 hue 0.1..0.2":   "hue can't be \"0.1..0.2\": give one number",
		"flip 1 angle 3":          "flip has a probability only, and no \"angle\"",
		"crop 1 pixels 1.5":       "can't be \"1.5\": give a whole number",
		"crop 1 pixels -1":        "crop has -1 pixels",
		"distort 1 scale 2":       "scale can't be \"2\": give a range like 1..1.6",
		"distort 1 scale 2..1":    "scale is 2 to 1",
		"distort 1 scale a..b":    "give numbers",
		"erase 1 area 0..0.5":     "erased area is 0 to 0.5",
		"none, flip 1":            "know no step \"none\"",
		"flip 1,":                 "a step without a name",
		"flip 1, default, gray 1": "know no step \"default\"",
	} {
		if v, err := Parse(text); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q is %q (%v), want an error with %q", text, v, err, says)
		}
	}
}

// The text of every parsed value parses as the same value.
func FuzzParse(f *testing.F) {
	for _, text := range []string{"", "none", "default, gray 0", Default().String(), "crop 1 pixels 4, flip 1e-3", "distort -0 scale 2..1,erase 1 area 1..1"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		v, err := Parse(text)
		if err != nil {
			return
		}
		again, err := Parse(v.String())
		if err != nil || again != v || again.String() != v.String() {
			t.Errorf("%q is %q, and this %q (%v)", text, v, again, err)
		}
	})
}
