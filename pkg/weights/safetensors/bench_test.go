package safetensors

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

// BenchmarkParse reads a header as large as the embedded model's: 280 tensors
// and 120 KB of labels.
func BenchmarkParse(b *testing.B) {
	var tensors []Tensor
	for i := range 280 {
		tensors = append(tensors, FromFloat32s(fmt.Sprintf("stages.%d.0.depthwise.norm.variance", i), []int{4, 1, 1, 1}, make([]float32, 4)))
	}
	labels := strings.Repeat("n02099601\tgolden retriever\tsome synonym\tand another, longer synonym of the class\n", 1500)
	var file bytes.Buffer
	if err := Write(&file, map[string]string{"labels": labels}, tensors); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(file.Len()))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse(file.Bytes()); err != nil {
			b.Fatal(err)
		}
	}
}
