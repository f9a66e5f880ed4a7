package classify

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"math"
	"strings"
)

// A value of the cache is, all of it little endian: the word valueFormat; the
// number of letters of the picture's format, a byte, and the letters; 1 for a
// damaged picture, else 0, a byte; width and height, uint32; the logits,
// [classes] float32; where results have them the features, [Features] float32;
// the SHA-256 of the key and of all that.
const valueFormat = "effnet/result/v1"

// encodeValue is what decodeValue reads.
func encodeValue(key string, r *Result) []byte {
	b := make([]byte, 0, len(valueFormat)+2+len(r.Format)+2*4+4*(len(r.Logits)+len(r.Embedding))+sha256.Size)
	b = append(b, valueFormat...)
	b = append(b, byte(len(r.Format)))
	b = append(b, r.Format...)
	damaged := byte(0)
	if r.Damaged {
		damaged = 1
	}
	b = append(b, damaged)
	b = binary.LittleEndian.AppendUint32(b, uint32(r.Width))
	b = binary.LittleEndian.AppendUint32(b, uint32(r.Height))
	for _, l := range r.Logits {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(l))
	}
	for _, f := range r.Embedding {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(f))
	}
	return append(b, checksum(key, b)...)
}

// decodeValue refuses all that encodeValue does not write for a key and
// numbers of classes and features. The result has no predictions yet.
func decodeValue(key string, value []byte, classes, features int) (*Result, bool) {
	body, ok := bytes.CutPrefix(value, []byte(valueFormat))
	if !ok || len(body) == 0 {
		return nil, false
	}
	letters := int(body[0])
	if body = body[1:]; len(body) != letters+1+2*4+4*(classes+features)+sha256.Size {
		return nil, false
	}
	end := len(value) - sha256.Size
	if !bytes.Equal(value[end:], checksum(key, value[:end])) {
		return nil, false
	}
	format, body := string(body[:letters]), body[letters:]
	damaged, width, height := body[0], binary.LittleEndian.Uint32(body[1:]), binary.LittleEndian.Uint32(body[5:])
	if strings.Trim(format, "abcdefghijklmnopqrstuvwxyz") != "" || damaged > 1 ||
		width > math.MaxInt32 || height > math.MaxInt32 {
		return nil, false
	}
	r := &Result{
		Format: format, Width: int(width), Height: int(height), Damaged: damaged == 1,
		Logits: make([]float32, classes),
	}
	body = body[1+2*4:]
	for i := range r.Logits {
		r.Logits[i] = math.Float32frombits(binary.LittleEndian.Uint32(body[4*i:]))
	}
	if features > 0 {
		r.Embedding = make([]float32, features)
	}
	body = body[4*classes:]
	for i := range r.Embedding {
		r.Embedding[i] = math.Float32frombits(binary.LittleEndian.Uint32(body[4*i:]))
	}
	return r, checkFinite(r.Logits) == nil && checkFinite(r.Embedding) == nil
}

func checksum(key string, body []byte) []byte {
	h := sha256.New()
	h.Write([]byte(key))
	h.Write(body)
	return h.Sum(nil)
}
