package cell

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
)

const eight = `('sep_conv_3x3', 0), ('skip_connect', 1), ('dil_conv_5x5', 0), ('max_pool_3x3', 2), ('avg_pool_3x3', 0), ('sep_conv_5x5', 3), ('dil_conv_3x3', 0), ('sep_conv_3x3', 4)`

// pythonText is a valid text with the given normal genes and normal_concat.
func pythonText(normal, concat string) string {
	return fmt.Sprintf("Genotype(normal=%s, normal_concat=%s, reduce=[%s], reduce_concat=range(2, 6))", normal, concat, eight)
}

func TestParseReadsWhatPythonWouldRead(t *testing.T) {
	want, err := Parse(pythonText("["+eight+"]", "[2, 3, 4, 5]"))
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"range":            pythonText("["+eight+"]", "range(2, 6)"),
		"tuples":           pythonText("("+eight+")", "(2, 3, 4, 5)"),
		"lists for genes":  pythonText("["+strings.NewReplacer("(", "[", ")", "]").Replace(eight)+"]", "[2,3,4,5]"),
		"double quotes":    pythonText("["+strings.ReplaceAll(eight, "'", `"`)+"]", "[2, 3, 4, 5]"),
		"trailing commas":  strings.ReplaceAll(pythonText("["+eight+",]", "[2, 3, 4, 5,]"), "range(2, 6))", "range(2, 6),)"),
		"assignment":       "found = " + pythonText("["+eight+"]", "[2, 3, 4, 5]") + "\n",
		"comments, lines":  "# seed 1\n" + strings.ReplaceAll(pythonText("["+eight+"]", "[2, 3, 4, 5]"), "), (", "), # next\n  ("),
		"a space in front": "\n  " + pythonText("["+eight+"]", "[2, 3, 4, 5]"),
		"fields swapped": fmt.Sprintf("Genotype(reduce_concat=[2, 3, 4, 5], reduce=[%s], normal_concat=[2, 3, 4, 5], normal=[%s])",
			eight, eight),
	} {
		if got, err := Parse(text); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %v, %v", name, got, err)
		}
	}
}

func TestParseNamesTheFault(t *testing.T) {
	swap := func(old, new string) string {
		return pythonText("["+strings.Replace(eight, old, new, 1)+"]", "[2, 3, 4, 5]")
	}
	for _, c := range []struct{ fault, text, want string }{
		{"unknown operation", swap("dil_conv_5x5", "dil_conv_9x9"), `normal, gene 3 (state 1): unknown operation "dil_conv_9x9"; the operations are max_pool_3x3`},
		{"none", swap("sep_conv_5x5", "none"), "normal, gene 6 (state 2): none carries nothing"},
		{"index too large", swap("'max_pool_3x3', 2", "'max_pool_3x3', 3"), "normal, gene 4 (state 1): index 3 is out of range; this state reads from nodes 0 to 2"},
		{"index negative", swap("'max_pool_3x3', 2", "'max_pool_3x3', -1"), "index -1 is out of range"},
		{"index huge", swap("'max_pool_3x3', 2", "'max_pool_3x3', 99999999999"), "99999999999 is not the index of a node"},
		{"index missing", swap("'max_pool_3x3', 2", "'max_pool_3x3'"), `want ',', found ")"`},
		{"index a word", swap("'max_pool_3x3', 2", "'max_pool_3x3', two"), `want the index of a node, found "two"`},
		{"operation unquoted", swap("'max_pool_3x3', 2", "max_pool_3x3, 2"), `want the name of an operation in quotes, found "max_pool_3x3"`},
		{"seven genes", swap("('skip_connect', 1), ", ""), "normal has 7 genes: want two per state, 8 for the usual 4 states (2 to 5 states are possible)"},
		{"no genes", pythonText("[]", "[2, 3, 4, 5]"), "normal has 0 genes"},
		{"concat out of range", pythonText("["+eight+"]", "[2, 3, 4, 6]"), "normal_concat: index 6 is out of range; the states are nodes 2 to 5"},
		{"concat of an input", pythonText("["+eight+"]", "[1, 2]"), "normal_concat: index 1 is out of range"},
		{"concat twice", pythonText("["+eight+"]", "[2, 2]"), "normal_concat: node 2 after node 2"},
		{"concat empty", pythonText("["+eight+"]", "[]"), "normal_concat is empty"},
		{"range too long", pythonText("["+eight+"]", "range(2, 1000000000)"), "index out of range"},
		{"range of a list", pythonText("["+eight+"]", "list(2, 6)"), `found "list": want a list like [2, 3, 4, 5], or range(2, 6)`},
		{"field missing", "Genotype(normal=[" + eight + "], normal_concat=[2])", "reduce is missing"},
		{"field twice", "Genotype(normal_concat=[2], normal_concat=[2])", "normal_concat is given twice"},
		{"field unknown", "Genotype(normal_cat=[2])", `unknown field "normal_cat"`},
		{"string not closed", "Genotype(normal=[('sep_conv_3x3, 0)", "line 1, column 19: a string is not closed"},
		{"text after it", swap("", "") + " x", `found "x" after the genotype`},
		{"another call", "dict(normal=[])", "a genotype begins with Genotype( in Python text, or with { in JSON"},
		{"nothing", "", "want a name, found the end of the text"},
		{"cut off", swap("", "")[:80], "found the end of the text"},
		{"JSON cut off", `{"normal": [["sep_conv_3x3"`, "unexpected end of JSON input"},
		{"JSON of another thing", `{"cells": 8}`, `unknown field "cells"`},
		{"JSON gene", `{"normal": ["sep_conv_3x3"]}`, `"sep_conv_3x3" is not a gene`},
		{"JSON index", `{"normal": [["sep_conv_3x3", 0.5]]}`, "0.5 is not the index of a node"},
		{"JSON operation", `{"normal": [[0, 1]]}`, "0 is not the name of an operation"},
	} {
		_, err := Parse(c.text)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got error %v, want it to hold %q", c.fault, err, c.want)
		} else if strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: the error has more than one line: %v", c.fault, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, p := range published {
		f.Add(p.text)
		g, _ := Published(p.name)
		text, err := json.Marshal(g)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	f.Add(pythonText(`[('none', 0)]`, "range(-1)"))
	f.Fuzz(func(t *testing.T, text string) {
		g, err := Parse(text)
		if err != nil {
			return
		}
		if again, err := Parse(g.Python()); err != nil || !reflect.DeepEqual(again, g) {
			t.Errorf("%s reads as %v, %v", g.Python(), again, err)
		}
		encoded, err := json.Marshal(g)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := Parse(string(encoded)); err != nil || !reflect.DeepEqual(again, g) {
			t.Errorf("%s reads as %v, %v", encoded, again, err)
		}
	})
}
