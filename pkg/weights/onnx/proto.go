package onnx

import (
	"math"
	"slices"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/effnet/effnet/pkg/weights/state"
)

// field is one field of a protobuf message. Bytes share the file's.
type field struct {
	num    protowire.Number
	typ    protowire.Type
	number uint64 // of a varint, fixed32 or fixed64
	bytes  []byte // of a length-delimited field
}

// fields calls visit for every field of a message, in order. It descends no
// further: nesting is as deep as the caller's code.
func fields(message []byte, visit func(f field) error) error {
	for len(message) > 0 {
		num, typ, n := protowire.ConsumeTag(message)
		if n < 0 {
			return damaged()
		}
		message = message[n:]
		f := field{num: num, typ: typ}
		switch typ {
		case protowire.VarintType:
			f.number, n = protowire.ConsumeVarint(message)
		case protowire.Fixed64Type:
			f.number, n = protowire.ConsumeFixed64(message)
		case protowire.Fixed32Type:
			var v uint32
			v, n = protowire.ConsumeFixed32(message)
			f.number = uint64(v)
		case protowire.BytesType:
			f.bytes, n = protowire.ConsumeBytes(message)
			f.bytes = slices.Clip(f.bytes)
		default:
			return damaged()
		}
		if n < 0 {
			return damaged()
		}
		message = message[n:]
		if err := visit(f); err != nil {
			return err
		}
	}
	return nil
}

func damaged() error {
	return state.Refuse("the ONNX file is truncated or damaged: its protobuf encoding breaks off")
}

// message is the bytes of an embedded message.
func (f field) message() ([]byte, error) {
	if f.typ != protowire.BytesType {
		return nil, damaged()
	}
	return f.bytes, nil
}

func (f field) text(to *string) error {
	b, err := f.message()
	*to = string(b)
	return err
}

func (f field) appendText(to *[]string) error {
	var s string
	err := f.text(&s)
	*to = append(*to, s)
	return err
}

func (f field) integer(to *int64) error {
	if f.typ != protowire.VarintType {
		return damaged()
	}
	*to = int64(f.number)
	return nil
}

func (f field) float(to *float64) error {
	if f.typ != protowire.Fixed32Type {
		return damaged()
	}
	*to = float64(math.Float32frombits(uint32(f.number)))
	return nil
}

// appendIntegers takes a repeated field, packed or not.
func (f field) appendIntegers(to *[]int64) error {
	if f.typ == protowire.VarintType {
		*to = append(*to, int64(f.number))
		return nil
	}
	b, err := f.message()
	for err == nil && len(b) > 0 {
		v, n := protowire.ConsumeVarint(b)
		if n < 0 {
			return damaged()
		}
		*to = append(*to, int64(v))
		b = b[n:]
	}
	return err
}

// appendFixed takes a repeated field of fixed width as little-endian bytes.
func (f field) appendFixed(to *[]byte) error {
	switch {
	case f.typ == protowire.BytesType && *to == nil:
		*to = f.bytes
	case f.typ == protowire.BytesType:
		*to = append(*to, f.bytes...)
	case f.typ == protowire.Fixed32Type:
		*to = protowire.AppendFixed32(*to, uint32(f.number))
	case f.typ == protowire.Fixed64Type:
		*to = protowire.AppendFixed64(*to, f.number)
	default:
		return damaged()
	}
	return nil
}

// appendVarints takes a repeated field of varints, still encoded.
func (f field) appendVarints(to *[]byte) error {
	switch {
	case f.typ == protowire.BytesType && *to == nil:
		*to = f.bytes
	case f.typ == protowire.BytesType:
		*to = append(*to, f.bytes...)
	case f.typ == protowire.VarintType:
		*to = protowire.AppendVarint(*to, f.number)
	default:
		return damaged()
	}
	return nil
}
