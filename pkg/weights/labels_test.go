package weights

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseLabels(t *testing.T) {
	tests := []struct {
		name, text string
		want       []Label
	}{
		{"full", "n01\ttabby\ttabby cat\tcat\n\tdog", []Label{{"n01", "tabby", []string{"tabby cat", "cat"}}, {"", "dog", nil}}},
		{"names alone", "tabby\ngolden retriever\n", []Label{{Name: "tabby"}, {Name: "golden retriever"}}},
		{"CRLF and BOM", "\ufefftabby\r\ndog\r\n", []Label{{Name: "tabby"}, {Name: "dog"}}},
		{"beyond ASCII", "n02\tchâteau\n犬", []Label{{WNID: "n02", Name: "château"}, {Name: "犬"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := ParseLabels(tt.text)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
			again, err := ParseLabels(FormatLabels(got))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(got, again); diff != "" {
				t.Errorf("after Format: %s", diff)
			}
		})
	}
}

func TestParseLabelsRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"":                "label 0 has no name",
		"a\n\nb":          "label 1 has no name",
		"n01\t":           "label 0 has no name",
		"a\nn01\t \tcat":  "label 1 has no name",
		"a\x1b[31m":       "label 0 holds control characters",
		"a\nb\xff":        "label 1 holds control characters or is not valid UTF-8",
		"n01\ta\tb\x00\n": "label 0 holds control characters",
	} {
		got, err := ParseLabels(text)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, %v, want %q", text, got, err, want)
		}
	}
}

func TestCheckLabels(t *testing.T) {
	for _, tt := range []struct {
		labels, classes int
		ok              bool
	}{
		{0, 7, true}, {7, 7, true}, {6, 7, false}, {8, 7, false}, {1, 1, true}, {2, 1, true}, {3, 1, false}, {1, 2, false},
	} {
		if err := CheckLabels(make([]Label, tt.labels), tt.classes); (err == nil) != tt.ok {
			t.Errorf("%d labels, %d classes: %v", tt.labels, tt.classes, err)
		}
	}
}

// FuzzParseLabels holds that accepted labels survive being written.
func FuzzParseLabels(f *testing.F) {
	f.Add("n01\ttabby\ttabby cat\n\tdog\n")
	f.Add("tabby\r\ndog")
	f.Fuzz(func(t *testing.T, text string) {
		labels, err := ParseLabels(text)
		if err != nil {
			return
		}
		again, err := ParseLabels(FormatLabels(labels))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(labels, again); diff != "" {
			t.Fatal(diff)
		}
	})
}
