package testkit

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/effnet/effnet/pkg/weights/safetensors"
)

// Golden is a file of reference tensors made by tools/golden. Its methods end
// the test where a tensor is missing or of another type.
type Golden struct {
	tb   testing.TB
	name string
	file *safetensors.File
}

// OpenGolden reads testdata/golden/NAME.safetensors from the root of the
// module, wherever in it the test runs.
func OpenGolden(tb testing.TB, name string) *Golden {
	tb.Helper()
	return OpenGoldenFile(tb, filepath.Join(Root(tb), "testdata", "golden", name+".safetensors"))
}

// OpenGoldenFile is OpenGolden for any file.
func OpenGoldenFile(tb testing.TB, path string) *Golden {
	tb.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		tb.Fatal(err)
	}
	f, err := safetensors.Parse(data)
	if err != nil {
		tb.Fatalf("%s: %v", path, err)
	}
	return &Golden{tb, filepath.Base(path), f}
}

// Root is the folder of go.mod.
func Root(tb testing.TB) string {
	tb.Helper()
	dir, err := os.Getwd()
	if err != nil {
		tb.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			tb.Fatal("no go.mod above the test")
		}
		dir = parent
	}
}

// Names lists the tensors in the order of the file.
func (g *Golden) Names() []string {
	var names []string
	for _, t := range g.file.Tensors() {
		names = append(names, t.Name)
	}
	return names
}

// Metadata is a value of the file's metadata, "" where there is none.
func (g *Golden) Metadata(key string) string { return g.file.Metadata[key] }

// Has tells whether there is a tensor of that name.
func (g *Golden) Has(name string) bool {
	_, ok := g.file.Lookup(name)
	return ok
}

// Shape gives a copy of the tensor's dimensions.
func (g *Golden) Shape(name string) []int {
	g.tb.Helper()
	return slices.Clone(g.tensor(name).Shape)
}

// Float32s gives a copy of a floating-point tensor.
func (g *Golden) Float32s(name string) []float32 {
	g.tb.Helper()
	return slices.Clone(must(g, safetensors.Tensor.Float32s, name))
}

// Uint8s gives a copy of a U8 tensor.
func (g *Golden) Uint8s(name string) []byte {
	g.tb.Helper()
	return slices.Clone(must(g, safetensors.Tensor.Uint8s, name))
}

// Ints gives an I64 or I32 tensor.
func (g *Golden) Ints(name string) []int {
	g.tb.Helper()
	wide := must(g, safetensors.Tensor.Int64s, name)
	ints := make([]int, len(wide))
	for i, v := range wide {
		ints[i] = int(v)
	}
	return ints
}

func (g *Golden) tensor(name string) safetensors.Tensor {
	g.tb.Helper()
	t, ok := g.file.Lookup(name)
	if !ok {
		g.tb.Fatalf("%s: no tensor %q among %q", g.name, name, g.Names())
	}
	return t
}

func must[T any](g *Golden, read func(safetensors.Tensor) ([]T, error), name string) []T {
	g.tb.Helper()
	v, err := read(g.tensor(name))
	if err != nil {
		g.tb.Fatalf("%s: %v", g.name, err)
	}
	return v
}
