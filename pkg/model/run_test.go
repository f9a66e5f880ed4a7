package model_test

import (
	"errors"
	"fmt"
	"math"
	"runtime"
	"strings"
	"testing"

	"github.com/effnet/effnet/internal/testkit"
	"github.com/effnet/effnet/pkg/kernels"
	"github.com/effnet/effnet/pkg/model"
	"github.com/effnet/effnet/pkg/profile"
	"github.com/effnet/effnet/pkg/tensor"
)

// tiny is a whole network that compiles in no time.
func tiny(t testing.TB, name string, resolution int, set *kernels.Set) *model.Plan {
	v := variant(t, name)
	return compile(t, v, profile.ImageNet(resolution), model.Random(v.ParamSpecs(10), 7), set)
}

// pictures are n different ones.
func pictures(n, resolution int) *tensor.Tensor {
	in := tensor.New(tensor.Shape{N: n, H: resolution, W: resolution, C: 3})
	copy(in.Data, model.Stream("input", 1, len(in.Data)))
	return in
}

// onePicture is one of them.
func onePicture(in *tensor.Tensor, i int) *tensor.Tensor {
	s := in.Shape
	s.N = 1
	return &tensor.Tensor{Shape: s, Data: in.Data[i*s.Len() : (i+1)*s.Len()]}
}

// A workspace takes batches of any size one after the other.
func TestBitsDoNotDependOnThreadsOrBatch(t *testing.T) {
	const most, classes = 8, 10
	in := pictures(most, 75)
	names := []string{"b0", "lite0"}
	if !testing.Short() {
		names = append(names, "v2-b0")
	}
	for _, set := range kernels.Sets() {
		for _, name := range names {
			p := tiny(t, name, 75, set)
			var logits, features []float32
			one := p.NewWorkspace(1)
			for i := range most {
				got, err := p.Run(one, onePicture(in, i))
				if err != nil {
					t.Fatal(err)
				}
				logits = append(logits, got...)
				features = append(features, one.Embedding()...)
			}
			one.Close()
			for _, threads := range []int{1, 2, 3, 5} {
				ws := p.NewWorkspace(threads)
				for _, n := range []int{1, 3, 2, most, 5} {
					batch := &tensor.Tensor{Shape: tensor.Shape{N: n, H: 75, W: 75, C: 3}, Data: in.Data[:n*75*75*3]}
					got, err := p.Run(ws, batch)
					if err != nil {
						t.Fatal(err)
					}
					if same, at := testkit.SameBits(got, logits[:n*classes]); !same {
						t.Errorf("%s %s: %d pictures on %d threads differ at logit %d", set.Tier, name, n, threads, at)
					}
					if same, at := testkit.SameBits(ws.Embeddings(), features[:n*p.Features()]); !same {
						t.Errorf("%s %s: %d pictures on %d threads differ at feature %d", set.Tier, name, n, threads, at)
					}
					if same, _ := testkit.SameBits(ws.Embedding(), features[(n-1)*p.Features():n*p.Features()]); !same {
						t.Errorf("%s %s: the last of %d embeddings on %d threads differs", set.Tier, name, n, threads)
					}
				}
				ws.Close()
			}
		}
	}
}

// Passes under garbage collection and with more workers than cores must not
// lose, repeat or mix tasks.
func TestBitsUnderPressure(t *testing.T) {
	set := kernels.Sets()[len(kernels.Sets())-1]
	p := tiny(t, "b0", 32, set)
	one, many := pictures(1, 32), pictures(9, 32)
	want := run(t, p, 1, many)
	stop := make(chan struct{})
	defer close(stop)
	go func() {
		for {
			select {
			case <-stop:
				return
			default:
				runtime.GC()
			}
		}
	}()
	for _, threads := range []int{2, 7} {
		ws := p.NewWorkspace(threads)
		for i := range pressurePasses {
			in := one
			if i%8 == 7 {
				in = many
			}
			got, err := p.Run(ws, in)
			if err != nil {
				t.Fatal(err)
			}
			if same, at := testkit.SameBits(got, want[:len(got)]); !same {
				t.Fatalf("pass %d on %d threads differs at logit %d", i, threads, at)
			}
		}
		ws.Close()
	}
}

func TestRunAllocatesNothing(t *testing.T) {
	for _, name := range []string{"b0", "v2-b0"} {
		p := tiny(t, name, 64, kernels.Sets()[len(kernels.Sets())-1])
		for _, threads := range []int{1, 2} {
			for _, n := range []int{1, 3, 4} {
				if made := allocations(p, threads, pictures(n, 64)); made > 5 { // the runtime's own
					t.Errorf("%s on %d threads: 20 runs made %d allocations", name, threads, made)
				}
			}
		}
	}
}

