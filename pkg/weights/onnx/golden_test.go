package onnx

import (
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/effnet/effnet/internal/testkit"
	"github.com/effnet/effnet/pkg/kernels"
	"github.com/effnet/effnet/pkg/model"
	"github.com/effnet/effnet/pkg/profile"
	maps "github.com/effnet/effnet/pkg/tensor"
	"github.com/effnet/effnet/pkg/weights/state"
)

// tolerance is how far a logit may be from the library's, in standard
// deviations of the logits.
const tolerance = 1e-4

func folder(tb testing.TB) string {
	return filepath.Join(testkit.Root(tb), "testdata", "weights", "onnx")
}

func load(tb testing.TB, name string) []byte {
	tb.Helper()
	data, err := os.ReadFile(filepath.Join(folder(tb), name+".onnx"))
	if err != nil {
		tb.Fatal(err)
	}
	return data
}

func mustRead(tb testing.TB, data []byte) *state.Imported {
	tb.Helper()
	in, err := Read(data, state.Options{})
	if err != nil {
		tb.Fatal(err)
	}
	return in
}

// input is what the golden's logits are of: the seeded input, or pixels
// prepared as the profile says.
func input(g *testkit.Golden, name string, p profile.Profile) *maps.Tensor {
	in := maps.New(maps.Shape{N: 1, H: p.Resolution, W: p.Resolution, C: 3})
	if !g.Has(name + "/pixels") {
		for i, x := range model.Stream("input", 1, len(in.Data)) {
			in.Data[i] = 2 * x
		}
		return in
	}
	for i, x := range g.Uint8s(name + "/pixels") {
		in.Data[i] = float32((float64(x)/255 - p.Mean[i%3]) / p.Std[i%3])
	}
	return in
}

func logits(tb testing.TB, in *state.Imported, x *maps.Tensor) []float32 {
	tb.Helper()
	v, err := model.Lookup(in.Variant)
	if err != nil {
		tb.Fatal(err)
	}
	set, err := kernels.Best()
	if err != nil {
		tb.Fatal(err)
	}
	plan, err := model.Compile(v, in.Profile, in.Params, set)
	if err != nil {
		tb.Fatal(err)
	}
	ws := plan.NewWorkspace(1)
	defer ws.Close()
	out, err := plan.Run(ws, x)
	if err != nil {
		tb.Fatal(err)
	}
	return slices.Clone(out)
}

func names(g *testkit.Golden) []string {
	var list []string
	for _, name := range g.Names() {
		if name, ok := strings.CutSuffix(name, "/logits"); ok {
			list = append(list, name)
		}
	}
	return list
}

// Every exporter's file computes what the library that it was exported from
// computes.
func TestFilesComputeWhatTheirLibrariesDo(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(folder(t), "*.onnx"))
	if err != nil {
		t.Fatal(err)
	}
	tested := 0
	for _, golden := range []string{"logits", "tf2onnx"} {
		g := testkit.OpenGoldenFile(t, filepath.Join(folder(t), golden+".safetensors"))
		for _, name := range names(g) {
			tested++
			t.Run(name, func(t *testing.T) {
				data := load(t, name)
				if !Sniff(data) {
					t.Error("not sniffed")
				}
				in := mustRead(t, data)
				got := logits(t, in, input(g, name, in.Profile))
				if e := testkit.LogitsError(got, g.Float32s(name+"/logits")); !(e <= tolerance) {
					t.Errorf("logits are off by %.2g of their deviation", e)
				}
			})
		}
	}
	if tested != len(files) {
		t.Errorf("%d files, %d goldens", len(files), tested)
	}
}

// Files that keep batch norm give the parameters bit by bit.
func TestUnfoldedFilesAreLossless(t *testing.T) {
	for _, name := range []string{"torchvision_old_unfolded", "torchvision_old_training", "torchvision_new_unfolded", "timm_tf_old_unfolded"} {
		in := mustRead(t, load(t, name))
		v, err := model.Lookup(in.Variant)
		if err != nil {
			t.Fatal(err)
		}
		compare(t, name, in.Params, model.Random(v.ParamSpecs(5), 1))
	}
}

func compare(t *testing.T, what string, got, want model.Params) {
	t.Helper()
	for name, p := range want {
		q, ok := got[name]
		values, err := q.Values()
		if err != nil || !ok || !slices.Equal(q.Shape, p.Shape) {
			t.Fatalf("%s: %s has shape %v, want %v; %v", what, name, q.Shape, p.Shape, err)
		}
		expected, err := p.Values()
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(values, expected) {
			t.Errorf("%s: %s differs", what, name)
		}
	}
	if len(got) != len(want) {
		t.Errorf("%s: %d parameters, want %d", what, len(got), len(want))
	}
}

