package train

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gonum.org/v1/gonum/floats"

	"github.com/effnet/effnet/pkg/classify"
)

// clouds are rows about a point for each class, farther apart than they are wide
// by the given factor; counts are of each class.
func clouds(seed uint64, width int, apart float64, counts ...int) Samples {
	var s Samples
	r := rand.New(rand.NewPCG(seed, 99))
	for label, n := range counts {
		middle := rand.New(rand.NewPCG(uint64(label), 1))
		centre := make([]float64, width)
		for i := range centre {
			centre[i] = 5 + apart*middle.NormFloat64()
		}
		for range n {
			for _, c := range centre {
				s.X = append(s.X, float32(c+r.NormFloat64()))
			}
			s.Labels = append(s.Labels, label)
		}
	}
	return s
}

func fit(t *testing.T, f *Features, classes int, o HeadOptions) *Head {
	t.Helper()
	h, err := FitHead(context.Background(), f, classes, o)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range append(append([]float32(nil), h.Weight...), h.Bias...) {
		if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
			t.Fatalf("a weight of %v", v)
		}
	}
	return h
}

func TestLogisticGradient(t *testing.T) {
	for name, tt := range map[string]struct {
		classes, outputs int
		weights          []float64
	}{
		"softmax": {3, 3, []float64{1, 1, 1}}, "balanced": {3, 3, []float64{0.5, 1, 2}}, "sigmoid": {2, 1, []float64{1, 3}},
	} {
		data := clouds(3, 7, 0.3, []int{9, 4, 6}[:tt.classes]...)
		l := newLogistic(data, 7, tt.classes, tt.outputs, tt.weights, newScaling(data, 7), 2)
		l.penalty = 0.3
		point := make([]float64, l.dim())
		r := rand.New(rand.NewPCG(1, 1))
		for i := range point {
			point[i] = r.NormFloat64()
		}
		l.at(point)
		grad := append([]float64(nil), l.grad...)
		for i := range point {
			const h = 1e-5
			moved := append([]float64(nil), point...)
			moved[i] += h
			l.at(moved)
			up := l.value
			moved[i] -= 2 * h
			l.at(moved)
			if want := (up - l.value) / (2 * h); !(math.Abs(grad[i]-want) < 1e-8) {
				t.Errorf("%s, parameter %d: gradient %v, by differences %v", name, i, grad[i], want)
			}
		}
	}
}

// Pieces of rows add up to what all rows give at once.
func TestLogisticPieces(t *testing.T) {
	data := clouds(4, 10, 0.3, 30, 21, 13)
	whole := newLogistic(data, 10, 3, 3, []float64{1, 1, 1}, newScaling(data, 10), 1)
	cut := newLogistic(data, 10, 3, 3, []float64{1, 1, 1}, newScaling(data, 10), 3)
	cut.rows = 17
	for _, slope := range []float64{0.1, -0.3} {
		point := make([]float64, whole.dim())
		floats.AddConst(slope, point)
		floats.AddConst(1, point[:10])
		whole.at(point)
		cut.at(point)
		if math.Abs(whole.value-cut.value) > 1e-12 || !floats.EqualApprox(whole.grad, cut.grad, 1e-12) {
			t.Errorf("in pieces %v, at once %v", cut.value, whole.value)
		}
	}
}

// The fit is where the objective's gradient vanishes, and folding the scaling
// into the weights changes no logit.
func TestFitHeadFindsTheMinimum(t *testing.T) {
	data := clouds(5, 20, 0.4, 60, 30, 45)
	f := &Features{Width: 20, Training: data, Validation: clouds(6, 20, 0.4, 20, 20, 20)}
	h := fit(t, f, 3, HeadOptions{Penalties: []float64{0.05}})
	s := newScaling(data, 20)
	l := newLogistic(data, 20, 3, 3, []float64{1, 1, 1}, s, 1)
	l.penalty = 0.05
	point := make([]float64, l.dim())
	for c := range 3 {
		point[3*20+c] = float64(h.Bias[c])
		for i := range 20 {
			w := float64(h.Weight[c*20+i])
			point[c*20+i] = w / s.factor
			point[3*20+c] += w * s.mean[i]
		}
	}
	l.at(point)
	if norm := floats.Norm(l.grad, 2); !(norm < 1e-3) {
		t.Errorf("the gradient at the fit is %v long", norm)
	}
	if h.Training.Accuracy < 0.9 || h.Validation.Accuracy < 0.7 {
		t.Errorf("accuracies of %v and %v", h.Training.Accuracy, h.Validation.Accuracy)
	}
}

