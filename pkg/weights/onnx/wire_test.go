package onnx

import (
	"encoding/binary"
	"errors"
	"math"
	"runtime"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/effnet/effnet/pkg/weights/state"
)

// Encoders of single fields.

func varint(num protowire.Number, v uint64) []byte {
	return protowire.AppendVarint(protowire.AppendTag(nil, num, protowire.VarintType), v)
}

func embedded(num protowire.Number, parts ...[]byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(nil, num, protowire.BytesType), slices.Concat(parts...))
}

func text(num protowire.Number, s string) []byte { return embedded(num, []byte(s)) }

func floats(values ...float32) []byte {
	var b []byte
	for _, v := range values {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
	}
	return b
}

func int64s(values ...int64) []byte {
	var b []byte
	for _, v := range values {
		b = binary.LittleEndian.AppendUint64(b, uint64(v))
	}
	return b
}

// wireTensor is a TensorProto of raw data.
func wireTensor(name string, typ dataType, raw []byte, dims ...uint64) []byte {
	var out []byte
	for _, d := range dims {
		out = append(out, varint(1, d)...)
	}
	return slices.Concat(out, varint(2, uint64(typ)), text(8, name), embedded(9, raw))
}

func wireNode(op string, inputs []string, output string, attributes ...[]byte) []byte {
	var out []byte
	for _, in := range inputs {
		out = append(out, text(1, in)...)
	}
	out = append(out, text(2, output)...)
	out = append(out, text(3, op+" "+output)...)
	out = append(out, text(4, op)...)
	for _, a := range attributes {
		out = append(out, embedded(5, a)...)
	}
	return out
}

func wireInts(name string, values ...int64) []byte {
	var packed []byte
	for _, v := range values {
		packed = protowire.AppendVarint(packed, uint64(v))
	}
	return slices.Concat(text(1, name), embedded(8, packed), varint(20, 7))
}

func wireValue(name string, dims ...uint64) []byte {
	var shape []byte
	for _, d := range dims {
		shape = append(shape, embedded(1, varint(1, d))...)
	}
	return slices.Concat(text(1, name), embedded(2, embedded(1, varint(1, 1), embedded(2, shape))))
}

// wireModel is a file of graph fields.
func wireModel(graph ...[]byte) []byte {
	return slices.Concat(varint(1, 8), text(2, "test"), embedded(7, graph...), embedded(8, varint(2, 17)))
}

