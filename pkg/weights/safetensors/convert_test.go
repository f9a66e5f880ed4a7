package safetensors

import (
	"encoding/binary"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestFloat32s(t *testing.T) {
	inf := float32(math.Inf(1))
	tests := []struct {
		dtype DType
		bytes []byte
		want  []float32
	}{
		{F32, []byte{0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0}, []float32{1, -2}},
		{F64, []byte{0, 0, 0, 0, 0, 0, 0xf0, 0x3f, 0x9a, 0x99, 0x99, 0x99, 0x99, 0x99, 0xb9, 0xbf}, []float32{1, -0.1}},
		// one, -2, largest, least normal, largest and least subnormal, infinities
		{F16, []byte{0, 0x3c, 0, 0xc0, 0xff, 0x7b, 0, 4, 0xff, 3, 1, 0, 0, 0x7c, 0, 0xfc},
			[]float32{1, -2, 65504, 0x1p-14, 1023 * 0x1p-24, 0x1p-24, inf, -inf}},
		{BF16, []byte{0x80, 0x3f, 0, 0xc0, 0x49, 0x40, 0x80, 0x7f}, []float32{1, -2, 3.140625, inf}},
		{F32, nil, []float32{}},
	}
	for _, tt := range tests {
		got, err := Tensor{Name: "a", DType: tt.dtype, Bytes: tt.bytes}.Float32s()
		if err != nil {
			t.Errorf("%s: %v", tt.dtype, err)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s: %s", tt.dtype, diff)
		}
	}
}

func TestHalfKeepsSignAndNaN(t *testing.T) {
	if got := half(0x8000); got != 0 || !math.Signbit(float64(got)) {
		t.Errorf("negative zero became %v", got)
	}
	if got := half(0x7e01); got == got {
		t.Errorf("NaN became %v", got)
	}
}

func TestFloat32sAtEveryAlignment(t *testing.T) {
	want := []float32{1.5, -3, 1e-30}
	for offset := range 8 {
		b := make([]byte, offset, 64)
		for _, v := range want {
			b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
		}
		got, err := Tensor{DType: F32, Bytes: b[offset:]}.Float32s()
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("offset %d: %s", offset, diff)
		}
	}
}

func TestIntegers(t *testing.T) {
	b := []byte{0xfe, 0xff, 0xff, 0xff, 1, 0, 0, 0}
	i32, err := Tensor{DType: I32, Bytes: b}.Int32s()
	if diff := cmp.Diff([]int32{-2, 1}, i32); diff != "" || err != nil {
		t.Error(diff, err)
	}
	i64, err := Tensor{DType: I32, Bytes: b}.Int64s()
	if diff := cmp.Diff([]int64{-2, 1}, i64); diff != "" || err != nil {
		t.Error(diff, err)
	}
	i64, err = Tensor{DType: I64, Bytes: b}.Int64s()
	if diff := cmp.Diff([]int64{1<<33 - 2}, i64); diff != "" || err != nil {
		t.Error(diff, err)
	}
	u8, err := Tensor{DType: U8, Bytes: b}.Uint8s()
	if diff := cmp.Diff(b, u8); diff != "" || err != nil {
		t.Error(diff, err)
	}
}

func TestOtherTypesAreNotReinterpreted(t *testing.T) {
	f, err := Parse(container(one("I64", "[1]", "[0,8]"), 8))
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.Float32s("a")
	if err == nil || !strings.Contains(err.Error(), `tensor "a": dtype I64, expected F32, F16, BF16 or F64`) {
		t.Errorf("got %v", err)
	}
	if _, err = f.Float32s("b"); err == nil || err.Error() != `tensor "b" is missing` {
		t.Errorf("got %v", err)
	}
	u8 := Tensor{DType: F32}
	if _, err := u8.Uint8s(); err == nil {
		t.Error("F32 as U8")
	}
	if _, err := u8.Int32s(); err == nil {
		t.Error("F32 as I32")
	}
	if _, err := u8.Int64s(); err == nil {
		t.Error("F32 as I64")
	}
}