func TestFitHeadIsDeterministic(t *testing.T) {
	f := &Features{Width: 300, Training: clouds(7, 300, 0.1, 40, 50, 30, 25), Validation: clouds(8, 300, 0.1, 20, 20, 20, 20)}
	one := fit(t, f, 4, HeadOptions{Threads: 1})
	for _, threads := range []int{2, 3, 8} {
		if diff := cmp.Diff(one, fit(t, f, 4, HeadOptions{Threads: threads})); diff != "" {
			t.Errorf("by %d threads: %s", threads, diff)
		}
	}
	if n := len(one.Trials); n < 3 || n == len(DefaultPenalties()) {
		t.Errorf("%d penalties were tried", n)
	}
	for _, trial := range one.Trials {
		if trial.Validation.Loss < one.Validation.Loss {
			t.Errorf("penalty %v has the loss %v, chosen was %v with %v", trial.Penalty, trial.Validation.Loss, one.Penalty, one.Validation.Loss)
		}
	}
}

func TestFitHeadWithoutInformation(t *testing.T) {
	rows := func(n int) Samples {
		s := Samples{}
		for i := range n {
			for j := range 12 {
				s.X = append(s.X, 0.1*float32(j))
			}
			s.Labels = append(s.Labels, i%3/2) // two of the first class, one of the second
		}
		return s
	}
	for _, o := range []HeadOptions{{}, {Balance: true}, {Sigmoid: true}, {Sigmoid: true, Balance: true}} {
		h := fit(t, &Features{Width: 12, Training: rows(30), Validation: rows(15)}, 2, o)
		want := math.Log(3) - 2./3*math.Log(2) // entropy of thirds
		if o.Balance {
			want = math.Log(2)
		}
		if math.Abs(h.Validation.Loss-want) > 1e-3 {
			t.Errorf("%+v: loss %v, want %v", o, h.Validation.Loss, want)
		}
	}
	one := Samples{X: make([]float32, 12), Labels: []int{0}}
	fit(t, &Features{Width: 12, Training: one}, 2, HeadOptions{})
}

// With balance the few count as much as the many.
func TestBalance(t *testing.T) {
	f := &Features{Width: 2, Training: clouds(9, 2, 0.5, 400, 20), Validation: clouds(10, 2, 0.5, 200, 200)}
	recall := func(h *Head) float64 {
		hits := 0
		z := make([]float64, h.Outputs)
		for i := 200; i < 400; i++ {
			h.logits(f.Validation.X[2*i:], z)
			hits += predicted(z)
		}
		return float64(hits) / 200
	}
	plain := recall(fit(t, f, 2, HeadOptions{Penalties: []float64{0.01}}))
	balanced := recall(fit(t, f, 2, HeadOptions{Penalties: []float64{0.01}, Balance: true}))
	if balanced < plain+0.1 {
		t.Errorf("of the rare class %v are found, with balance %v", plain, balanced)
	}
}

// A sigmoid says what a softmax over two says.
func TestSigmoid(t *testing.T) {
	f := &Features{Width: 5, Training: clouds(11, 5, 0.4, 50, 70), Validation: clouds(12, 5, 0.4, 40, 40)}
	// Of two outputs each has half of the difference, so half of its square.
	two := fit(t, f, 2, HeadOptions{Penalties: []float64{0.02}})
	one := fit(t, f, 2, HeadOptions{Penalties: []float64{0.01}, Sigmoid: true})
	if one.Outputs != 1 || len(one.Weight) != 5 || len(one.Bias) != 1 {
		t.Fatalf("%d outputs, %d weights, %d biases", one.Outputs, len(one.Weight), len(one.Bias))
	}
	for i, w := range one.Weight {
		if want := two.Weight[5+i] - two.Weight[i]; math.Abs(float64(w-want)) > 2e-3 {
			t.Errorf("weight %d: %v, by a softmax %v", i, w, want)
		}
	}
	if math.Abs(one.Validation.Loss-two.Validation.Loss) > 1e-3 || one.Validation.Accuracy != two.Validation.Accuracy {
		t.Errorf("got %+v, by a softmax %+v", one.Validation, two.Validation)
	}
}

func TestFitHeadRefuses(t *testing.T) {
	f := &Features{Width: 2, Training: clouds(1, 2, 1, 3, 3, 3)}
	for name, tt := range map[string]struct {
		classes int
		o       HeadOptions
	}{
		"one class": {1, HeadOptions{}}, "sigmoid for three": {3, HeadOptions{Sigmoid: true}},
		"no penalty": {3, HeadOptions{Penalties: []float64{0}}}, "NaN": {3, HeadOptions{Penalties: []float64{math.NaN()}}},
	} {
		var wrong *classify.UsageError
		if _, err := FitHead(context.Background(), f, tt.classes, tt.o); !errors.As(err, &wrong) {
			t.Errorf("%s: got %v, want a UsageError", name, err)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := FitHead(ctx, f, 3, HeadOptions{}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
