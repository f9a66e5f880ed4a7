package train

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/effnet/effnet/internal/testkit"
	"github.com/effnet/effnet/pkg/kernels"
	"github.com/effnet/effnet/pkg/model"
	"github.com/effnet/effnet/pkg/profile"
	"github.com/effnet/effnet/pkg/tensor"
)

// The frozen plan and the tail together compute what the plan of Params does,
// wherever the network is cut.
func TestTailContinuesTheFrozenPlan(t *testing.T) {
	for _, v := range tinyVariants() {
		for _, set := range kernels.Sets() {
			for blocks := range len(v.Blocks()) + 1 {
				t.Run(fmt.Sprintf("%s/%s/%d", v.Name, set.Tier, blocks), func(t *testing.T) {
					prof := tinyProfile(35, profile.Symmetric)
					tail := newTail(t, v, prof, blocks, set, TailOptions{Threads: 2, Dropout: 0.5, StochasticDepth: 0.5})
					pictures := tensor.New(tensor.Shape{N: 3, H: 35, W: 35, C: 3})
					copy(pictures.Data, model.Stream("pictures", 1, len(pictures.Data)))
					whole, err := model.Compile(v, prof, tail.Params(), set)
					if err != nil {
						t.Fatal(err)
					}
					want := run(t, whole, pictures)
					logits, err := tail.Logits(context.Background(), frozen(t, tail, v, prof, set, pictures))
					if err != nil {
						t.Fatal(err)
					}
					if e := testkit.LogitsError(slices.Concat(logits...), want); !(e <= 1e-5) {
						t.Errorf("off by %.2g", e)
					}
				})
			}
		}
	}
}

func run(t *testing.T, p *model.Plan, in *tensor.Tensor) []float32 {
	t.Helper()
	ws := p.NewWorkspace(1)
	defer ws.Close()
	out, err := p.Run(ws, in)
	if err != nil {
		t.Fatal(err)
	}
	return slices.Clone(out)
}

// frozen is the tail's input of some pictures.
func frozen(t *testing.T, tail *Tail, v model.Variant, prof profile.Profile, set *kernels.Set, pictures *tensor.Tensor) *tensor.Tensor {
	t.Helper()
	if tail.Start() == "" {
		return pictures
	}
	p, err := model.CompileUntil(v, prof, tail.Params(), set, tail.Start())
	if err != nil {
		t.Fatal(err)
	}
	return &tensor.Tensor{Shape: p.OutputShape(pictures.Shape.N), Data: run(t, p, pictures)}
}

// A few steps give the same bits for any number of threads, dropout and
// stochastic depth among them.
func TestBitsDoNotDependOnThreads(t *testing.T) {
	for _, v := range tinyVariants() {
		for _, set := range kernels.Sets() {
			var want model.Params
			for _, threads := range []int{1, 2, 3, 8} {
				if testing.Short() && threads != 1 && threads != 3 {
					continue
				}
				got := trained(t, v, set, TailOptions{Threads: threads, Dropout: 0.2, StochasticDepth: 0.3, Seed: 3})
				if want == nil {
					want = got
				}
				for name, p := range want {
					if same, at := testkit.SameBits(got[name].Data, p.Data); !same {
						t.Fatalf("%s on %s: %d threads differ in %s at %d", v.Name, set.Tier, threads, name, at)
					}
				}
			}
		}
	}
}

// trained is a tail's parameters after batches of several sizes, the second on
// the best tier so large as to be cut into slots of sums.
func trained(t *testing.T, v model.Variant, set *kernels.Set, o TailOptions) model.Params {
	resolution := 33
	if best := kernels.Sets()[len(kernels.Sets())-1]; set.Tier == best.Tier {
		resolution = 65
	}
	tail := newTail(t, v, tinyProfile(resolution, profile.Same), len(v.Blocks()), set, o)
	optimiser, average := NewAdamW(tail, AdamWOptions{Decay: 0.01, Clip: 1}), NewAverage(tail, 0.9)
	for i, n := range []int{2, 8, 3} {
		tail.ZeroGradients()
		mustStep(t, tail, randomBatch(tail, n, uint64(i)))
		if _, err := optimiser.Step(1e-3); err != nil {
			t.Fatal(err)
		}
		average.Update()
	}
	average.Swap()
	return tail.Params()
}

