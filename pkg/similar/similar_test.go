package similar

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/effnet/effnet/pkg/kernels"
)

// clusters are vectors of which some are near to one before them.
func clusters(t *testing.T, n, dim int, seed uint64) *Vectors {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 7))
	v := &Vectors{}
	for i := range n {
		row := make([]float32, dim)
		for k := range row {
			row[k] = float32(r.NormFloat64())
		}
		switch {
		case i%41 == 40:
			clear(row)
		case i > 0 && i%3 == 0:
			scale, noise := float32(r.Float64()*3+0.1), float32(r.Float64()*0.4)
			for k, x := range v.Row(r.IntN(i)) {
				row[k] = scale * (x + noise*row[k])
			}
		}
		if err := v.Append(fmt.Sprint("v", i), row); err != nil {
			t.Fatal(err)
		}
	}
	return v
}

// naive compares all pairs in float64 and joins by relabelling.
func naive(v *Vectors, threshold float64) []Group {
	label, best := make([]int, v.Len()), make([]float64, v.Len())
	for i := range label {
		label[i], best[i] = i, -2
	}
	for i := range v.Len() {
		for j := i + 1; j < v.Len(); j++ {
			var ab, aa, bb float64
			for k, x := range v.Row(i) {
				y := v.Row(j)[k]
				ab, aa, bb = ab+float64(x)*float64(y), aa+float64(x)*float64(x), bb+float64(y)*float64(y)
			}
			c := ab / math.Sqrt(aa*bb)
			if !(c >= threshold) {
				continue
			}
			best[i], best[j] = max(best[i], c), max(best[j], c)
			from, to := max(label[i], label[j]), min(label[i], label[j])
			for k, l := range label {
				if l == from {
					label[k] = to
				}
			}
		}
	}
	var groups []Group
	for l := range label {
		var g Group
		for i := range label {
			if label[i] == l && best[i] > -2 {
				g = append(g, Match{i, v.Names[i], best[i]})
			}
		}
		if g != nil {
			groups = append(groups, g)
		}
	}
	return groups
}

func TestGroupsEqualAllPairs(t *testing.T) {
	for _, tt := range []struct {
		n, dim    int
		threshold float64
	}{
		{2, 1, 0.5}, {47, 3, 0.99}, {49, 16, 0.9}, {300, 17, 0.95}, {600, 40, 0.98}, {530, 7, 0.97}, {100, 1280, 0.9}, {60, 5, 1},
	} {
		v := clusters(t, tt.n, tt.dim, uint64(tt.n))
		want := naive(v, tt.threshold)
		if tt.threshold < 1 && len(want) < 2 && tt.n > 2 {
			t.Fatalf("%v: only %d groups", tt, len(want))
		}
		for _, set := range kernels.Sets() {
			for _, threads := range []int{1, 3} {
				got, err := v.Groups(t.Context(), Options{Threshold: tt.threshold, Threads: threads, Tier: string(set.Tier)})
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(want, got, cmpopts.EquateApprox(0, 1e-5)); diff != "" {
					t.Errorf("%v, %s, %d threads: %s", tt, set.Tier, threads, diff)
				}
			}
		}
	}
}