// smallModel is a stem, padded as shapes tell, a head and a classifier: a
// file that shows every part of the format, and no network of the family.
func smallModel() []byte {
	zeros := func(n int) []byte { return make([]byte, 4*n) }
	return wireModel(
		embedded(1, wireNode("Shape", []string{"x"}, "shape")),
		embedded(1, wireNode("Constant", nil, "two", slices.Concat(text(1, "value"), embedded(5, wireTensor("", typeInt64, int64s(2)))))),
		embedded(1, wireNode("Gather", []string{"shape", "two"}, "height")),
		embedded(1, wireNode("Mod4", []string{"height"}, "unused")),
		embedded(1, wireNode("Div", []string{"height", "height"}, "one")),
		embedded(1, wireNode("Unsqueeze", []string{"one", "nought"}, "ones")),
		embedded(1, wireNode("Concat", []string{"four", "ones", "ones"}, "pads", slices.Concat(text(1, "axis"), varint(3, 0)))),
		embedded(1, wireNode("Slice", []string{"pads", "nought", "eight", "nought"}, "pads8")),
		embedded(1, wireNode("Pad", []string{"x", "pads8"}, "padded")),
		embedded(1, wireNode("Conv", []string{"padded", "w", "b"}, "conv", wireInts("strides", 2, 2), wireInts("pads", 0, 0, 0, 0))),
		embedded(1, wireNode("Sigmoid", []string{"conv"}, "gate")),
		embedded(1, wireNode("Mul", []string{"conv", "gate"}, "stem")),
		embedded(1, wireNode("Transpose", []string{"v"}, "turned", wireInts("perm", 1, 0, 2, 3))),
		embedded(1, wireNode("Conv", []string{"stem", "turned"}, "head")),
		embedded(1, wireNode("Clip", []string{"head", "zero", "six"}, "relu")),
		embedded(1, wireNode("GlobalAveragePool", []string{"relu"}, "mean")),
		embedded(1, wireNode("Flatten", []string{"mean"}, "flat")),
		embedded(1, wireNode("Gemm", []string{"flat", "m", "c"}, "y", slices.Concat(text(1, "transB"), varint(3, 1)))),
		embedded(5, wireTensor("w", typeFloat, zeros(8*27), 8, 3, 3, 3)),
		embedded(5, varint(1, 8), varint(2, 1), text(8, "b"), embedded(4, zeros(8))),
		embedded(5, wireTensor("v", typeFloat16, make([]byte, 2*8*4), 8, 4, 1, 1)),
		embedded(5, wireTensor("m", typeDouble, make([]byte, 8*3*4), 3, 4)),
		embedded(5, varint(1, 3), varint(2, uint64(typeBFloat16)), text(8, "c"), embedded(5, []byte{0, 0x80, 1, 2})),
		embedded(5, wireTensor("zero", typeFloat, floats(0))),
		embedded(5, wireTensor("six", typeFloat, floats(6))),
		embedded(5, wireTensor("four", typeInt64, int64s(0, 0, 0, 0, 0, 0), 6)),
		embedded(5, varint(1, 1), varint(2, 7), text(8, "nought"), embedded(7, []byte{0})),
		embedded(5, varint(1, 1), varint(2, 6), text(8, "eight"), embedded(5, []byte{8})),
		embedded(11, wireValue("x", 1, 3, 64, 64)),
		embedded(12, wireValue("y", 1, 3)),
	)
}

func TestSmallModelGoesAllTheWay(t *testing.T) {
	_, err := Read(smallModel(), state.Options{})
	checkRefused(t, "small", err, `node "Conv conv" (Conv): a stem of 8 channels and 0 blocks behind it, which no variant has`)
}

