package safetensors

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"unicode/utf8"
	"unsafe"
)

// FromFloat32s makes an F32 tensor of values, whose memory it shares where the
// machine's byte order allows. The product of shape must be len(values), which
// Write checks.
func FromFloat32s(name string, shape []int, values []float32) Tensor {
	t := Tensor{Name: name, DType: F32, Shape: shape}
	if littleEndian {
		t.Bytes = unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(values))), 4*len(values))
		return t
	}
	t.Bytes = make([]byte, 4*len(values))
	for i, v := range values {
		binary.LittleEndian.PutUint32(t.Bytes[4*i:], math.Float32bits(v))
	}
	return t
}

// Write writes a container with the tensors' bytes in the order given. The
// same arguments give the same bytes: metadata keys are sorted and the header
// is padded with spaces so that the data starts at a multiple of 8. Elements
// stay aligned where larger types are given before smaller ones.
func Write(w io.Writer, metadata map[string]string, tensors []Tensor) error {
	header, err := encodeHeader(metadata, tensors)
	if err != nil {
		return err
	}
	length := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	for _, b := range [][]byte{length, header} {
		if _, err := w.Write(b); err != nil {
			return err
		}
	}
	for _, t := range tensors {
		if _, err := w.Write(t.Bytes); err != nil {
			return err
		}
	}
	return nil
}

func encodeHeader(metadata map[string]string, tensors []Tensor) ([]byte, error) {
	h := []byte{'{'}
	if len(metadata) > 0 {
		h = append(h, `"`+metadataKey+`":{`...)
		for i, key := range slices.Sorted(maps.Keys(metadata)) {
			if i > 0 {
				h = append(h, ',')
			}
			if !utf8.ValidString(key) || !utf8.ValidString(metadata[key]) {
				return nil, refuse("metadata %s is not valid UTF-8", quote(key))
			}
			h = appendString(h, key)
			h = append(h, ':')
			h = appendString(h, metadata[key])
		}
		h = append(h, '}')
	}
	offset, seen := 0, map[string]bool{metadataKey: true}
	for _, t := range tensors {
		n, ok := byteCount(t.Shape, t.DType.Size())
		switch {
		case !utf8.ValidString(t.Name) || seen[t.Name]:
			return nil, refuse("tensor %s: name is taken or not valid UTF-8", quote(t.Name))
		case !ok || t.DType.Size() == 0 || n != uint64(len(t.Bytes)) || len(t.Shape) > MaxRank:
			return nil, refuse("tensor %s: %d bytes do not make %v of %s", quote(t.Name), len(t.Bytes), t.Shape, t.DType)
		}
		seen[t.Name] = true
		if len(h) > 1 {
			h = append(h, ',')
		}
		h = appendString(h, t.Name)
		h = fmt.Appendf(h, `:{"dtype":"%s","shape":[`, t.DType)
		for i, d := range t.Shape {
			if i > 0 {
				h = append(h, ',')
			}
			h = fmt.Append(h, d)
		}
		h = fmt.Appendf(h, `],"data_offsets":[%d,%d]}`, offset, offset+len(t.Bytes))
		offset += len(t.Bytes)
	}
	h = append(h, '}')
	for len(h)%8 != 0 {
		h = append(h, ' ')
	}
	if len(h) > MaxHeader || len(tensors) > MaxTensors || len(metadata) > MaxMetadata {
		return nil, refuse("a header of %d bytes, %d tensors and %d keys is over the limit", len(h), len(tensors), len(metadata))
	}
	return h, nil
}

// appendString appends s, valid UTF-8, as a JSON string.
func appendString(h []byte, s string) []byte {
	b, err := json.Marshal(s)
	if err != nil { // a string always has a JSON form
		panic(err)
	}
	return append(h, b...)
}
