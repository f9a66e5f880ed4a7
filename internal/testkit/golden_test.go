package testkit

import (
	"bytes"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/effnet/effnet/pkg/weights/safetensors"
	"github.com/google/go-cmp/cmp"
)

func TestGolden(t *testing.T) {
	var b bytes.Buffer
	err := safetensors.Write(&b, map[string]string{"seed": "1"}, []safetensors.Tensor{
		safetensors.FromFloat32s("logits", []int{2, 1}, []float32{1.5, -2}),
		{Name: "indices", DType: safetensors.I32, Shape: []int{2}, Bytes: []byte{7, 0, 0, 0, 255, 255, 255, 255}},
		{Name: "pixels", DType: safetensors.U8, Shape: []int{3}, Bytes: []byte{1, 2, 3}},
	})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "x.safetensors")
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	g := OpenGoldenFile(t, path)
	got := []any{
		g.Names(), g.Metadata("seed"), g.Shape("logits"), g.Float32s("logits"), g.Uint8s("pixels"), g.Ints("indices"),
		g.Has("pixels"), g.Has("pixel"),
	}
	want := []any{
		[]string{"logits", "indices", "pixels"}, "1", []int{2, 1}, []float32{1.5, -2}, []byte{1, 2, 3}, []int{7, -1},
		true, false,
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	v := g.Float32s("logits")
	v[0] = float32(math.NaN())
	if g.Float32s("logits")[0] != 1.5 {
		t.Error("the file changes with what was read from it")
	}
}

func TestRootHoldsTheModule(t *testing.T) {
	if _, err := os.Stat(filepath.Join(Root(t), "internal", "testkit", "golden_test.go")); err != nil {
		t.Error(err)
	}
}
