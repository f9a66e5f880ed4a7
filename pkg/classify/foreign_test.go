package classify

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/effnet/effnet/internal/testkit"
	"github.com/effnet/effnet/pkg/kernels"
	"github.com/effnet/effnet/pkg/model"
	"github.com/effnet/effnet/pkg/profile"
	"github.com/effnet/effnet/pkg/tensor"
	"github.com/effnet/effnet/pkg/weights"
)

const foreignFolder = "../../testdata/weights/pytorch"

// Files of other libraries give the logits that these libraries compute.
func TestForeignFilesGiveTheirLogits(t *testing.T) {
	for _, tt := range []struct {
		file, golden, variant, scheme string
		assumed                       string // is in one of the lines
	}{
		{"torchvision.pth", "torchvision", "d0.1,w0.1,r224", "torchvision", "resolution 224"},
		{"torchvision_old.pth", "torchvision", "d0.1,w0.1,r224", "torchvision", "resolution 224"},
		{"sharded/model.safetensors.index.json", "torchvision", "d0.1,w0.1,r224", "torchvision", "resolution 224"},
		{"torchvision_v2_checkpoint.pth", "torchvision_v2_checkpoint", "v2-s:d0.1,w0.125,r384", "torchvision", `averaged over the training, which the file keeps under "model_ema"`},
		{"timm_checkpoint.pth.tar", "timm_checkpoint", "d0.1,w0.1,r224", "timm", "mean and std of ImageNet"},
		{"timm_v2.safetensors", "timm_v2", "v2-b0:d0.2,w0.125,r224", "timm", "needs --profile padding=same,bn_eps=0.001"},
		{"timm_lite.pth", "timm_lite", "lite0:d0.1,w0.05,r224", "timm", "padding symmetric"},
		{"efficientnet_pytorch_views.pth", "efficientnet_pytorch_views", "d0.1,w0.3,r224", "efficientnet_pytorch", "AdvProp"},
	} {
		t.Run(tt.file, func(t *testing.T) {
			w := readForeign(t, filepath.Join(foreignFolder, tt.file), weights.Options{})
			if w.Variant != tt.variant || w.Scheme != tt.scheme || !strings.Contains(strings.Join(w.Assumed, "\n"), tt.assumed) {
				t.Errorf("%s by the names of %s, assumed %q", w.Variant, w.Scheme, w.Assumed)
			}
			if strings.HasPrefix(tt.file, "timm_v2") {
				w.Profile.Padding, w.Profile.BNEps = profile.Same, 1e-3
			}
			if e := logitsError(t, w, tt.golden); !(e <= 1e-4) {
				t.Errorf("logits are off by %.2g of their deviation", e)
			}
		})
	}
}

func readForeign(t *testing.T, path string, o weights.Options) *weights.Model {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	data, err = weights.Assemble(data, func(file string) ([]byte, error) {
		return os.ReadFile(filepath.Join(filepath.Dir(path), file))
	})
	if err != nil {
		t.Fatal(err)
	}
	w, err := weights.ReadAs(data, o)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// logitsError computes the seeded input of tools/golden at 64 pixels.
func logitsError(t *testing.T, w *weights.Model, golden string) float64 {
	t.Helper()
	const side = 64
	v, err := model.Lookup(w.Variant)
	if err != nil {
		t.Fatal(err)
	}
	w.Profile.Resolution = side
	plan, err := model.Compile(v, w.Profile, w.Params, kernels.Sets()[0])
	if err != nil {
		t.Fatal(err)
	}
	in := tensor.New(tensor.Shape{N: 1, H: side, W: side, C: 3})
	for i, x := range model.Stream("input", 1, len(in.Data)) {
		in.Data[i] = 2 * x
	}
	ws := plan.NewWorkspace(1)
	defer ws.Close()
	logits, err := plan.Run(ws, in)
	if err != nil {
		t.Fatal(err)
	}
	g := testkit.OpenGolden(t, "../weights/pytorch/logits")
	return testkit.LogitsError(logits, g.Float32s(golden+"/logits"))
}

// A file that is opened by its path is read tensor by tensor; it gives what it
// gives as a whole, and its digest.
func TestOpenReadsTensorsAsNeeded(t *testing.T) {
	for _, name := range []string{"torchvision.pth", "torchvision_old.pth"} {
		path := filepath.Join(foreignFolder, name)
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		o := Options{Variant: "d0.2,w0.1,r64"}
		opened := open(t, path, o)
		whole, err := dataModel(name, data, kernels.Sets()[0], o)
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(data)
		if got := opened.Info().SHA256(); got != hex.EncodeToString(sum[:]) {
			t.Errorf("digest %q", got)
		}
		a, err := opened.Bytes(t.Context(), photo(t, "cat.jpg"))
		if err != nil {
			t.Fatal(err)
		}
		b, err := whole.Bytes(t.Context(), photo(t, "cat.jpg"))
		if err != nil {
			t.Fatal(err)
		}
		if e := testkit.LogitsError(a.Logits, b.Logits); !(e <= 1e-4) {
			t.Errorf("%s: logits are off by %.2g of their deviation", name, e)
		}
	}
}