// Lengths that float32 products cannot hold change nothing.
func TestGroupsOfExtremeLengths(t *testing.T) {
	v := &Vectors{}
	for i, length := range []float32{1, 1e-30, 3e38, 1e20, 1e-12} {
		for _, row := range [][]float32{{length, 0, 0}, {0, length, length / 100}} {
			if err := v.Append(fmt.Sprint(i), row); err != nil {
				t.Fatal(err)
			}
		}
	}
	got, err := v.Groups(t.Context(), Options{Threshold: 0.9})
	if err != nil || len(got) != 2 || len(got[0]) != 5 || len(got[1]) != 5 {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestGroupsOfTheSame(t *testing.T) {
	v := &Vectors{}
	for i := range 1200 {
		if err := v.Append(fmt.Sprint(i), []float32{1, 2, float32(i % 2)}); err != nil {
			t.Fatal(err)
		}
	}
	got, err := v.Groups(t.Context(), Options{Threshold: 0.9999})
	if err != nil || len(got) != 2 || len(got[0]) != 600 || got[1][599].Index != 1199 || !(got[0][3].Cosine > 0.999999 && got[0][3].Cosine <= 1) {
		t.Errorf("%d groups, %v", len(got), err)
	}
}

func TestGroupsStop(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := clusters(t, 100, 4, 1).Groups(ctx, Options{Threshold: 0.9}); err == nil {
		t.Error("a cancelled context is no error")
	}
	if _, err := clusters(t, 5, 4, 1).Groups(t.Context(), Options{Tier: "abacus"}); err == nil {
		t.Error("an unknown tier is no error")
	}
	for n := range 2 {
		if got, err := clusters(t, n, 4, 1).Groups(t.Context(), Options{}); err != nil || got != nil {
			t.Errorf("of %d: %v %v", n, got, err)
		}
	}
}

func TestNearest(t *testing.T) {
	v := clusters(t, 3000, 19, 5)
	query := v.Row(7)
	var want []Match
	for i := range v.Len() {
		want = append(want, Match{i, v.Names[i], Cosine(query, v.Row(i))})
	}
	slices.SortStableFunc(want, func(a, b Match) int {
		switch {
		case a.Cosine > b.Cosine:
			return -1
		case a.Cosine < b.Cosine:
			return 1
		}
		return 0
	})
	for _, n := range []int{0, 1, 10, 5000} {
		got, err := v.Nearest(query, n)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want[:min(n, len(want))], got, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%d: %s", n, diff)
		}
		top := NewTop(query, n)
		for i := range v.Len() {
			if err := top.Add(v.Names[i], v.Row(i)); err != nil {
				t.Fatal(err)
			}
		}
		if diff := cmp.Diff(got, top.Matches(), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("Top of %d: %s", n, diff)
		}
	}
	if want[0].Index != 7 || !(want[0].Cosine > 0.999999) {
		t.Errorf("nearest to itself is %v", want[0])
	}
	if _, err := v.Nearest(query[1:], 1); err == nil {
		t.Error("a shorter vector is taken")
	}
	if err := NewTop(query, 1).Add("x", query[1:]); err == nil {
		t.Error("Top takes a shorter vector")
	}
}

func TestCosine(t *testing.T) {
	for _, tt := range []struct {
		a, b []float32
		want float64
	}{
		{[]float32{1, 0}, []float32{0, 2}, 0}, {[]float32{1, 1}, []float32{3, 3}, 1}, {[]float32{1, 1}, []float32{-3, -3}, -1},
		{[]float32{1, 0}, []float32{1, 1}, math.Sqrt(0.5)}, {[]float32{0, 0}, []float32{1, 1}, 0},
		{[]float32{1, 2, 3, 4, 5}, []float32{5, 4, 3, 2, 1}, 35.0 / 55},
	} {
		if got := Cosine(tt.a, tt.b); !(math.Abs(got-tt.want) < 1e-12) {
			t.Errorf("%v %v: %v, want %v", tt.a, tt.b, got, tt.want)
		}
	}
}

func TestAppendRefuses(t *testing.T) {
	v := &Vectors{}
	for _, bad := range [][]float32{{}, nil, {float32(math.NaN())}, {float32(math.Inf(1)), 2}} {
		if err := v.Append("x", bad); err == nil {
			t.Errorf("%v is taken", bad)
		}
	}
	v = &Vectors{}
	if err := v.Append("a", []float32{1, 2}); err != nil {
		t.Fatal(err)
	}
	if err := v.Append("b", []float32{1}); err == nil || v.Len() != 1 || len(v.Data) != 2 {
		t.Error("another length is taken")
	}
}

func BenchmarkGroups(b *testing.B) {
	const n, dim = 4096, 1280
	r := rand.New(rand.NewPCG(1, 1))
	v := &Vectors{Dim: dim, Names: make([]string, n), Data: make([]float32, n*dim)}
	for i := range v.Data {
		v.Data[i] = r.Float32()
	}
	for b.Loop() {
		if _, err := v.Groups(b.Context(), Options{Threshold: 0.98, Threads: 1}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(n)*n/2*dim*float64(b.N)/b.Elapsed().Seconds()/1e9, "GMAC/s")
}