// A batch in two steps has the gradients of the whole.
func TestGradientsAddUp(t *testing.T) {
	v, prof, set := tinyVariants()[0], tinyProfile(33, profile.Same), kernels.Sets()[0]
	whole, halves := newTail(t, v, prof, 2, set, TailOptions{}), newTail(t, v, prof, 2, set, TailOptions{})
	b := randomBatch(whole, 5, 1)
	want := mustStep(t, whole, b)
	total := 0.0
	for _, w := range b.Weights {
		total += float64(w)
	}
	size := len(b.X.Data) / 5
	var got Outcome
	for _, cut := range [][2]int{{0, 2}, {2, 5}} {
		part := Batch{Labels: b.Labels[cut[0]:cut[1]], Weights: b.Weights[cut[0]:cut[1]], Total: total}
		part.X = &tensor.Tensor{Shape: halves.InputShape(cut[1] - cut[0]), Data: b.X.Data[cut[0]*size : cut[1]*size]}
		o := mustStep(t, halves, part)
		got.Loss += o.Loss
		got.Hits += o.Hits
	}
	if got.Hits != want.Hits || !testkit.Within(float32(got.Loss), want.Loss, 1e-6*want.Loss) {
		t.Errorf("%+v, want %+v", got, want)
	}
	for i, p := range whole.parameters {
		if e := testkit.LogitsError(halves.parameters[i].Grad, p.Grad); !(e <= 1e-5) {
			t.Errorf("gradient of %s is off by %.2g", p.Name, e)
		}
	}
	halves.ZeroGradients()
	for p := range halves.Parameters() {
		if largestOf(p.Grad) != 0 {
			t.Errorf("%s keeps a gradient", p.Name)
		}
	}
}

// With stochastic depth whole branches are left out, and their weights have no
// gradient.
func TestStochasticDepthLeavesBlocksOut(t *testing.T) {
	v := tinyVariants()[2] // a residual in its last block
	dropped, kept := 0, 0
	for serial := range uint64(30) {
		tail := newTail(t, v, tinyProfile(33, profile.Same), 1, kernels.Sets()[0], TailOptions{StochasticDepth: 0.5})
		mustStep(t, tail, randomBatch(tail, 1, serial))
		for p := range tail.Parameters() {
			if strings.HasSuffix(p.Name, ".project.conv.weight") && largestOf(p.Grad) == 0 {
				dropped++
			} else if strings.HasSuffix(p.Name, ".project.conv.weight") {
				kept++
			}
		}
	}
	if dropped < 5 || kept < 5 {
		t.Errorf("the last block was left out %d times and kept %d times", dropped, kept)
	}
}

// A few pictures are learnt by heart: the loss goes to nothing.
func TestOverfits(t *testing.T) {
	for _, v := range tinyVariants() {
		set := kernels.Sets()[len(kernels.Sets())-1]
		tail := newTail(t, v, tinyProfile(33, profile.Same), len(v.Blocks()), set, TailOptions{Threads: 2})
		b := randomBatch(tail, 8, 1)
		optimiser := NewAdamW(tail, AdamWOptions{})
		var o Outcome
		for i := range 100 {
			tail.ZeroGradients()
			o = mustStep(t, tail, b)
			if _, err := optimiser.Step(Schedule{Peak: 1e-2, Warmup: 5, Steps: 100}.Rate(i)); err != nil {
				t.Fatal(err)
			}
		}
		if !(o.Loss < 0.02) || o.Hits != 8 {
			t.Errorf("%s: loss %v with %d of 8 pictures right", v.Name, o.Loss, o.Hits)
		}
	}
}

func TestSigmoidForTwoClasses(t *testing.T) {
	v, set := tinyVariants()[1], kernels.Sets()[0]
	tail, err := NewTail(v, tinyProfile(33, profile.Same), model.Random(v.ParamSpecs(testClasses), 3), 1, 1, set, TailOptions{})
	if err != nil {
		t.Fatal(err)
	}
	b := randomBatch(tail, 6, 1)
	optimiser := NewAdamW(tail, AdamWOptions{})
	var o Outcome
	for range 60 {
		tail.ZeroGradients()
		o = mustStep(t, tail, b)
		if _, err := optimiser.Step(1e-2); err != nil {
			t.Fatal(err)
		}
	}
	if !(o.Loss < 0.05) || o.Hits != 6 || tail.Classes() != 1 {
		t.Errorf("%+v of 6 pictures", o)
	}
}