// A convolution that batch norm was folded into has the file's own weights
// after Compile folds the norm that it was given.
func TestFoldedNormHasTheScaleOne(t *testing.T) {
	for name, exact := range map[string]bool{"torchvision_new": true, "timm_tf_v2_new": true, "keras_v2": false} {
		in := mustRead(t, load(t, name))
		for key, p := range in.Params {
			if !strings.HasSuffix(key, ".norm.variance") || p.Data[0] != float32(1-in.Profile.BNEps) {
				if strings.HasSuffix(key, ".norm.variance") {
					t.Errorf("%s: %s is %v", name, key, p.Data[0])
				}
				continue
			}
			if scale := 1 / math.Sqrt(float64(p.Data[0])+in.Profile.BNEps); scale != 1 {
				t.Errorf("%s: %s gives the scale %v", name, key, scale)
			}
			if gamma := in.Params[strings.TrimSuffix(key, "variance")+"weight"].Data[0]; exact && gamma != 1 {
				t.Errorf("%s: %s has the gamma %v", name, key, gamma)
			}
		}
	}
}

func TestProfiles(t *testing.T) {
	imageNet := profile.ImageNet(64)
	imageNet.Crop, imageNet.BNEps = 64.0/96, foldedEpsilon
	with := func(change func(p *profile.Profile)) profile.Profile {
		p := imageNet
		change(&p)
		return p
	}
	same := with(func(p *profile.Profile) { p.Padding = profile.Same })
	sized := func(p profile.Profile, side int) profile.Profile {
		p.Resolution, p.Crop = side, float64(side)/float64(side+32)
		return p
	}
	lite := same
	for i := range 3 {
		lite.Mean[i], lite.Std[i] = 127.0/255, 128.0/255
	}
	const guess = "mean and std of ImageNet, bicubic, crop 0.667"
	for _, c := range []struct {
		name    string
		want    profile.Profile
		assumed []string
	}{
		{"torchvision_new", imageNet, []string{guess}},
		{"torchvision_old_unfolded", with(func(p *profile.Profile) { p.BNEps = 1e-5 }), []string{guess}},
		{"torchvision_old_training", with(func(p *profile.Profile) { p.BNEps = 1e-5 }),
			[]string{"batch norm was exported in training mode: its running mean and variance are used", guess}},
		{"torchvision_old_open", sized(imageNet, 224), []string{"resolution 224 of the variant", "mean and std of ImageNet, bicubic, crop 0.875"}},
		{"timm_tf_old_unfolded", with(func(p *profile.Profile) { p.BNEps, p.Padding = 1e-3, profile.Same }), []string{guess}},
		{"timm_tf_old_open", sized(same, 224), []string{"resolution 224 of the variant", "mean and std of ImageNet, bicubic, crop 0.875"}},
		{"timm_lite_old", lite, []string{"mean 127/255 and std 128/255 of EfficientNet-Lite, bicubic, crop 0.667"}},
		{"efficientnet_pytorch_old", same, []string{guess}},
		{"keras_softmax", with(func(p *profile.Profile) {
			p.Padding, p.Mean, p.Std = profile.Same, [3]float64{0.4, 0.45, 0.5}, [3]float64{0.2, math.Sqrt(0.05), math.Sqrt(0.06)}
		}), []string{"Softmax at the end left out", "bicubic, crop 0.667"}},
		{"keras_v2", sized(same, 75), []string{"Softmax at the end left out", "bicubic, crop 0.701"}},
	} {
		in := mustRead(t, load(t, c.name))
		near := cmp.Comparer(func(a, b float64) bool { return math.Abs(a-b) <= 3e-7*math.Abs(b) })
		if diff := cmp.Diff(c.want, in.Profile, near); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
		if diff := cmp.Diff(c.assumed, in.Assumed); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
		if in.Scheme != Scheme {
			t.Errorf("%s: scheme %q", c.name, in.Scheme)
		}
	}
}

func TestVariants(t *testing.T) {
	for name, want := range map[string]string{
		"torchvision_new": "d0.2,w0.05,r64", "timm_lite_new": "lite0:d0.2,w0.05,r64", "torchvision_v2": "v2-s:d0.1,w0.125,r64",
		"keras_v2": "v2-b0:d0.2,w0.125,r75",
	} {
		v, err := model.Lookup(want)
		if err != nil {
			t.Fatal(err)
		}
		in := mustRead(t, load(t, name))
		got, err := model.Lookup(in.Variant)
		if err != nil {
			t.Fatal(err)
		}
		if !got.Outline().Equal(v.Outline()) || got.Resolution != v.Resolution {
			t.Errorf("%s is %s, want the shape of %s", name, in.Variant, want)
		}
		if in, err := Read(load(t, name), state.Options{Variant: want}); err != nil || in.Variant != want {
			t.Errorf("%s asked for: %v", want, err)
		}
	}
}
