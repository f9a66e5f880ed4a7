package testkit

import (
	"math"
	"testing"
)

func TestWithin(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	tests := []struct {
		got         float32
		want, bound float64
		ok          bool
	}{
		{1, 1, 0, true},
		{1, 1.5, 0.5, true},
		{1, 1.5, 0.49, false},
		{-1, 1, 1, false},
		{float32(nan), 1, 1, false},
		{1, nan, 1, false},
		{float32(nan), nan, 1, false},
		{1, 1, nan, false},
		{1, 1, inf, false},
		{float32(inf), inf, 1, false},
	}
	for _, tt := range tests {
		if ok := Within(tt.got, tt.want, tt.bound); ok != tt.ok {
			t.Errorf("Within(%v, %v, %v) = %v", tt.got, tt.want, tt.bound, ok)
		}
	}
}

func TestSumBoundHoldsForASum(t *testing.T) {
	r := NewRandom(1)
	for range 100 {
		k := 1 + r.IntN(50)
		var got float32
		var want, abs float64
		for range k {
			a, b := r.Signed(), r.Signed()
			got += a * b
			want += float64(a) * float64(b)
			abs += math.Abs(float64(a) * float64(b))
		}
		bound := SumBound(1, k, abs)
		if !Within(got, want, bound) {
			t.Errorf("k %d: %v is not within %v of %v", k, got, bound, want)
		}
		if Within(got+float32(3*bound), want, bound) {
			t.Errorf("k %d: an error of three bounds passes", k)
		}
	}
}

func TestSameKind(t *testing.T) {
	kinds := []float64{0, math.Inf(1), math.Inf(-1), math.NaN()}
	for i, a := range kinds {
		for j, b := range kinds {
			if got := SameKind(float32(a), b); got != (i == j) {
				t.Errorf("SameKind(%v, %v) = %v", a, b, got)
			}
		}
	}
}

func TestSameBits(t *testing.T) {
	nan := float32(math.NaN())
	tests := []struct {
		a, b []float32
		same bool
		at   int
	}{
		{nil, nil, true, 0},
		{[]float32{1, 2}, []float32{1, 2}, true, 2},
		{[]float32{1, 2}, []float32{1, 3}, false, 1},
		{[]float32{0}, []float32{math.Float32frombits(1 << 31)}, false, 0},
		{[]float32{nan}, []float32{math.Float32frombits(0xffc00001)}, true, 1},
		{[]float32{nan}, []float32{1}, false, 0},
		{[]float32{1}, []float32{1, 2}, false, 1},
	}
	for _, tt := range tests {
		if same, at := SameBits(tt.a, tt.b); same != tt.same || at != tt.at {
			t.Errorf("SameBits(%v, %v) = %v, %d", tt.a, tt.b, same, at)
		}
	}
}

func TestLogitsError(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	tests := []struct {
		got, want []float32
		e         float64
	}{
		{[]float32{1, 3}, []float32{1, 3}, 0},
		{[]float32{1, 3.5}, []float32{1, 3}, 0.5},
		{[]float32{0, 3}, []float32{1, 3}, 1},
		{[]float32{1, nan}, []float32{1, 3}, math.Inf(1)},
		{[]float32{nan, inf}, []float32{1, 3}, math.Inf(1)},
		{[]float32{1, inf}, []float32{1, inf}, math.Inf(1)},
		{[]float32{1, nan}, []float32{1, nan}, math.Inf(1)},
		{[]float32{2, 2}, []float32{2, 2}, math.Inf(1)},
		{[]float32{1}, []float32{1, 3}, math.Inf(1)},
		{nil, nil, math.Inf(1)},
	}
	for _, tt := range tests {
		if e := LogitsError(tt.got, tt.want); e != tt.e {
			t.Errorf("LogitsError(%v, %v) = %v, want %v", tt.got, tt.want, e, tt.e)
		}
	}
}

func TestRandomIsSeededAndSigned(t *testing.T) {
	a, b := NewRandom(7).Signeds(1000), NewRandom(7).Signeds(1000)
	if same, at := SameBits(a, b); !same {
		t.Errorf("equal seeds differ at %d", at)
	}
	if same, _ := SameBits(a, NewRandom(8).Signeds(1000)); same {
		t.Error("other seeds give the same")
	}
	negative := 0
	for _, v := range a {
		if v < -1 || v >= 1 {
			t.Errorf("%v is outside [-1, 1)", v)
		}
		if v < 0 {
			negative++
		}
	}
	if negative < 400 || negative > 600 {
		t.Errorf("%d of 1000 are negative", negative)
	}
}
