package check

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/effnet/effnet/pkg/classify"
)

func one(wnid, label string, probability float64) []classify.Prediction {
	return []classify.Prediction{{Rank: 1, WNID: wnid, Label: label, Probability: probability}}
}

func TestBaseline(t *testing.T) {
	for name, tt := range map[string]struct {
		was     []classify.Prediction
		epsilon float64
		want    Result
	}{
		"same":          {one("n02123045", "tabby", 0.5), 0, Result{"", Drift, "0.500000 ± 0", "0.500000", true}},
		"other label":   {one("n02099601", "golden retriever", 0.5), 1, Result{"", Drift, "golden retriever", "tabby", false}},
		"other class":   {one("n02012849", "tabby", 0.5), 1, Result{"", Drift, "tabby", "tabby (n02123045, not n02012849)", false}},
		"no id":         {one("", "tabby", 0.5), 1, Result{"", Drift, "tabby", "tabby (n02123045, not no WordNet id)", false}},
		"just in reach": {one("n02123045", "tabby", 0.45), 0.05, Result{"", Drift, "0.450000 ± 0.05", "0.500000", true}},
		"just beyond":   {one("n02123045", "tabby", 0.550001), 0.05, Result{"", Drift, "0.550001 ± 0.05", "0.500000", false}},
		"certain":       {one("n02123045", "tabby", 1), DefaultEpsilon, Result{"", Drift, "1.000000 ± 0.05", "0.500000", false}},
	} {
		var b Baseline
		if err := b.Add("a.jpg", tt.was); err != nil {
			t.Fatal(err)
		}
		j, err := b.Compile(tt.epsilon, few)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]Result{tt.want}, j.Verdict("./a.jpg", result(fewLogits...)).Results); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestBaselineMissesNothing(t *testing.T) {
	var b Baseline
	for _, path := range []string{"a.jpg", "b.jpg", "c.jpg"} {
		if err := b.Add(path, one("n02123045", "tabby", 0.5)); err != nil {
			t.Fatal(err)
		}
	}
	j, err := b.Compile(0, few)
	if err != nil {
		t.Fatal(err)
	}
	v := j.Verdict("new.jpg", result(fewLogits...))
	if diff := cmp.Diff(Verdict{false, []Result{{"", Drift, "in the baseline", "not in the baseline", false}}}, v); diff != "" {
		t.Error(diff)
	}
	if v := j.Verdict("b.jpg", result()); v.Passed {
		t.Errorf("no logits: %+v", v)
	}
	if diff := cmp.Diff([]string{"a.jpg", "c.jpg"}, j.Unseen()); diff != "" || b.Len() != 3 {
		t.Errorf("%s, %d pictures", diff, b.Len())
	}
}

func TestBaselineIsRefused(t *testing.T) {
	var b Baseline
	checkUsage(t, b.Add("a.jpg", nil), "lacks the top class")
	checkUsage(t, b.Add("a.jpg", []classify.Prediction{{Rank: 2}}), "lacks the top class")
	checkUsage(t, b.Add("a.jpg", one("", "tabby", math.NaN())), "from 0 to 1")
	if err := b.Add("a.jpg", one("", "tabby", 1)); err != nil {
		t.Fatal(err)
	}
	checkUsage(t, b.Add("./a.jpg", one("", "tabby", 1)), "twice")
	for _, epsilon := range []float64{-0.1, 1.1, math.NaN()} {
		_, err := b.Compile(epsilon, few)
		checkUsage(t, err, "drift")
	}
}
