package hdf5

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/effnet/effnet/internal/testkit"
)

// generations are the files of tools/golden/hdf5_files.py that hold every form
// of storage as one generation of the format writes it.
var generations = []string{"earliest", "v108", "v110", "latest"}

func load(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(testkit.Root(t), "testdata", "weights", "hdf5", name+".h5"))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func rootOf(t testing.TB, data []byte) *Group {
	t.Helper()
	f, err := Open(data)
	if err != nil {
		t.Fatal(err)
	}
	root, err := f.Root()
	if err != nil {
		t.Fatal(err)
	}
	return root
}

// counted is what hdf5_files.py puts into arrays of numbers.
func counted(n int) []float32 {
	out := make([]float32, n)
	for i := range out {
		out[i] = float32(i * 7 % 101)
	}
	return out
}

func numbers(t *testing.T, g *Group, path string, shape ...int) {
	t.Helper()
	d, err := g.Dataset(path)
	if err != nil {
		t.Error(err)
		return
	}
	if diff := cmp.Diff(shape, d.Shape); diff != "" {
		t.Errorf("%s: %s", path, diff)
	}
	got, err := d.Float32s()
	if err != nil {
		t.Error(err)
		return
	}
	if diff := cmp.Diff(counted(d.Len()), got); diff != "" {
		t.Errorf("%s: %s", path, diff)
	}
}

func TestTypes(t *testing.T) {
	for _, name := range generations {
		t.Run(name, func(t *testing.T) {
			types, err := rootOf(t, load(t, name)).Group("types")
			if err != nil {
				t.Fatal(err)
			}
			for _, kind := range []string{"f2", "f4", "f8", "f2be", "f4be", "f8be", "i1", "i2", "i4be", "i8", "u1", "u2"} {
				numbers(t, types, kind, 3, 4)
			}
			for path, want := range map[string][]string{"text": {"alpha", "be", ""}, "varlen": {"alpha", "bête", ""}} {
				d, err := types.Dataset(path)
				if err != nil {
					t.Fatal(err)
				}
				got, err := d.Strings()
				if err != nil || !slices.Equal(got, want) {
					t.Errorf("%s is %q, %v, want %q", path, got, err, want)
				}
			}
			for path, want := range map[string][]float32{"scalar": {42}, "empty": nil} {
				d, err := types.Dataset(path)
				if err != nil {
					t.Fatal(err)
				}
				got, err := d.Float32s()
				if err != nil || !slices.Equal(got, want) {
					t.Errorf("%s is %v, %v, want %v", path, got, err, want)
				}
			}
			brain, err := types.Dataset("bf16")
			if err != nil {
				t.Fatal(err)
			}
			if got, err := brain.BFloat16s(); err != nil || !slices.Equal(got, counted(12)) {
				t.Errorf("bf16 is %v, %v", got, err)
			}
			wide, err := types.Dataset("f4")
			if err != nil {
				t.Fatal(err)
			}
			if _, err := wide.BFloat16s(); err == nil || !strings.Contains(err.Error(), "expected bfloat16") {
				t.Errorf("four bytes as bfloat16: %v", err)
			}
		})
	}
}

func TestChunks(t *testing.T) {
	shapes := map[string][]int{
		"single": {7, 5}, "single_gzip": {7, 5}, "fixed": {7, 5}, "fixed_gzip": {7, 5}, "fixed_shuffle": {7, 5, 3},
		"fixed_all": {31}, "fixed_sum": {31}, "fixed_grows": {7, 5}, "implicit": {7, 5},
		"extensible": {7, 5}, "extensible_second": {7, 5}, "extensible_gzip": {60, 3}, "extensible_long": {700},
		"tree": {7, 5}, "tree_gzip": {40, 3}, "tree_deep": {20, 12},
	}
	for _, name := range generations {
		root := rootOf(t, load(t, name))
		for path, shape := range shapes {
			t.Run(name+"/"+path, func(t *testing.T) { numbers(t, root, "chunked/"+path, shape...) })
		}
		numbers(t, root, "compact/compact", 3, 4)
		numbers(t, root, "a/b/c/d/e/f/leaf", 2)
		if name == "v110" || name == "latest" {
			numbers(t, root, "chunked/fixed_paged", 1100)
			numbers(t, root, "chunked/fixed_paged_gzip", 3300)
		}
	}
	numbers(t, rootOf(t, load(t, "userblock")), "a", 3, 4)
}

