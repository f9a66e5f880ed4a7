package train

import (
	"context"
	"fmt"
	"math"
	"testing"

	"github.com/effnet/effnet/pkg/kernels"
	"github.com/effnet/effnet/pkg/model"
	"github.com/effnet/effnet/pkg/profile"
	"github.com/effnet/effnet/pkg/tensor"
)

const testClasses = 5

func tinyProfile(resolution int, padding profile.Padding) profile.Profile {
	prof := profile.ImageNet(resolution)
	prof.Padding, prof.BNEps = padding, 1e-3
	return prof
}

func newTail(tb testing.TB, v model.Variant, prof profile.Profile, blocks int, set *kernels.Set, o TailOptions) *Tail {
	tb.Helper()
	tail, err := NewTail(v, prof, model.Random(v.ParamSpecs(testClasses), 3), blocks, testClasses, set, o)
	if err != nil {
		tb.Fatal(err)
	}
	return tail
}

// randomBatch is n pictures with labels and uneven weights.
func randomBatch(t *Tail, n int, seed uint64) Batch {
	b := Batch{X: tensor.New(t.InputShape(n)), Serial: seed}
	copy(b.X.Data, model.Stream("batch", seed, len(b.X.Data)))
	for i := range n {
		b.Labels = append(b.Labels, (i*3+1)%max(2, t.classes))
		b.Weights = append(b.Weights, 0.5+float32(i))
	}
	return b
}

func mustStep(tb testing.TB, t *Tail, b Batch) Outcome {
	tb.Helper()
	o, err := t.Step(context.Background(), b)
	if err != nil {
		tb.Fatal(err)
	}
	return o
}

// Every parameter's gradient equals the central differences of naive loops in
// float64: every kind of step, both paddings, odd and even sizes, every tier,
// from the whole network down to the classifier.
func TestGradientsEqualCentralDifferences(t *testing.T) {
	for _, v := range tinyVariants() {
		for _, c := range []struct {
			padding            profile.Padding
			resolution, blocks int
		}{
			{profile.Same, 33, len(v.Blocks())},
			{profile.Same, 38, len(v.Blocks())},
			{profile.Symmetric, 33, len(v.Blocks())},
			{profile.Symmetric, 38, 3},
			{profile.Same, 33, 2},
			{profile.Symmetric, 35, 0},
		} {
			if testing.Short() && (c.padding == profile.Symmetric || c.resolution != 33) {
				continue
			}
			t.Run(fmt.Sprintf("%s/%s/%d/%d", v.Name, c.padding, c.resolution, c.blocks), func(t *testing.T) {
				t.Parallel()
				compareGradients(t, v, tinyProfile(c.resolution, c.padding), c.blocks, TailOptions{LabelSmoothing: 0.1})
			})
		}
	}
}

func TestGradientsWithDropout(t *testing.T) {
	compareGradients(t, tinyVariants()[1], tinyProfile(33, profile.Same), 1, TailOptions{Dropout: 0.3, Seed: 7})
}

func compareGradients(t *testing.T, v model.Variant, prof profile.Profile, blocks int, o TailOptions) {
	params := model.Random(v.ParamSpecs(testClasses), 3)
	tail := newTail(t, v, prof, blocks, kernels.Sets()[0], o)
	batch := randomBatch(tail, 2, 5)
	r := newReference(tail, v, prof, params, blocks)
	if o.Dropout > 0 {
		r.dropout = func(i, c int) float64 {
			if draw(o.Seed, batch.Serial, i*tail.variant.HeadChannels()+c) < o.Dropout {
				return 0
			}
			return 1 / (1 - o.Dropout)
		}
	}
	r.keep(batch)
	wanted := differences(r, tail, batch)
	for _, set := range kernels.Sets() {
		tail := newTail(t, v, prof, blocks, set, o)
		got := mustStep(t, tail, batch)
		if want := r.meanFrom(0, batch); !(math.Abs(got.Loss-want) <= 1e-5*want) {
			t.Errorf("%s: loss %v, want %v", set.Tier, got.Loss, want)
		}
		seen := map[string]bool{}
		for p := range tail.Parameters() {
			seen[p.Name] = true
			largest := largestOf(p.Grad)
			for i, want := range wanted[p.Name] {
				if d := math.Abs(float64(p.Grad[i]) - want); !(d <= 2e-4*largest+1e-7) {
					t.Errorf("%s: gradient of %s[%d] is %v, differences give %v; the largest is %v", set.Tier, p.Name, i, p.Grad[i], want, largest)
				}
			}
		}
		if len(seen) != len(wanted) {
			t.Errorf("%s: %d parameters, differences of %d", set.Tier, len(seen), len(wanted))
		}
	}
}

func largestOf(values []float32) (largest float64) {
	for _, v := range values {
		largest = max(largest, math.Abs(float64(v)))
	}
	return largest
}

// differences takes central differences at some places of every parameter.
func differences(r *reference, tail *Tail, b Batch) map[string]map[int]float64 {
	const h = 1e-6
	wanted := map[string]map[int]float64{}
	for p := range tail.Parameters() {
		values := r.params[p.Name]
		wanted[p.Name] = map[int]float64{}
		from := r.stepOf(p.Name)
		for _, i := range []int{0, len(values) / 2, len(values) - 1} {
			was := values[i]
			values[i] = was + h
			up := r.meanFrom(from, b)
			values[i] = was - h
			down := r.meanFrom(from, b)
			values[i] = was
			wanted[p.Name][i] = (up - down) / (2 * h)
		}
	}
	return wanted
}
