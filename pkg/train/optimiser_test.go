package train

import (
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/effnet/effnet/internal/testkit"
	"github.com/effnet/effnet/pkg/kernels"
	"github.com/effnet/effnet/pkg/model"
	"github.com/effnet/effnet/pkg/profile"
)

func smallTail(t *testing.T) *Tail {
	return newTail(t, tinyVariants()[1], tinyProfile(33, profile.Same), 0, kernels.Sets()[0], TailOptions{})
}

// AdamW is that of the paper, in float64, over several steps with decay and
// clipping.
func TestAdamWEqualsFloat64(t *testing.T) {
	tail := smallTail(t)
	const rate, decay, clip = 0.01, 0.1, 0.5
	a := NewAdamW(tail, AdamWOptions{Decay: decay, Clip: clip})
	type cell struct{ value, first, second float64 }
	cells := map[string][]cell{}
	for p := range tail.Parameters() {
		for _, v := range p.Value {
			cells[p.Name] = append(cells[p.Name], cell{value: float64(v)})
		}
	}
	random := testkit.NewRandom(1)
	for step := 1; step <= 4; step++ {
		square := 0.0
		for p := range tail.Parameters() {
			for i := range p.Grad {
				p.Grad[i] = random.Signed() / float32(step*step*step)
				square += float64(p.Grad[i]) * float64(p.Grad[i])
			}
		}
		length, err := a.Step(rate)
		if err != nil || !(math.Abs(length-math.Sqrt(square)) <= 1e-9*length) {
			t.Fatalf("length %v, %v, want %v", length, err, math.Sqrt(square))
		}
		for p := range tail.Parameters() {
			keep := 1 - rate*decay
			if strings.HasSuffix(p.Name, ".bias") {
				keep = 1
			}
			for i, g := range p.Grad {
				c := &cells[p.Name][i]
				g := float64(g) * min(1, clip/length)
				c.first = 0.9*c.first + 0.1*g
				c.second = 0.999*c.second + 0.001*g*g
				m, v := c.first/(1-math.Pow(0.9, float64(step))), c.second/(1-math.Pow(0.999, float64(step)))
				c.value = c.value*keep - rate*m/(math.Sqrt(v)+1e-8)
				if !testkit.Within(p.Value[i], c.value, 1e-6) {
					t.Fatalf("step %d: %s[%d] is %v, want %v", step, p.Name, i, p.Value[i], c.value)
				}
			}
		}
	}
}

func TestAdamWRefusesGradientsThatAreNoNumbers(t *testing.T) {
	tail := smallTail(t)
	a := NewAdamW(tail, AdamWOptions{})
	before := tail.State()
	for _, bad := range []float64{math.NaN(), math.Inf(1)} {
		tail.parameters[0].Grad[3] = float32(bad)
		if _, err := a.Step(1); err == nil {
			t.Errorf("a gradient of %v was taken", bad)
		}
	}
	if d := cmp.Diff(before, tail.State(), cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == ".Load" }, cmp.Ignore())); d != "" {
		t.Errorf("parameters have changed:\n%s", d)
	}
}

func TestSchedule(t *testing.T) {
	s := Schedule{Peak: 1, Floor: 0.2, Warmup: 4, Steps: 13}
	for i, want := range map[int]float64{0: 0.25, 1: 0.5, 3: 1, 4: 1, 8: 0.6, 12: 0.2, 13: 0.2, 100: 0.2} {
		if got := s.Rate(i); math.Abs(got-want) > 1e-12 {
			t.Errorf("rate of step %d is %v, want %v", i, got, want)
		}
	}
	if got := (Schedule{Peak: 1, Steps: 3}).Rate(0); got != 1 {
		t.Errorf("without warm-up it begins at %v", got)
	}
	if got := (Schedule{Peak: 1, Steps: 1}).Rate(0); got != 1 {
		t.Errorf("the only step has %v", got)
	}
}