// allocations are those of twenty runs; AllocsPerRun would set GOMAXPROCS to 1.
func allocations(p *model.Plan, threads int, in *tensor.Tensor) uint64 {
	ws := p.NewWorkspace(threads)
	defer ws.Close()
	for range 3 { // the first run may grow what it keeps
		p.Run(ws, in)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range 20 {
		p.Run(ws, in)
	}
	runtime.ReadMemStats(&after)
	return after.Mallocs - before.Mallocs
}

func TestEveryVariantOnEveryTier(t *testing.T) {
	for _, v := range model.Variants() {
		if !runs(v) {
			continue
		}
		for _, padding := range []profile.Padding{profile.Same, profile.Symmetric} {
			t.Run(v.Name+"/"+string(padding), func(t *testing.T) {
				prof := profile.ImageNet(45)
				prof.Padding = padding
				params := model.Random(v.ParamSpecs(5), 3)
				in := seededInput(45)
				sets := kernels.Sets()
				want := run(t, compile(t, v, prof, params, sets[0]), 1, in)
				for _, set := range sets[1:] {
					got := run(t, compile(t, v, prof, params, set), 2, in)
					if e := testkit.LogitsError(got, want); !(e <= 1e-3) {
						t.Errorf("%s is off from %s by %.2g", set.Tier, sets[0].Tier, e)
					}
				}
			})
		}
	}
}

func TestRunRefusesOtherShapes(t *testing.T) {
	p := tiny(t, "lite0", 32, kernels.Sets()[0])
	ws := p.NewWorkspace(1)
	for _, s := range []tensor.Shape{{N: 1, H: 33, W: 32, C: 3}, {N: 1, H: 32, W: 32, C: 4}, {N: 0, H: 32, W: 32, C: 3}} {
		if _, err := p.Run(ws, &tensor.Tensor{Shape: s, Data: make([]float32, s.Len())}); err == nil {
			t.Errorf("shape %v was accepted", s)
		}
	}
}

func TestCompileRefuses(t *testing.T) {
	v := variant(t, "lite0")
	for _, c := range []struct {
		want  string
		spoil func(model.Params)
	}{
		{`tensor "stem.conv.weight" is missing (expected shape [32 3 3 3])`, func(p model.Params) { delete(p, "stem.conv.weight") }},
		{`tensor "odd" is not part of the network`, func(p model.Params) { p["odd"] = model.Param{} }},
		{`tensor "head.norm.bias" has shape [2], expected [1280]`, func(p model.Params) { p["head.norm.bias"] = model.Param{Shape: []int{2}, Data: make([]float32, 2)} }},
		{`tensor "stages.1.0.depthwise.conv.weight" holds NaN or Inf`, func(p model.Params) {
			p["stages.1.0.depthwise.conv.weight"].Data[5] = float32(math.Inf(-1))
		}},
		{`tensor "stem.norm.variance" holds a negative variance`, func(p model.Params) { p["stem.norm.variance"].Data[0] = -1 }},
		{`tensor "classifier.weight" is missing`, func(p model.Params) { delete(p, "classifier.weight") }},
	} {
		params := model.Random(v.ParamSpecs(4), 1)
		c.spoil(params)
		_, err := model.Compile(v, profile.ImageNet(32), params, kernels.Sets()[0])
		var refused *model.ParamsError
		if !errors.As(err, &refused) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("got %v, want %q", err, c.want)
		}
	}
}

func TestNaNReachesTheLogits(t *testing.T) {
	for _, set := range kernels.Sets() {
		for _, name := range []string{"b0", "lite0"} {
			in := seededInput(64)
			in.Data[len(in.Data)/2] = float32(math.NaN())
			for i, x := range run(t, tiny(t, name, 64, set), 1, in) {
				if x == x {
					t.Fatalf("%s %s: logit %d is %v although a pixel is NaN", set.Tier, name, i, x)
				}
			}
		}
	}
}

func BenchmarkRun(b *testing.B) {
	for _, name := range []string{"lite0", "b0"} {
		for _, set := range kernels.Sets() {
			v := variant(b, name)
			p := compile(b, v, profile.ImageNet(v.Resolution), model.Random(v.ParamSpecs(1000), 1), set)
			in := seededInput(v.Resolution)
			for _, threads := range []int{1, 2} {
				b.Run(fmt.Sprintf("%s/%s/threads=%d", name, set.Tier, threads), func(b *testing.B) {
					ws := p.NewWorkspace(threads)
					defer ws.Close()
					for b.Loop() {
						p.Run(ws, in)
					}
				})
			}
		}
	}
}

func BenchmarkCompile(b *testing.B) {
	prof, params := lite0(b)
	set, err := kernels.Best()
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		compile(b, variant(b, "lite0"), prof, params, set)
	}
}
