package train

import (
	"context"
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/effnet/effnet/internal/testkit"
	"github.com/effnet/effnet/pkg/kernels"
	"github.com/effnet/effnet/pkg/model"
	"github.com/effnet/effnet/pkg/profile"
)

// pytorch is a golden of tools/golden/gradients.py.
type pytorch struct {
	*testkit.Golden
	t *testing.T
}

func (g pytorch) number(key string) float64 {
	g.t.Helper()
	x, err := strconv.ParseFloat(g.Metadata(key), 64)
	if err != nil {
		g.t.Fatal(err)
	}
	return x
}

// tail is the whole network of the golden, and its batch.
func (g pytorch) tail(set *kernels.Set) (*Tail, Batch) {
	g.t.Helper()
	v, err := model.Lookup(g.Metadata("variant"))
	if err != nil {
		g.t.Fatal(err)
	}
	prof := profile.ImageNet(int(g.number("resolution")))
	prof.Padding, prof.BNEps = profile.Padding(g.Metadata("padding")), g.number("bn_eps")
	classes := int(g.number("classes"))
	params := model.Random(v.ParamSpecs(classes), 1)
	tail, err := NewTail(v, prof, params, len(v.Blocks()), classes, set, TailOptions{Threads: 2, LabelSmoothing: g.number("smoothing")})
	if err != nil {
		g.t.Fatal(err)
	}
	var labels []int
	for label := range strings.SplitSeq(g.Metadata("labels"), ",") {
		i, err := strconv.Atoi(label)
		if err != nil {
			g.t.Fatal(err)
		}
		labels = append(labels, i)
	}
	b := randomBatch(tail, len(labels), 1)
	b.Labels, b.Weights = labels, nil
	copy(b.X.Data, model.Stream("gradients", 1, len(b.X.Data)))
	return tail, b
}

// Logits, loss and all gradients equal those of PyTorch's autograd, and after a
// step of AdamW all parameters and the logits.
func TestEqualsPyTorch(t *testing.T) {
	for _, name := range []string{"b0", "lite0", "v2-b0"} {
		for _, set := range kernels.Sets() {
			t.Run(name+"/"+string(set.Tier), func(t *testing.T) {
				g := pytorch{testkit.OpenGolden(t, "gradients/"+name), t}
				tail, batch := g.tail(set)
				got := mustStep(t, tail, batch)
				if want := float64(g.Float32s("loss")[0]); !(math.Abs(got.Loss-want) <= 1e-5*want) {
					t.Errorf("loss %v, want %v", got.Loss, want)
				}
				g.compareGradients(tail)
				optimiser := NewAdamW(tail, AdamWOptions{Decay: g.number("decay")})
				if _, err := optimiser.Step(g.number("rate")); err != nil {
					t.Fatal(err)
				}
				g.compareStep(tail, batch)
			})
		}
	}
}

func (g pytorch) compareGradients(tail *Tail) {
	seen := 0
	for p := range tail.Parameters() {
		seen++
		largest := float64(g.Float32s(p.Name + "/largest")[0])
		if got := largestOf(p.Grad); !(math.Abs(got-largest) <= 1e-4*largest) {
			g.t.Errorf("the largest gradient of %s is %v, want %v", p.Name, got, largest)
		}
		want := g.Float32s(p.Name + "/gradient")
		for i, at := range g.Ints(p.Name + "/indices") {
			if d := math.Abs(float64(p.Grad[at]) - float64(want[i])); !(d <= 1e-4*largest) {
				g.t.Errorf("gradient of %s[%d] is %v, want %v; the largest is %v", p.Name, at, p.Grad[at], want[i], largest)
			}
		}
	}
	for _, name := range g.Names() {
		if strings.HasSuffix(name, "/gradient") {
			seen--
		}
	}
	if seen != 0 {
		g.t.Errorf("%+d parameters than PyTorch", seen)
	}
}

func (g pytorch) compareStep(tail *Tail, batch Batch) {
	rate := g.number("rate")
	for p := range tail.Parameters() {
		want := g.Float32s(p.Name + "/stepped")
		largest := float64(g.Float32s(p.Name + "/largest")[0])
		gradient := g.Float32s(p.Name + "/gradient")
		for i, at := range g.Ints(p.Name + "/indices") {
			// The first step is as long as the rate whatever the gradient's
			// size, so one that is nothing but rounding says nothing.
			if math.Abs(float64(gradient[i])) < 1e-5*largest {
				continue
			}
			if d := math.Abs(float64(p.Value[at]) - float64(want[i])); !(d <= 1e-4*rate+1e-7) {
				g.t.Errorf("%s[%d] became %v, want %v", p.Name, at, p.Value[at], want[i])
			}
		}
	}
	logits, err := tail.Logits(context.Background(), batch.X)
	if err != nil {
		g.t.Fatal(err)
	}
	var all []float32
	for _, l := range logits {
		all = append(all, l...)
	}
	if e := testkit.LogitsError(all, g.Float32s("stepped/logits")); !(e <= 1e-4) {
		g.t.Errorf("logits after the step are off by %.2g of their deviation", e)
	}
}