// The indices of version 4 layouts must all have been met, else the files
// prove nothing.
func TestEveryIndexIsMet(t *testing.T) {
	met := map[indexKind]bool{}
	for _, name := range generations {
		g, err := rootOf(t, load(t, name)).Group("chunked")
		if err != nil {
			t.Fatal(err)
		}
		links, err := g.Links()
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range links {
			d, err := g.Dataset(l.Name)
			if err != nil {
				t.Fatal(err)
			}
			met[d.layout.index] = true
		}
	}
	for kind := indexTree1; kind <= indexTree2; kind++ {
		if !met[kind] {
			t.Errorf("no file has an index of kind %d", kind)
		}
	}
}

func TestAttributes(t *testing.T) {
	for _, name := range generations {
		t.Run(name, func(t *testing.T) {
			g, err := rootOf(t, load(t, name)).Group("attributes")
			if err != nil {
				t.Fatal(err)
			}
			for key, want := range map[string][]string{
				"text": {"bête"}, "bytes": {"alpha"}, "fixed": {"alpha"}, "list": {"alpha", "be"}, "varlen": {"alpha", "bête"},
			} {
				a := attribute(t, &g.object, key)
				if got, err := a.Strings(); err != nil || !slices.Equal(got, want) {
					t.Errorf("%s is %q, %v, want %q", key, got, err, want)
				}
			}
			a := attribute(t, &g.object, "numbers")
			if got, err := a.Float32s(); err != nil || !slices.Equal(got, counted(6)) || !slices.Equal(a.Shape, []int{2, 3}) {
				t.Errorf("numbers are %v %v, %v", a.Shape, got, err)
			}
			if got, err := attribute(t, &g.object, "integer").Ints(); err != nil || !slices.Equal(got, []int64{42}) {
				t.Errorf("integer is %v, %v", got, err)
			}
			if _, err := attribute(t, &g.object, "truth").Ints(); err == nil || !strings.Contains(err.Error(), "enum") {
				t.Errorf("an enum was read as a number: %v", err)
			}
			if a, err := g.Attribute("absent"); a != nil || err != nil {
				t.Errorf("absent is %v, %v", a, err)
			}
			dense, err := g.Group("dense")
			if err != nil {
				t.Fatal(err)
			}
			for i := range 40 {
				got, err := attribute(t, &dense.object, fmt.Sprintf("number_%d", i)).Ints()
				if err != nil || !slices.Equal(got, []int64{int64(i)}) {
					t.Errorf("number_%d is %v, %v", i, got, err)
				}
			}
			if got, err := attribute(t, &dense.object, "text").Text(); err != nil || got != strings.Repeat("x", 600) {
				t.Errorf("text is %q, %v", got, err)
			}
			large, err := attribute(t, &dense.object, "large").Strings()
			if err != nil || len(large) != 80 || large[79] != "0079"+strings.Repeat("-", 60) {
				t.Errorf("large is %q, %v", large, err)
			}
		})
	}
}

func attribute(t *testing.T, o *object, name string) *Attribute {
	t.Helper()
	a, err := o.Attribute(name)
	if err != nil {
		t.Fatal(err)
	}
	if a == nil {
		t.Fatalf("no attribute %s", name)
	}
	return a
}

func TestLinks(t *testing.T) {
	for _, name := range generations {
		g, err := rootOf(t, load(t, name)).Group("many")
		if err != nil {
			t.Fatal(err)
		}
		links, err := g.Links()
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]bool{}
		for _, l := range links {
			got[l.Name] = l.Kind == HardLink
		}
		for i := range 120 {
			if !got[fmt.Sprintf("member_%d", i)] {
				t.Errorf("%s: member_%d is missing", name, i)
			}
		}
		if len(links) != 120 {
			t.Errorf("%s: %d members", name, len(links))
		}
	}
}

func TestPaths(t *testing.T) {
	root := rootOf(t, load(t, "latest"))
	for path, want := range map[string]string{
		"absent":          `"/absent" is not in the file`,
		"types/absent/f4": `"/types/absent" is not in the file`,
		"types/f4/x":      `"f4" in "/types" is a dataset, expected a group`,
		"types":           `"types" in "/" is a group, expected a dataset`,
		"":                `"/" is not in the file`,
		"types//f4":       `"/types/" is not in the file`,
	} {
		if _, err := root.Dataset(path); err == nil || err.Error() != want {
			t.Errorf("%q: got %v, want %s", path, err, want)
		}
	}
}