func TestWireFaults(t *testing.T) {
	good := func(more ...[]byte) []byte {
		return wireModel(append(more, embedded(11, wireValue("x", 1, 3, 64, 64)), embedded(12, wireValue("x")))...)
	}
	tensor := func(parts ...[]byte) []byte { return good(embedded(5, slices.Concat(parts...))) }
	immense := []byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f}
	for want, data := range map[string][]byte{
		"the ONNX file has 0 graphs":                           slices.Concat(varint(1, 8), text(2, "pytorch")),
		"the ONNX file has 2 graphs":                           slices.Concat(good(), embedded(7)),
		"holds a graph of its own":                             good(embedded(1, wireNode("If", []string{"x"}, "i", embedded(6))), embedded(12, wireValue("i"))),
		"ONNX operator set 8 is none of 9 to 24":               slices.Concat(varint(1, 3), embedded(7), embedded(8, varint(2, 8))),
		"ONNX operator set 99 is none of":                      slices.Concat(varint(1, 3), embedded(7), embedded(8, text(1, "ai.onnx"), varint(2, 99))),
		"ONNX operator set 0":                                  slices.Concat(varint(1, 3), embedded(7), embedded(8, text(1, "other"), varint(2, 17))),
		"breaks off":                                           slices.Concat(varint(1, 3), protowire.AppendTag(nil, 7, protowire.BytesType), immense),
		"its protobuf encoding":                                slices.Concat(varint(1, 3), protowire.AppendTag(nil, 7, protowire.StartGroupType), varint(1, 1)),
		"truncated or damaged":                                 slices.Concat(good(), varint(7, 3)),
		"is truncated":                                         good(embedded(1, varint(4, 3))),
		"or damaged":                                           good(embedded(1, embedded(5, text(3, "x")))),
		"sparse tensors":                                       good(embedded(15, text(1, ""))),
		`tensor "w" lies in another file (external data)`:      tensor(text(8, "w"), varint(14, 1), varint(1, 3), varint(2, 1)),
		`tensor "e" lies in another file`:                      tensor(text(8, "e"), embedded(13, text(1, "location"), text(2, "/etc/passwd"))),
		`tensor "a" has more than 8 dimensions`:                tensor(text(8, "a"), embedded(1, make([]byte, 9))),
		`tensor "n" has the dimension -1`:                      tensor(text(8, "n"), varint(1, math.MaxUint64)),
		`tensor "i" has the dimension 1099511627776`:           tensor(text(8, "i"), varint(1, 1<<40)),
		`tensor "o": shape [65536 65536 65536] is too large`:   tensor(text(8, "o"), varint(1, 1<<16), varint(1, 1<<16), varint(1, 1<<16)),
		`tensor "s": shape [1000] needs 4000, the file has 8`:  tensor(wireTensor("s", typeFloat, make([]byte, 8), 1000)),
		`tensor "z": shape [0 268435456 2] is too large`:       tensor(text(8, "z"), varint(1, 0), varint(1, 1<<28), varint(1, 2)),
		`tensor "v": shape [9] needs 9, the file has 2 values`: tensor(text(8, "v"), varint(1, 9), varint(2, 7), embedded(7, []byte{1, 2})),
		`tensor "t" has its values twice`:                      tensor(text(8, "t"), varint(1, 1), varint(2, 7), embedded(7, []byte{1}), embedded(9, int64s(1))),
		`"d" has more than 8 dimensions`:                       good(embedded(11, wireValue("d", 1, 2, 3, 4, 5, 6, 7, 8, 9))),
		"the ONNX graph has more than 65536 nodes":             good(slices.Repeat(embedded(1), maxNodes+1)),
		"the ONNX file has more than 65536 tensors":            good(slices.Repeat(embedded(5), maxTensors+1)),
		"the ONNX graph has more than 65536 inputs":            good(slices.Repeat(embedded(11), maxTensors+1)),
		"the ONNX graph has more than 262144 values":           good(embedded(1, slices.Repeat(text(1, ""), maxValues+1))),
		"more than 64 attributes":                              good(embedded(1, slices.Repeat(embedded(5), 65))),
		"expected the stem's 3×3 convolution with stride 2":    good(),
		`tensor "u" has the element type 8, expected floats`:   good(embedded(5, wireTensor("u", 8, nil)), embedded(1, wireNode("Reshape", []string{"x", "u"}, "r")), embedded(12, wireValue("r"))),
		`its input "b" is made only later`:                     cycle(),
		`tensor "f": its values are in the field of another`:   usedTensor(slices.Concat(text(8, "f"), varint(1, 1), varint(2, 1), embedded(5, []byte{1}))),
		`tensor "g": shape [1], but more values`:               usedTensor(slices.Concat(text(8, "g"), varint(1, 1), varint(2, 6), embedded(5, []byte{1, 2}))),
		`tensor "h": shape [2] needs 2, the file has 1 values`: usedTensor(slices.Concat(text(8, "h"), varint(1, 2), varint(2, 6), embedded(5, []byte{0x81, 0x01}))),
	} {
		_, err := Read(data, state.Options{})
		checkRefused(t, want, err, want)
	}
}

// cycle is of two nodes.
func cycle() []byte {
	return wireModel(
		embedded(1, wireNode("Add", []string{"x", "b"}, "a")), embedded(1, wireNode("Add", []string{"a", "x"}, "b")),
		embedded(11, wireValue("x", 1, 3, 64, 64)), embedded(12, wireValue("b")),
	)
}

// usedTensor adds a tensor to the picture.
func usedTensor(tensor []byte) []byte {
	name := ""
	fields(tensor, func(f field) error {
		if f.num == 8 {
			name = string(f.bytes)
		}
		return nil
	})
	return wireModel(
		embedded(1, wireNode("Add", []string{"x", name}, "y")), embedded(5, tensor),
		embedded(11, wireValue("x", 1, 3, 64, 64)), embedded(12, wireValue("y")),
	)
}

