package cli

import (
	"context"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/effnet/effnet/pkg/weights"
)

// Converting loses no bit of any parameter, of whatever format: what is read
// from the model file is what the foreign file gives.
func TestConvertIsLossless(t *testing.T) {
	const folder = "../../testdata/weights/"
	for _, name := range []string{
		"pytorch/torchvision.pth", "pytorch/torchvision_old.pth", "pytorch/timm_v2.safetensors",
		"pytorch/efficientnet_pytorch_views.pth", "onnx/torchvision_new.onnx", "onnx/torchvision_half.onnx",
	} {
		t.Run(name, func(t *testing.T) {
			data, err := os.ReadFile(folder + name)
			if err != nil {
				t.Fatal(err)
			}
			want, err := weights.Read(data)
			if err != nil {
				t.Fatal(err)
			}
			out := filepath.Join(t.TempDir(), "out.safetensors")
			s := Streams{Out: io.Discard, Err: io.Discard}
			if code := run(context.Background(), s, []string{"convert", folder + name, out}); code != exitOK {
				t.Fatalf("exit code %d", code)
			}
			if data, err = os.ReadFile(out); err != nil {
				t.Fatal(err)
			}
			got, err := weights.Read(data)
			if err != nil {
				t.Fatal(err)
			}
			if got.Variant != want.Variant || got.Profile != want.Profile || got.Scheme != "" || len(got.Goldens) == 0 {
				t.Errorf("%s of %s, %s, %d goldens", got.Variant, got.Scheme, got.Profile, len(got.Goldens))
			}
			checkParams(t, want, got)
		})
	}
}

func checkParams(t *testing.T, want, got *weights.Model) {
	t.Helper()
	if len(want.Params) == 0 || len(got.Params) != len(want.Params) {
		t.Fatalf("%d parameters, want %d", len(got.Params), len(want.Params))
	}
	for name, w := range want.Params {
		a, errA := w.Values()
		g := got.Params[name]
		b, errB := g.Values()
		if errA != nil || errB != nil || !slices.Equal(w.Shape, g.Shape) || !slices.EqualFunc(a, b, func(x, y float32) bool {
			return math.Float32bits(x) == math.Float32bits(y)
		}) {
			t.Errorf("%s differs: %v, %v", name, errA, errB)
		}
	}
}
