package onnx

import (
	"encoding/binary"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/effnet/effnet/pkg/weights/safetensors"
	"github.com/effnet/effnet/pkg/weights/state"
)

// dataType is an element type by its number in TensorProto.
type dataType int64

const (
	typeFloat    dataType = 1
	typeUint8    dataType = 2
	typeInt8     dataType = 3
	typeInt32    dataType = 6
	typeInt64    dataType = 7
	typeBool     dataType = 9
	typeFloat16  dataType = 10
	typeDouble   dataType = 11
	typeBFloat16 dataType = 16
)

var floatTypes = map[dataType]safetensors.DType{
	typeFloat: safetensors.F32, typeFloat16: safetensors.F16, typeDouble: safetensors.F64, typeBFloat16: safetensors.BF16,
}

var integerSizes = map[dataType]int{typeUint8: 1, typeInt8: 1, typeInt32: 4, typeInt64: 8, typeBool: 1}

// tensor is a TensorProto. Its values share the file's bytes until they are
// asked for.
type tensor struct {
	name     string
	typ      dataType
	shape    []int
	raw      []byte // little-endian elements: raw_data, float_data, double_data
	varints  []byte // encoded elements: int32_data, int64_data
	external bool
}

func parseTensor(message []byte) (*tensor, error) {
	t := &tensor{shape: []int{}}
	var dims []int64
	err := fields(message, func(f field) error {
		switch f.num {
		case 1:
			return f.appendIntegers(&dims)
		case 2:
			return f.integer((*int64)(&t.typ))
		case 4, 10: // float_data, double_data
			return f.appendFixed(&t.raw)
		case 5, 7: // int32_data, int64_data
			return f.appendVarints(&t.varints)
		case 8:
			return f.text(&t.name)
		case 9:
			var err error
			t.raw, err = f.message()
			return err
		case 13:
			t.external = true
		case 14:
			var location int64
			err := f.integer(&location)
			t.external = t.external || location != 0
			return err
		}
		if len(dims) > maxRank {
			return state.Refuse("tensor %s has more than %d dimensions", state.Quote(t.name), maxRank)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if len(dims) > maxRank {
		return nil, state.Refuse("tensor %s has more than %d dimensions", state.Quote(t.name), maxRank)
	}
	for _, d := range dims {
		if d < 0 || d > maxElements {
			return nil, state.Refuse("tensor %s has the dimension %d", state.Quote(t.name), d)
		}
		t.shape = append(t.shape, int(d))
	}
	return t, t.check()
}

// check holds the shape to the bytes that are there.
func (t *tensor) check() error {
	if t.external {
		return state.Refuse("tensor %s lies in another file (external data), which is never opened: export into one file (external_data=False)",
			state.Quote(t.name))
	}
	n, ok := product(t.shape)
	if !ok {
		return state.Refuse("tensor %s: shape %v is too large", state.Quote(t.name), t.shape)
	}
	size := integerSizes[t.typ]
	if dtype, float := floatTypes[t.typ]; float {
		size = dtype.Size()
	}
	switch {
	case size == 0:
		return nil // refused where it is used
	case t.varints != nil && t.raw != nil:
		return state.Refuse("tensor %s has its values twice", state.Quote(t.name))
	case t.varints != nil && n > len(t.varints):
		return t.short(n, len(t.varints), "values at most")
	case t.varints == nil && n*size != len(t.raw):
		return t.short(n*size, len(t.raw), "bytes")
	}
	return nil
}

func (t *tensor) short(want, got int, unit string) error {
	return state.Refuse("tensor %s: shape %v needs %d, the file has %d %s", state.Quote(t.name), t.shape, want, got, unit)
}

// floats gives the elements as float32; they may share the file's bytes.
func (t *tensor) floats() ([]float32, error) {
	raw := t.raw
	if t.varints != nil { // the bits of 16-bit floats
		bits, err := t.decodeVarints()
		if err != nil {
			return nil, err
		}
		if t.typ != typeFloat16 && t.typ != typeBFloat16 {
			return nil, state.Refuse("tensor %s: its values are in the field of another type", state.Quote(t.name))
		}
		raw = make([]byte, 0, 2*len(bits))
		for _, b := range bits {
			raw = binary.LittleEndian.AppendUint16(raw, uint16(b))
		}
	}
	return safetensors.Tensor{Name: t.name, DType: floatTypes[t.typ], Shape: t.shape, Bytes: raw}.Float32s()
}

// integers gives the elements of a tensor of integers or booleans.
func (t *tensor) integers() ([]int64, error) {
	if t.varints != nil {
		return t.decodeVarints()
	}
	size := integerSizes[t.typ]
	values := make([]int64, len(t.raw)/size)
	for i := range values {
		b := t.raw[i*size:]
		switch t.typ {
		case typeInt64:
			values[i] = int64(binary.LittleEndian.Uint64(b))
		case typeInt32:
			values[i] = int64(int32(binary.LittleEndian.Uint32(b)))
		case typeInt8:
			values[i] = int64(int8(b[0]))
		default:
			values[i] = int64(b[0])
		}
	}
	return values, nil
}

func (t *tensor) decodeVarints() ([]int64, error) {
	n, _ := product(t.shape)
	values := make([]int64, 0, n)
	for b := t.varints; len(b) > 0; {
		v, size := protowire.ConsumeVarint(b)
		if size < 0 {
			return nil, damaged()
		}
		if len(values) == n {
			return nil, state.Refuse("tensor %s: shape %v, but more values", state.Quote(t.name), t.shape)
		}
		values = append(values, int64(v))
		b = b[size:]
	}
	if len(values) != n {
		return nil, t.short(n, len(values), "values")
	}
	return values, nil
}

// product is the number of elements of a shape; false above maxElements, also
// where only a dimension of 0 makes it small.
func product(shape []int) (int, bool) {
	n, empty := 1, false
	for _, d := range shape {
		if d == 0 {
			empty = true
			continue
		}
		if d < 0 || n > maxElements/d {
			return 0, false
		}
		n *= d
	}
	if empty {
		return 0, true
	}
	return n, true
}
