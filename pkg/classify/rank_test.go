package classify

import (
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/effnet/effnet/pkg/weights"
)

func letters(n int) []weights.Label {
	var labels []weights.Label
	for i := range n {
		labels = append(labels, weights.Label{WNID: "n0" + string(rune('a'+i)), Name: string(rune('a' + i))})
	}
	return labels
}

func ranksAndIndices(ps []Prediction) [][2]int {
	var list [][2]int
	for _, p := range ps {
		list = append(list, [2]int{p.Rank, p.Index})
	}
	return list
}

func TestPredictionsOrder(t *testing.T) {
	logits := []float32{1, 3, 2, 3, -5, 3}
	all := [][2]int{{1, 1}, {2, 3}, {3, 5}, {4, 2}, {5, 0}, {6, 4}}
	tests := []struct {
		name string
		r    ranking
		want [][2]int
	}{
		{"all", ranking{top: 6}, all},
		{"ties go to the lower index", ranking{top: 2}, all[:2]},
		{"top is cut between ties", ranking{top: 1}, all[:1]},
		{"least probability", ranking{top: 6, minProb: 0.2}, all[:3]},
		{"chosen keep their rank among all", ranking{top: 6, chosen: []bool{true, false, false, true, true, false}}, [][2]int{{2, 3}, {5, 0}, {6, 4}}},
		{"top of the chosen", ranking{top: 2, chosen: []bool{true, false, false, true, true, false}}, [][2]int{{2, 3}, {5, 0}}},
		{"none chosen is probable", ranking{top: 6, minProb: 0.5, chosen: []bool{true, false, false, false, false, false}}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.r.labels = letters(len(logits))
			got, err := tt.r.predictions(logits, 0)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, ranksAndIndices(got)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// best must agree with a stable sort for any number of predictions.
func TestBestEqualsSort(t *testing.T) {
	var logits []float32
	state := uint32(1)
	for range 300 {
		state = state*1664525 + 1013904223
		logits = append(logits, float32(state>>26)) // 64 values: many ties
	}
	want := make([]int, len(logits))
	for i := range want {
		want[i] = i
	}
	slices.SortStableFunc(want, func(a, b int) int { return int(logits[b]) - int(logits[a]) })
	for top := 1; top <= len(logits); top += 13 {
		r := ranking{top: top}
		if diff := cmp.Diff(want[:top], r.best(logits)); diff != "" {
			t.Fatalf("top %d: %s", top, diff)
		}
	}
}

func TestPredictionsValues(t *testing.T) {
	r := ranking{top: 2, labels: letters(3)}
	got, err := r.predictions([]float32{0, float32(math.Log(2)), float32(math.Log(5))}, 0)
	if err != nil {
		t.Fatal(err)
	}
	want := []Prediction{
		{Rank: 1, Index: 2, WNID: "n0c", Label: "c", Probability: 0.625, Logit: float32(math.Log(5))},
		{Rank: 2, Index: 1, WNID: "n0b", Label: "b", Probability: 0.25, Logit: float32(math.Log(2))},
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateApprox(0, 1e-7)); diff != "" {
		t.Error(diff)
	}
}

func TestSoftmaxDoesNotOverflow(t *testing.T) {
	p := softmax([]float32{math.MaxFloat32, 0, -math.MaxFloat32}, 1)
	if diff := cmp.Diff([]float64{1, 0, 0}, p); diff != "" {
		t.Error(diff)
	}
	sum := 0.0
	for _, v := range softmax([]float32{1e4, 1e4 - 1, 1e4 - 2}, 1) {
		sum += v
	}
	if math.Abs(sum-1) > 1e-15 {
		t.Errorf("sum %v", sum)
	}
}

func TestSingleOutputIsASigmoid(t *testing.T) {
	for logit, want := range map[float32]float64{0: 0.5, -1000: 0, 1000: 1, 2: 0.8807970779778823} {
		r := ranking{top: 1, labels: letters(1)}
		got, err := r.predictions([]float32{logit}, 0)
		if err != nil {
			t.Fatal(err)
		}
		if len(got) != 1 || got[0].Index != 0 || got[0].Rank != 1 || math.Abs(got[0].Probability-want) > 1e-15 {
			t.Errorf("logit %v: %v, want probability %v", logit, got, want)
		}
	}
}

func TestLogitsMustBeFinite(t *testing.T) {
	for _, bad := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		r := ranking{top: 1, labels: letters(2)}
		got, err := r.predictions([]float32{1, float32(bad)}, 0)
		var e *Error
		if !errors.As(err, &e) || e.Kind != KindModel {
			t.Errorf("%v: got %v, %v, want an error of kind model", bad, got, err)
		}
	}
}
