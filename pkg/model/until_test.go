package model_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/effnet/effnet/internal/testkit"
	"github.com/effnet/effnet/pkg/kernels"
	"github.com/effnet/effnet/pkg/model"
	"github.com/effnet/effnet/pkg/profile"
	"github.com/effnet/effnet/pkg/tensor"
)

// blockTaps runs the whole network and keeps what each block puts out, and stem
// and head as far as they reach memory.
func blockTaps(t *testing.T, p *model.Plan, in *tensor.Tensor) map[string]*tensor.Tensor {
	t.Helper()
	taps := map[string]*tensor.Tensor{}
	ws := p.NewWorkspace(1)
	defer ws.Close()
	ws.Tap(func(s model.Step, out *tensor.Tensor) {
		name := s.Name
		if parts := strings.Split(name, "."); parts[0] == "stages" {
			name = strings.Join(parts[:3], ".")
		}
		taps[name] = out // the last step of a block stays
	})
	if _, err := p.Run(ws, in); err != nil {
		t.Fatal(err)
	}
	return taps
}

func TestCompileUntilEqualsTheTapsOfWholePlans(t *testing.T) {
	for _, name := range []string{"d0.2,w0.25,r64", "lite0", "v2-b0"} {
		for _, padding := range []profile.Padding{profile.Same, profile.Symmetric} {
			for _, set := range kernels.Sets() {
				t.Run(fmt.Sprintf("%s/%s/%s", name, padding, set.Tier), func(t *testing.T) { compareUntil(t, name, padding, set) })
			}
		}
	}
}

func compareUntil(t *testing.T, name string, padding profile.Padding, set *kernels.Set) {
	v := variant(t, name)
	prof := profile.ImageNet(61)
	prof.Padding = padding
	params := model.Random(v.ParamSpecs(5), 2)
	batch := tensor.New(tensor.Shape{N: 2, H: 61, W: 61, C: 3})
	in := seededInput(61)
	copy(batch.Data[len(in.Data):], in.Data) // after a blank picture
	taps := blockTaps(t, compile(t, v, prof, params, set), in)
	blocks := []string{"head"}
	for _, b := range v.Blocks() {
		blocks = append(blocks, b.Name())
	}
	for _, block := range blocks {
		p, err := model.CompileUntil(v, prof, params, set, block)
		if err != nil {
			t.Fatal(err)
		}
		want := taps[block]
		shape := want.Shape
		shape.N = 2
		if d := cmp.Diff(shape, p.OutputShape(2)); d != "" {
			t.Fatalf("%s has another shape (-want +got):\n%s", block, d)
		}
		got := run(t, p, 2, batch)
		if same, at := testkit.SameBits(got[len(got)/2:], want.Data); !same {
			t.Errorf("%s differs at value %d", block, at)
		}
	}
}

func TestCompileUntilTheStem(t *testing.T) {
	v := variant(t, "v2-b0") // the whole plan leaves its stem in memory too
	prof, set := profile.ImageNet(45), kernels.Sets()[0]
	params := model.Random(v.ParamSpecs(5), 2)
	want := blockTaps(t, compile(t, v, prof, params, set), seededInput(45))["stem"]
	for _, name := range []string{"v2-b0", "b0"} {
		v := variant(t, name)
		p, err := model.CompileUntil(v, prof, model.Random(v.ParamSpecs(5), 2), set, "stem")
		if err != nil {
			t.Fatal(err)
		}
		got := run(t, p, 1, seededInput(45))
		if p.OutputShape(1) != want.Shape || !slices.Equal(got, want.Data) {
			t.Errorf("%s: %v, not what the whole plan of v2-b0 gives: %v", name, p.OutputShape(1), want.Shape)
		}
	}
}

func TestCompileUntilLooksNoFurther(t *testing.T) {
	v := variant(t, "lite0")
	prof, set := profile.ImageNet(32), kernels.Sets()[0]
	params := model.Random(v.ParamSpecs(5), 2)
	for name := range params {
		if strings.HasPrefix(name, "stages.6.") || strings.HasPrefix(name, "head.") {
			delete(params, name)
		}
	}
	if _, err := model.CompileUntil(v, prof, params, set, "stages.5.3"); err != nil {
		t.Error(err)
	}
	for block, want := range map[string]string{
		"stages.6.0": `"stages.6.0.expand.conv.weight" is missing`,
		"stages.5.9": `no block "stages.5.9"`,
		"pool":       `no block "pool"`,
		"":           `no block ""`,
	} {
		if _, err := model.CompileUntil(v, prof, params, set, block); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("until %q: %v, want %s", block, err, want)
		}
	}
	params["odd"] = model.Param{}
	if _, err := model.CompileUntil(v, prof, params, set, "stages.5.3"); err == nil {
		t.Error("a tensor that is not of the network was accepted")
	}
}