func TestNewTailRefuses(t *testing.T) {
	v, set := tinyVariants()[0], kernels.Sets()[0]
	for _, c := range []struct {
		want    string
		blocks  int
		classes int
		options TailOptions
		spoil   func(model.Params)
	}{
		{want: "has 5 blocks, not 6", blocks: 6, classes: 5},
		{want: "0 classes", blocks: 1},
		{want: "dropout of 1 is not in [0, 1)", blocks: 1, classes: 5, options: TailOptions{Dropout: 1}},
		{want: `"head.norm.mean" is missing`, blocks: 1, classes: 5, spoil: func(p model.Params) { delete(p, "head.norm.mean") }},
		{want: `"head.conv.weight" has shape [1]`, blocks: 1, classes: 5, spoil: func(p model.Params) { p["head.conv.weight"] = model.Param{Shape: []int{1}, Data: []float32{1}} }},
		{want: "no file", blocks: 1, classes: 5, spoil: func(p model.Params) {
			p["head.norm.mean"] = model.Param{Shape: []int{40}, Load: func() ([]float32, error) { return nil, errors.New("no file") }}
		}},
	} {
		params := model.Random(v.ParamSpecs(testClasses), 3)
		if c.spoil != nil {
			c.spoil(params)
		}
		_, err := NewTail(v, tinyProfile(33, profile.Same), params, c.blocks, c.classes, set, c.options)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, want %s", err, c.want)
		}
	}
}

func TestStepRefuses(t *testing.T) {
	v := tinyVariants()[0]
	tail := newTail(t, v, tinyProfile(33, profile.Same), 1, kernels.Sets()[0], TailOptions{})
	good := randomBatch(tail, 2, 1)
	stopped, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := tail.Step(stopped, good); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled step gives %v", err)
	}
	for want, spoil := range map[string]func(*Batch){
		"input of shape":            func(b *Batch) { b.X = tensor.New(tensor.Shape{N: 2, H: 1, W: 1, C: 3}) },
		"2 pictures with 1 labels":  func(b *Batch) { b.Labels = b.Labels[:1] },
		"label 5 of 5 classes":      func(b *Batch) { b.Labels = []int{0, 5} },
		"2 labels and 1 weights":    func(b *Batch) { b.Weights = b.Weights[:1] },
		"label -1 of 5 classes":     func(b *Batch) { b.Labels = []int{0, -1} },
		"input of shape 0×":         func(b *Batch) { b.X = tensor.New(tail.InputShape(0)) },
		"weights sum up to nothing": func(b *Batch) { b.Weights = []float32{0, 0} },
	} {
		b := good
		spoil(&b)
		if _, err := tail.Step(context.Background(), b); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

// Parameters before the tail may be loaded later, and go to Params as they are.
func TestParamsKeepsTheRest(t *testing.T) {
	v := tinyVariants()[0]
	params := model.Random(v.ParamSpecs(testClasses), 3)
	tail, err := NewTail(v, tinyProfile(33, profile.Same), params, 1, 3, kernels.Sets()[0], TailOptions{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	all := tail.Params()
	if len(all) != len(params) || &all["stem.conv.weight"].Data[0] != &params["stem.conv.weight"].Data[0] {
		t.Error("frozen parameters are not those given")
	}
	if d := all["classifier.weight"]; !slices.Equal(d.Shape, []int{3, 40}) || largestOf(d.Data) == 0 {
		t.Errorf("the new classifier is %v, at most %v", d.Shape, largestOf(d.Data))
	}
	if tail.Start() != "stages.1.1" {
		t.Errorf("begins after %q", tail.Start())
	}
	for p := range tail.Parameters() {
		if strings.Contains(p.Name, ".norm.") {
			t.Errorf("%s is trained", p.Name)
		}
		if p.Decay == strings.HasSuffix(p.Name, ".bias") {
			t.Errorf("decay of %s is %v", p.Name, p.Decay)
		}
	}
}
