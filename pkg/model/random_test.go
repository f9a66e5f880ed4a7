package model

import (
	"math"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The literals are the bits of the first three values and the last one as
// numpy computes them from the generator's definition.
func TestRandomEqualsNumpy(t *testing.T) {
	tests := []struct {
		name  string
		shape []int
		seed  uint64
		want  []uint32
	}{
		{"stem.conv.weight", []int{32, 3, 3, 3}, 1, []uint32{0xbe96ca44, 0x3ef44028, 0xbe04efe0, 0x3dec4ad0}},
		{"stages.1.0.se.reduce.weight", []int{4, 96, 1, 1}, 1, []uint32{0xbe0f0bc6, 0x3d25c4d6, 0x3e19a55a, 0xbdf9a127}},
		{"stages.1.0.se.expand.weight", []int{96, 4, 1, 1}, 7, []uint32{0xbf18c2fb, 0xbede1819, 0xbee1b500, 0xbe007696}},
		{"classifier.weight", []int{1000, 1280}, math.MaxUint64, []uint32{0x3cb36ca0, 0xbc5c46bc, 0xba8c7ce9, 0xbb79acd0}},
		{"stem.norm.weight", []int{32}, 1, []uint32{0x3f6d27c6, 0x3f83f334, 0x3f4d8e40, 0x3f70b5a6}},
		{"stem.norm.bias", []int{32}, 1, []uint32{0x3cb9da60, 0xbde03900, 0x3e63c1d4, 0xbd437a30}},
		{"stem.norm.mean", []int{32}, 0, []uint32{0x3e309a1a, 0x3c1984c0, 0xbd0c6ad8, 0xbdab2b04}},
		{"stem.norm.variance", []int{32}, 1, []uint32{0x3f3e4800, 0x3f7d0f48, 0x3f28be5f, 0x3fa0d22a}},
		{"stages.5.0.project.norm.weight", []int{16}, 1, []uint32{0x3f997d0f, 0x3f83d6c4, 0x3f7730da, 0x3f457f88}},
		{"stages.5.10.project.norm.weight", []int{16}, 1, []uint32{0x3e2c2c97, 0x3e7cfff7, 0x3e4a32a2, 0x3e41d481}},
		{"stages.0.1.fused.norm.weight", []int{16}, 1, []uint32{0x3e9481a4, 0x3e83b10e, 0x3e8a9a32, 0x3eae35a3}},
		{"classifier.bias", []int{1000}, 1, []uint32{0xbd93ea78, 0x3e1ca828, 0x3c4fffc0, 0xbe2b45c8}},
		{"stages.1.0.se.reduce.bias", []int{4}, 1, []uint32{0x3c6c6420, 0xbe3f20be, 0x3e1954e2, 0x3e5d37cc}},
	}
	for _, tt := range tests {
		spec := ParamSpec{Name: tt.name, Shape: tt.shape}
		p := Random([]ParamSpec{spec}, tt.seed)[tt.name]
		if !slices.Equal(p.Shape, tt.shape) || len(p.Data) != spec.Len() {
			t.Fatalf("%s: %d values of shape %v", tt.name, len(p.Data), p.Shape)
		}
		var got []uint32
		for _, v := range []float32{p.Data[0], p.Data[1], p.Data[2], p.Data[len(p.Data)-1]} {
			got = append(got, math.Float32bits(v))
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s, seed %d: %s", tt.name, tt.seed, diff)
		}
	}
}
