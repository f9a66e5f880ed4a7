package classify

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/effnet/effnet/pkg/weights"
)

func TestLabelsFor(t *testing.T) {
	abc, xyz := letters(3), []weights.Label{{Name: "x"}, {Name: "y"}, {Name: "z"}}
	tests := []struct {
		name       string
		given, own []weights.Label
		classes    int
		want       []weights.Label
	}{
		{"given", xyz, abc, 3, xyz},
		{"own", nil, abc, 3, abc},
		{"numbered", nil, nil, 3, []weights.Label{{Name: "class 0"}, {Name: "class 1"}, {Name: "class 2"}}},
		{"one output, two labels", xyz[:2], nil, 1, xyz[1:2]},
		{"one output, one label", nil, xyz[:1], 1, xyz[:1]},
		{"one output, no label", nil, nil, 1, []weights.Label{{Name: "class 0"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := labelsFor(tt.given, tt.own, tt.classes)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
	if got, err := labelsFor(xyz[:2], nil, 3); err == nil || err.Error() != "2 labels do not fit a model of 3 classes" {
		t.Errorf("two of three: %v, %v", got, err)
	}
	thousand, err := labelsFor(nil, nil, 1000)
	if err != nil {
		t.Fatal(err)
	}
	if len(thousand) != 1000 || thousand[207].WNID != "n02099601" || thousand[207].Name != "golden retriever" {
		t.Errorf("%d labels, 207 is %v", len(thousand), thousand[207])
	}
}

func TestChoose(t *testing.T) {
	labels := []weights.Label{
		{WNID: "n01", Name: "crane", Synonyms: []string{"bird"}},
		{WNID: "n02", Name: "golden retriever"},
		{WNID: "n03", Name: "crane"},
		{Name: "1"},
	}
	tests := []struct {
		name  string
		words []string
		want  []bool
	}{
		{"none", nil, nil},
		{"label", []string{"golden retriever"}, []bool{false, true, false, false}},
		{"case and space around", []string{" Golden Retriever "}, []bool{false, true, false, false}},
		{"every bearer", []string{"crane"}, []bool{true, false, true, false}},
		{"synonym", []string{"BIRD"}, []bool{true, false, false, false}},
		{"id", []string{"N03"}, []bool{false, false, true, false}},
		{"index", []string{"2", "0"}, []bool{true, false, true, false}},
		{"label before index", []string{"1"}, []bool{false, false, false, true}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := choose(tt.words, labels)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
	for _, word := range []string{"golden retreiver", "4", "-1", "", "n04"} {
		_, err := choose([]string{"crane", word}, labels)
		var usage *UsageError
		if !errors.As(err, &usage) {
			t.Errorf("%q: got %v, want a *UsageError", word, err)
		}
	}
	_, err := choose([]string{"golden retreiver"}, labels)
	if want := `unknown label "golden retreiver"; near: golden retriever`; err.Error() != want {
		t.Errorf("got %q, want %q", err, want)
	}
}
