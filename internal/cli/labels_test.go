package cli

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/effnet/effnet/pkg/weights"
)

func TestParseLabels(t *testing.T) {
	want := []weights.Label{{WNID: "n1", Name: "cat", Synonyms: []string{"puss"}}, {Name: "dog"}}
	names := []weights.Label{{Name: "cat"}, {Name: "dog"}}
	for text, want := range map[string][]weights.Label{
		"cat\ndog\n":                          names,
		"cat\r\ndog":                          names,
		"n1\tcat\tpuss\ndog\n":                want,
		`["cat","dog"]`:                       names,
		"\ufeff[\"cat\",\n\"dog\"]\n":         names,
		`[["n1","cat","puss"],"dog"]`:         want,
		`{"1":"dog","0":["n1","cat","puss"]}`: want,
		`{"dog":1,"cat":0}`:                   names,
		`{"0":["","cat"],"1":"dog"}`:          names,
	} {
		got, err := parseLabels([]byte(text))
		if err != nil {
			t.Errorf("%q: %v", text, err)
		} else if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%q (-want +got):\n%s", text, d)
		}
	}
}

func TestParseLabelsRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"":                       "label 0 has no name",
		"cat\n\ndog":             "label 1 has no name",
		"[]":                     "holds no label",
		"{}":                     "holds no label",
		`["cat",""]`:             "label 1 has no name",
		`["cat"`:                 "unexpected end of JSON input",
		`["a\tb"]`:               "label 0 holds a tab or a line break",
		`[1]`:                    "label 0 is neither a string nor [wnid, name, …]",
		`[null]`:                 "label 0 is neither a string nor [wnid, name, …]",
		`[["n1"]]`:               "label 0 is neither a string nor [wnid, name, …]",
		`{"0":"cat","2":"dog"}`:  `index "2" is not a number from 0 to 1, or comes twice`,
		`{"0":"cat","00":"dog"}`: "comes twice",
		`{"cat":0,"dog":0}`:      "comes twice",
		`{"cat":-1}`:             `index "-1" is not a number`,
		`{"0":null}`:             "label 0 is neither",
	} {
		if _, err := parseLabels([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", text, err, want)
		}
	}
}

func FuzzParseLabels(f *testing.F) {
	for _, s := range []string{"cat\ndog", "n1\tcat", `["a",["n1","b"]]`, `{"0":"a"}`, `{"a":0}`, "[", "{", "\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		labels, err := parseLabels([]byte(text))
		if err != nil {
			return
		}
		if len(labels) == 0 || len(labels) > len(text)+1 {
			t.Fatalf("%q: %d labels", text, len(labels))
		}
		for _, l := range labels {
			if strings.TrimSpace(l.Name) == "" {
				t.Fatalf("%q: a label without name", text)
			}
		}
	})
}