func TestAverage(t *testing.T) {
	tail := smallTail(t)
	value := &tail.parameters[0].Value[2]
	*value = 1
	a := NewAverage(tail, 0.3)
	want := 1.0
	for i, v := range []float32{2, 4, -3} {
		*value = v
		a.Update()
		keep := min(0.3, float64(2+i)/float64(11+i))
		want = keep*want + (1-keep)*float64(v)
	}
	a.Swap()
	if !testkit.Within(*value, want, 1e-6) {
		t.Errorf("the mean is %v, want %v", *value, want)
	}
	if a.Swap(); *value != -3 {
		t.Errorf("after both swaps the value is %v", *value)
	}
}

// trainer is a run that can stop and go on.
type trainer struct {
	tail    *Tail
	adamw   *AdamW
	average *Average
}

func newTrainer(t *testing.T, threads int) *trainer {
	v := tinyVariants()[0]
	tail := newTail(t, v, tinyProfile(33, profile.Same), 2, kernels.Sets()[len(kernels.Sets())-1], TailOptions{Threads: threads, Dropout: 0.3, Seed: 4})
	return &trainer{tail, NewAdamW(tail, AdamWOptions{Decay: 0.01}), NewAverage(tail, 0.9)}
}

func (r *trainer) steps(t *testing.T, from, to int) {
	t.Helper()
	for i := from; i < to; i++ {
		r.tail.ZeroGradients()
		mustStep(t, r.tail, randomBatch(r.tail, 3, uint64(i)))
		if _, err := r.adamw.Step(1e-3); err != nil {
			t.Fatal(err)
		}
		r.average.Update()
	}
}

func (r *trainer) state() model.Params {
	all := r.tail.State()
	for _, s := range []model.Params{r.adamw.State(), r.average.State()} {
		for name, p := range s {
			all[name] = p
		}
	}
	return all
}

func TestStateGoesOnToTheBit(t *testing.T) {
	whole, first, second := newTrainer(t, 1), newTrainer(t, 2), newTrainer(t, 3)
	whole.steps(t, 0, 6)
	first.steps(t, 0, 3)
	state := first.state()
	first.steps(t, 3, 4) // the state is a copy
	second.steps(t, 0, 1)
	for _, set := range []func(model.Params) error{second.tail.SetState, second.adamw.SetState, second.average.SetState} {
		if err := set(state); err != nil {
			t.Fatal(err)
		}
	}
	second.steps(t, 3, 6)
	got, want := second.state(), whole.state()
	if len(got) != len(want) {
		t.Fatalf("%d tensors, want %d", len(got), len(want))
	}
	for name, p := range want {
		if same, at := testkit.SameBits(got[name].Data, p.Data); !same {
			t.Errorf("%s differs at %d", name, at)
		}
	}
}

func TestSetStateRefuses(t *testing.T) {
	r := newTrainer(t, 1)
	for want, spoil := range map[string]func(model.Params){
		`"adamw.steps" is no count`:                          func(s model.Params) { s["adamw.steps"] = model.Param{Data: []float32{1.5}} },
		`"average.updates" is no count`:                      func(s model.Params) { delete(s, "average.updates") },
		`"classifier.bias" is missing`:                       func(s model.Params) { delete(s, "classifier.bias") },
		`"adamw.second.classifier.bias" has shape [2]`:       func(s model.Params) { s["adamw.second.classifier.bias"] = model.Param{Shape: []int{2}} },
		`"average.mean.classifier.bias" is missing`:          func(s model.Params) { delete(s, "average.mean.classifier.bias") },
		`"adamw.first.head.conv.weight" is missing`:          func(s model.Params) { delete(s, "adamw.first.head.conv.weight") },
		`"classifier.weight" has shape [5], expected [5 40]`: func(s model.Params) { s["classifier.weight"] = model.Param{Shape: []int{5}} },
	} {
		state := r.state()
		spoil(state)
		err := r.tail.SetState(state)
		for _, set := range []func(model.Params) error{r.adamw.SetState, r.average.SetState} {
			if err == nil {
				err = set(state)
			}
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}
