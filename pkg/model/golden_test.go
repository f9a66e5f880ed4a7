package model_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/effnet/effnet/internal/testkit"
	"github.com/effnet/effnet/pkg/kernels"
	"github.com/effnet/effnet/pkg/model"
	"github.com/effnet/effnet/pkg/profile"
	"github.com/effnet/effnet/pkg/tensor"
)

// tolerance is how far a logit may be from PyTorch's, in standard deviations
// of the logits.
const tolerance = 1e-4

func variant(t testing.TB, name string) model.Variant {
	t.Helper()
	v, err := model.Lookup(name)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func compile(t testing.TB, v model.Variant, prof profile.Profile, params model.Params, set *kernels.Set) *model.Plan {
	t.Helper()
	p, err := model.Compile(v, prof, params, set)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// seededInput is the picture that tools/golden makes too: the stream "input"
// of the generator, doubled.
func seededInput(resolution int) *tensor.Tensor {
	in := tensor.New(tensor.Shape{N: 1, H: resolution, W: resolution, C: 3})
	copy(in.Data, model.Stream("input", 1, len(in.Data)))
	for i := range in.Data {
		in.Data[i] *= 2
	}
	return in
}

func run(t testing.TB, p *model.Plan, threads int, in *tensor.Tensor) []float32 {
	t.Helper()
	ws := p.NewWorkspace(threads)
	defer ws.Close()
	logits, err := p.Run(ws, in)
	if err != nil {
		t.Fatal(err)
	}
	return append([]float32(nil), logits...)
}

// compareStages runs p and holds every stage's sampled values and all logits
// to the golden's tensors under prefix. A stage's values count as far as they
// are from its largest.
func compareStages(t *testing.T, g *testkit.Golden, prefix string, p *model.Plan, in *tensor.Tensor) {
	t.Helper()
	ws := p.NewWorkspace(2)
	defer ws.Close()
	seen := 0
	ws.Tap(func(s model.Step, out *tensor.Tensor) {
		name := prefix + tapName(p, s)
		if !g.Has(name + ".values") {
			return
		}
		seen++
		if got, want := []int{out.Shape.N, out.Shape.H, out.Shape.W, out.Shape.C}, g.Ints(name+".shape"); !equal(got, want) {
			t.Fatalf("%s has shape %v, want %v", name, got, want)
		}
		var got []float32
		for _, i := range g.Ints(name + ".indices") {
			got = append(got, out.Data[i])
		}
		if e := testkit.LogitsError(got, g.Float32s(name+".values")); !(e <= tolerance) {
			t.Errorf("%s is off by %.2g of its deviation", name, e)
		}
	})
	logits, err := p.Run(ws, in)
	if err != nil {
		t.Fatal(err)
	}
	if e := testkit.LogitsError(logits, g.Float32s(prefix+"logits")); !(e <= tolerance) {
		t.Errorf("logits are off by %.2g of their deviation", e)
	}
	if want := len(p.Variant().Stages) + 1; seen != want {
		t.Errorf("compared %d maps, want %d", seen, want)
	}
}

func equal(a, b []int) bool { return fmt.Sprint(a) == fmt.Sprint(b) }

// tapName is the golden's name for what a step leaves: "stages.2" for the last
// block of a stage, else the step's own.
func tapName(p *model.Plan, s model.Step) string {
	last := map[int]string{}
	for _, b := range p.Variant().Blocks() {
		last[b.Stage] = b.Name() + ".project"
	}
	for stage, name := range last {
		if name == s.Name {
			return fmt.Sprintf("stages.%d", stage)
		}
	}
	return s.Name
}

func TestB0EqualsPyTorch(t *testing.T) {
	v := variant(t, "b0")
	params := model.Random(v.ParamSpecs(1000), 1)
	for _, world := range []struct {
		golden  string
		padding profile.Padding
		eps     float64
	}{
		{"b0_seeded", profile.Symmetric, 1e-5},
		{"b0_seeded_same", profile.Same, 1e-3},
	} {
		g := testkit.OpenGolden(t, world.golden)
		for _, set := range kernels.Sets() {
			for _, resolution := range []int{224, 97} {
				t.Run(fmt.Sprintf("%s/%s/%d", world.padding, set.Tier, resolution), func(t *testing.T) {
					prof := profile.ImageNet(resolution)
					prof.Padding, prof.BNEps = world.padding, world.eps
					p := compile(t, v, prof, params, set)
					compareStages(t, g, fmt.Sprintf("%d/", resolution), p, seededInput(resolution))
				})
			}
		}
	}
}

// lite0 is the published network: the parameters of the embedded model file
// and what it says of itself, as far as the network needs it.
func lite0(t testing.TB) (profile.Profile, model.Params) {
	t.Helper()
	file := testkit.OpenGoldenFile(t, filepath.Join(testkit.Root(t), "models", "efficientnet-lite0.safetensors"))
	params := model.Params{}
	for _, name := range file.Names() {
		if !strings.HasPrefix(name, "golden.") {
			params[name] = model.Param{Shape: file.Shape(name), Data: file.Float32s(name)}
		}
	}
	prof := profile.ImageNet(224)
	prof.Padding, prof.BNEps = profile.Same, 1e-3
	return prof, params
}

// picture normalises the pixels of a square picture as Lite0 does.
func picture(pixels []byte, side int) *tensor.Tensor {
	in := tensor.New(tensor.Shape{N: 1, H: side, W: side, C: 3})
	for i, x := range pixels {
		in.Data[i] = (float32(x) - 127) / 128
	}
	return in
}

func TestLite0EqualsPyTorch(t *testing.T) {
	prof, params := lite0(t)
	g := testkit.OpenGolden(t, "lite0")
	photos := testkit.OpenGolden(t, "lite0_photos")
	for _, set := range kernels.Sets() {
		t.Run(string(set.Tier), func(t *testing.T) {
			p := compile(t, variant(t, "lite0"), prof, params, set)
			compareStages(t, g, "224/", p, picture(g.Uint8s("224/input.pixels"), 224))
			for _, name := range []string{"cat.jpg", "coffee.jpg", "rocket.jpg"} {
				logits := run(t, p, 1, picture(photos.Uint8s(name+"/pixels"), 224))
				if e := testkit.LogitsError(logits, photos.Float32s(name+"/logits")); !(e <= tolerance) {
					t.Errorf("%s is off by %.2g", name, e)
				}
			}
		})
	}
}
