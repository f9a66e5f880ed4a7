package pytorch

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/effnet/effnet/pkg/weights/safetensors"
	"github.com/effnet/effnet/pkg/weights/state"
)

const folder = "../../../testdata/weights/pytorch"

func file(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(folder, name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func mustParse(t testing.TB, data []byte) *state.Dict {
	t.Helper()
	d, err := Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// values loads every floating-point tensor.
func values(t testing.TB, d *state.Dict) map[string][]float32 {
	t.Helper()
	all := map[string][]float32{}
	for _, x := range d.Tensors {
		if strings.HasSuffix(x.Name, "num_batches_tracked") {
			continue
		}
		v, err := x.Load()
		if err != nil {
			t.Fatal(err)
		}
		if len(v) != x.Len() {
			t.Fatalf("%s has %d values of shape %v", x.Name, len(v), x.Shape)
		}
		all[x.Name] = v
	}
	return all
}

func TestBothFormatsHoldTheSame(t *testing.T) {
	zipped, old := mustParse(t, file(t, "torchvision.pth")), mustParse(t, file(t, "torchvision_old.pth"))
	if len(zipped.Tensors) < 100 || zipped.Tensors[0].Name != "features.0.0.weight" {
		t.Errorf("%d tensors from %s on", len(zipped.Tensors), zipped.Tensors[0].Name)
	}
	for i, x := range zipped.Tensors {
		if y := old.Tensors[i]; x.Name != y.Name || !slices.Equal(x.Shape, y.Shape) {
			t.Fatalf("%s %v and %s %v", x.Name, x.Shape, y.Name, y.Shape)
		}
	}
	if diff := cmp.Diff(values(t, zipped), values(t, old)); diff != "" {
		t.Error(diff)
	}
}

// A checkpoint's averaged weights come before its others; what else it keeps
// is passed over.
func TestCheckpoints(t *testing.T) {
	d := mustParse(t, file(t, "torchvision_v2_checkpoint.pth"))
	if len(d.Notes) != 1 || !strings.Contains(d.Notes[0], `"model_ema"`) || d.Tensors[1].Name != "module.features.0.0.weight" {
		t.Errorf("%q, %s", d.Notes, d.Tensors[1].Name)
	}
	d = mustParse(t, file(t, "timm_checkpoint.pth.tar"))
	if d.Notes != nil || d.Arch != "tf_efficientnet_b0" || d.Tensors[0].Name != "module.conv_stem.weight" {
		t.Errorf("%q, arch %q, %s", d.Notes, d.Arch, d.Tensors[0].Name)
	}
	d = mustParse(t, file(t, "timm_lite.pth"))
	if d.Tensors[0].Name != "_orig_mod.conv_stem.weight" {
		t.Error(d.Tensors[0].Name)
	}
}

// Nothing that is cut short is taken for whole, and no damage makes it panic,
// hang or allocate more than a small multiple of the file.
func TestDamage(t *testing.T) {
	for _, name := range []string{"torchvision.pth", "torchvision_old.pth", "timm_lite.pth", "efficientnet_pytorch_views.pth"} {
		t.Run(name, func(t *testing.T) {
			data := file(t, name)
			step := max(1, len(data)/250)
			for n := 0; n < len(data); n += step {
				// Storages do not end with the file in either format.
				if d, err := Parse(data[:n]); err == nil && loads(d) == nil {
					t.Fatalf("the first %d bytes of %d are taken for the whole", n, len(data))
				}
			}
			limit := 8*uint64(len(data)) + 16<<20
			broken := slices.Clone(data)
			for i := 0; i < len(data); i += step {
				broken[i] ^= byte(1 << (i / step % 8))
				if n := allocated(func() { tryAll(broken) }); n > limit {
					t.Fatalf("byte %d: %d bytes allocated", i, n)
				}
				broken[i] = data[i]
			}
		})
	}
}

// In the new format the checksums find every damage of what is used.
func TestChecksums(t *testing.T) {
	data := file(t, "torchvision.pth")
	a, err := openArchive(memory(data))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"data.pkl", "data/0", "byteorder"} {
		offset, err := a.entries[a.root+name].DataOffset()
		if err != nil {
			t.Fatal(err)
		}
		broken := slices.Clone(data)
		broken[offset+1] ^= 0x10
		d, err := Parse(broken)
		if err == nil {
			_, err = d.Tensors[0].Load()
		}
		checkError(t, err, "checksum")
	}
}

func loads(d *state.Dict) error {
	for _, x := range d.Tensors {
		if strings.HasSuffix(x.Name, "num_batches_tracked") {
			continue
		}
		if _, err := x.Load(); err != nil {
			return err
		}
	}
	return nil
}

func tryAll(data []byte) {
	if d, err := Parse(data); err == nil {
		for _, x := range d.Tensors {
			x.Load()
		}
	}
}

func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

func checkError(t *testing.T, err error, want string) {
	t.Helper()
	var own *state.Error
	var container *safetensors.Error
	switch {
	case err == nil:
		t.Errorf("no error, want %q", want)
	case !errors.As(err, &own) && !errors.As(err, &container):
		t.Errorf("error of type %T", err)
	case !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n"):
		t.Errorf("got %q, want one line with %q", err, want)
	}
}

// Views: row-major order whatever strides and offset say.
func TestViews(t *testing.T) {
	elements := make([]float32, 64)
	bytes := make([]byte, 0, 256)
	for i := range elements {
		elements[i] = float32(i)
		b := math.Float32bits(float32(i))
		bytes = append(bytes, byte(b), byte(b>>8), byte(b>>16), byte(b>>24))
	}
	s := &storage{elem: element{safetensors.F32, 4}, numel: 64}
	s.opens(memory(nil), func([]byte) ([]byte, error) { return bytes, nil })
	for _, v := range []struct {
		offset       int
		size, stride []int
	}{
		{0, nil, nil}, {63, nil, nil}, {5, []int{3}, []int{1}}, {5, []int{3}, []int{20}},
		{0, []int{4, 16}, []int{16, 1}}, {0, []int{16, 4}, []int{1, 16}}, {3, []int{2, 3, 4}, []int{1, 20, 2}},
		{0, []int{2, 2, 2, 2, 2}, []int{1, 2, 4, 8, 16}}, {1, []int{1, 7, 1}, []int{0, 9, 5}}, {2, []int{3, 1, 20}, []int{20, 7, 1}},
		{0, []int{0, 5}, []int{5, 1}}, {0, []int{20, 3}, []int{1, 20}}, {0, []int{1}, []int{100}},
	} {
		x := &tensor{storage: s, offset: v.offset, size: v.size, stride: v.stride}
		if err := x.check(); err != nil {
			t.Fatal(err)
		}
		got, err := x.load("x")
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(naive(elements, v.offset, v.size, v.stride), got); diff != "" {
			t.Errorf("%+v: %s", v, diff)
		}
	}
	for _, v := range []struct {
		offset       int
		size, stride []int
	}{
		{64, nil, nil}, {62, []int{3}, []int{1}}, {0, []int{65}, []int{0}}, {0, []int{1 << 40, 1 << 40}, []int{0, 0}},
		{0, []int{2}, []int{64}}, {0, []int{2, 2}, []int{math.MaxInt, math.MaxInt}}, {0, []int{9, 9}, []int{1, 1}},
	} {
		x := &tensor{storage: s, offset: v.offset, size: v.size, stride: v.stride}
		if x.check() == nil {
			t.Errorf("%+v was accepted", v)
		}
	}
}

// naive lists the elements of a view one by one.
func naive(from []float32, offset int, size, stride []int) []float32 {
	if len(size) == 0 {
		return []float32{from[offset]}
	}
	out := []float32{}
	for i := range size[0] {
		out = append(out, naive(from, offset+i*stride[0], size[1:], stride[1:])...)
	}
	return out
}

func TestElementTypes(t *testing.T) {
	for _, tt := range []struct {
		e    element
		data string
		want []float32
	}{
		{element{safetensors.F16, 2}, "\x00\x3c\x00\xc0", []float32{1, -2}},
		{element{safetensors.BF16, 2}, "\x80\x3f\x00\xc0", []float32{1, -2}},
		{element{safetensors.F64, 8}, "\x00\x00\x00\x00\x00\x00\xf0\x3f\x00\x00\x00\x00\x00\x00\x00\xc0", []float32{1, -2}},
	} {
		for _, big := range []bool{false, true} {
			data := []byte(tt.data)
			if big {
				data = swapped(data, tt.e.size)
			}
			s := &storage{elem: tt.e, numel: 2}
			s.opens(memory(nil), func([]byte) ([]byte, error) {
				if big {
					return swapped(data, tt.e.size), nil
				}
				return data, nil
			})
			for _, x := range []*tensor{
				{storage: s, size: []int{2}, stride: []int{1}},
				{storage: s, size: []int{1, 2}, stride: []int{9, 1}},
			} {
				got, err := x.load("x")
				if err != nil || !slices.Equal(got, tt.want) {
					t.Errorf("%s, big %v: %v, %v", tt.e.dtype, big, got, err)
				}
			}
		}
	}
	s := &storage{elem: element{size: 8}, numel: 1}
	_, err := (&tensor{storage: s}).load("counter")
	checkError(t, err, `tensor "counter" has whole or complex numbers`)
}

func ExampleParse() {
	data, err := os.ReadFile(filepath.Join(folder, "torchvision.pth"))
	if err != nil {
		fmt.Println(err)
		return
	}
	dict, err := Parse(data)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(dict.Tensors[0].Name, dict.Tensors[0].Shape)
	// Output: features.0.0.weight [8 3 3 3]
}