// Whatever happens to a file, Read says so in a line or gives a network.
func tryRead(t *testing.T, what string, data []byte) {
	t.Helper()
	in, err := Read(data, state.Options{})
	var refused *state.Error
	if err != nil && (!errors.As(err, &refused) || err.Error() == "" || strings.Contains(err.Error(), "\n")) {
		t.Fatalf("%s: %T %q", what, err, err)
	}
	if err == nil {
		if err := in.Profile.Validate(); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
	}
}

func TestEveryTruncation(t *testing.T) {
	for _, data := range [][]byte{smallModel(), load(t, "torchvision_new")} {
		for n := range data {
			if _, err := Read(data[:n], state.Options{}); err == nil {
				t.Fatalf("%d of %d bytes are taken", n, len(data))
			}
		}
	}
}

func TestEveryFlippedByte(t *testing.T) {
	small := smallModel()
	for i := range small {
		for _, flip := range []byte{1, 0x80, 0xff} {
			data := slices.Clone(small)
			data[i] ^= flip
			tryRead(t, "small", data)
		}
	}
	whole := load(t, "torchvision_new")
	const nodes = 20000 // bytes; then weights
	for i := range whole {
		if i%7 != 0 || i > nodes && i%61 != 0 {
			continue
		}
		data := slices.Clone(whole)
		data[i] ^= byte(1 + i%255)
		tryRead(t, "whole", data)
	}
}

// Nothing that a small file asks for takes much memory.
func TestMemoryIsBounded(t *testing.T) {
	const size = "size"
	shape := embedded(5, wireTensor(size, typeInt64, int64s(1<<13, 1<<13), 2))
	ends := slices.Concat(shape, embedded(11, wireValue("x", 1, 3, 64, 64)), embedded(12, wireValue("y")))
	chain := []byte{}
	last := "seed"
	for i := range 2000 {
		next := strings.Repeat("a", 1+i%50) + string(rune('A'+i/50))
		chain = append(chain, embedded(1, wireNode("Concat", []string{last, last}, next, slices.Concat(text(1, "axis"), varint(3, 0))))...)
		last = next
	}
	for name, data := range map[string][]byte{
		"fill":      wireModel(embedded(1, wireNode("ConstantOfShape", []string{size}, "c")), embedded(1, wireNode("Add", []string{"x", "c"}, "y")), ends),
		"expand":    wireModel(embedded(1, wireNode("Expand", []string{size, size}, "c")), embedded(1, wireNode("Add", []string{"x", "c"}, "y")), ends),
		"doubling":  wireModel(chain, embedded(1, wireNode("Add", []string{"x", last}, "y")), embedded(5, wireTensor("seed", typeFloat, floats(1), 1)), ends),
		"nodes":     wireModel(slices.Repeat(embedded(1), maxNodes), ends),
		"varints":   wireModel(embedded(1, embedded(5, text(1, "a"), embedded(8, make([]byte, 1<<20)))), ends),
		"recursion": wireModel(embedded(1, embedded(5, nested(1<<12))), ends),
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := Read(data, state.Options{})
		runtime.ReadMemStats(&after)
		if err == nil {
			t.Errorf("%s is taken", name)
		}
		if got := after.TotalAlloc - before.TotalAlloc; got > 64<<20 {
			t.Errorf("%s: %d bytes for a file of %d", name, got, len(data))
		}
	}
}

// nested is an attribute with a graph with a node with an attribute …
func nested(depth int) []byte {
	b := text(1, "body")
	for range depth {
		b = embedded(6, embedded(1, embedded(5, b)))
	}
	return b
}

func FuzzRead(f *testing.F) {
	f.Add(smallModel())
	f.Add(cycle())
	f.Add(usedTensor(wireTensor("t", typeFloat, floats(1, 2, 3), 3, 1, 1)))
	f.Add(wireModel(embedded(1, embedded(5, nested(3))), embedded(11, wireValue("x", 1, 3, 64, 64)), embedded(12, wireValue("x"))))
	f.Fuzz(func(t *testing.T, data []byte) { tryRead(t, "fuzz", data) })
}
