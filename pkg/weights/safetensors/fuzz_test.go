package safetensors

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// FuzzParse holds that whatever Parse accepts covers its bytes exactly and is
// the same after it was written and read again.
func FuzzParse(f *testing.F) {
	var b bytes.Buffer
	err := Write(&b, map[string]string{"k": "v\n\u00e9"}, []Tensor{
		FromFloat32s("a", []int{2}, []float32{1, 2}),
		{Name: "h", DType: F16, Shape: []int{1, 1}, Bytes: []byte{0, 0x3c}},
		{Name: "z", DType: U8, Shape: []int{0}},
	})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Add(container("{}", 0))
	f.Add(container(`{"\ud83d\ude00":{"dtype":"F64","shape":[],"data_offsets":[0,8]}}`, 8))
	f.Add(container(one("F32", "[4294967296,4294967296]", "[0,4]"), 4))
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := Parse(data)
		if err != nil {
			var refused *Error
			if !errors.As(err, &refused) || strings.Contains(err.Error(), "\n") {
				t.Fatalf("%T %q", err, err)
			}
			return
		}
		total := 0
		for _, tensor := range file.Tensors() {
			total += len(tensor.Bytes)
			if _, err := tensor.Float32s(); err != nil && strings.HasPrefix(string(tensor.DType), "F") &&
				!strings.HasPrefix(string(tensor.DType), "F8") {
				t.Fatal(err)
			}
		}
		if total > len(data) {
			t.Fatalf("tensors of %d bytes in a file of %d", total, len(data))
		}
		var b bytes.Buffer
		if err := Write(&b, file.Metadata, file.Tensors()); err != nil {
			t.Fatal(err)
		}
		again, err := Parse(b.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(file.Tensors(), again.Tensors()); diff != "" {
			t.Fatal(diff)
		}
		if len(file.Metadata) > 0 {
			if diff := cmp.Diff(file.Metadata, again.Metadata); diff != "" {
				t.Fatal(diff)
			}
		}
	})
}
