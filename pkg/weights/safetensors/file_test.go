package safetensors

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// container joins a header and a data section of n bytes 0, 1, 2, …
func container(header string, n int) []byte {
	b := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	b = append(b, header...)
	for i := range n {
		b = append(b, byte(i))
	}
	return b
}

func one(dtype, shape, offsets string) string {
	return fmt.Sprintf(`{"a":{"dtype":%q,"shape":%s,"data_offsets":%s}}`, dtype, shape, offsets)
}

func TestParse(t *testing.T) {
	header := ` {"b":{"data_offsets":[4,6],"shape":[2],"dtype":"U8"},
		"empty":{"dtype":"F32","shape":[0,3],"data_offsets":[4,4]},
		"__metadata__":{"k\u00e9\ud83d\ude00":"tab\there\n\"\\\/"},
		"a":{"dtype":"I32","shape":[],"data_offsets":[0,4]}}  `[1:]
	f, err := Parse(container(header, 6))
	if err != nil {
		t.Fatal(err)
	}
	want := []Tensor{
		{Name: "a", DType: I32, Shape: []int{}, Bytes: []byte{0, 1, 2, 3}},
		{Name: "empty", DType: F32, Shape: []int{0, 3}, Bytes: []byte{}},
		{Name: "b", DType: U8, Shape: []int{2}, Bytes: []byte{4, 5}},
	}
	if diff := cmp.Diff(want, f.Tensors()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]string{"ké😀": "tab\there\n\"\\/"}, f.Metadata); diff != "" {
		t.Error(diff)
	}
	if got, ok := f.Lookup("b"); !ok || got.Name != "b" {
		t.Errorf("Lookup(b) = %v, %v", got, ok)
	}
	if _, ok := f.Lookup("c"); ok {
		t.Error("Lookup(c) found something")
	}
}

func TestParseWithoutTensors(t *testing.T) {
	f, err := Parse(container("{}", 0))
	if err != nil {
		t.Fatal(err)
	}
	if len(f.Tensors()) != 0 || f.Metadata != nil {
		t.Errorf("got %v, %v", f.Tensors(), f.Metadata)
	}
}

func TestParseRefuses(t *testing.T) {
	length := func(n uint64, rest string) []byte {
		return append(binary.LittleEndian.AppendUint64(nil, n), rest...)
	}
	many := strings.Repeat("1,", MaxRank) + "1"
	tests := []struct {
		name, want string
		data       []byte
	}{
		{"nothing", "0 bytes are too few", nil},
		{"length zero", "header length 0", length(0, "{}")},
		{"length beyond", "header length 100 is beyond the file's 10 bytes", length(100, "{}")},
		{"length 2^63", "over the limit", length(1<<63, "{}")},
		{"length 2^64-1", "no header at its start", length(1<<64-1, "")},
		{"length over the cap", "over the limit", length(MaxHeader+1, "{}")},
		{"not a header", "does not start with {", length(2, "[]")},
		{"UTF-8", "not valid UTF-8", container("{\"\xff\":{}}", 0)},
		{"space before", "does not start with {", container(" {}", 0)},
		{"unfinished", "ends early", container(`{"a":{"dtype":"F32"`, 0)},
		{"string without end", "string without an end", container(`{"a`, 0)},
		{"string ends in escape", "string without an end", container(`{"a\`, 0)},
		{"control character", "control character", container("{\"a\n\":{}}", 0)},
		{"escape", "unknown escape", container(`{"\x":{}}`, 0)},
		{"unicode escape", `malformed \u`, container(`{"\u12_4":{}}`, 0)},
		{"half a pair", "surrogate", container(`{"\ud83dx":{}}`, 0)},
		{"pair in the wrong order", "surrogate", container(`{"\ude00\ud83d":{}}`, 0)},
		{"text after", "after the closing brace", container(`{}{}`, 0)},
		{"comma", "expected a string", container(`{"__metadata__":{},}`, 0)},
		{"depth", "expected a string", container(`{"a":{"dtype":{"b":{}}}}`, 0)},
		{"tensor is no object", "expected {", container(`{"a":[]}`, 0)},
		{"metadata of numbers", "expected a string", container(`{"__metadata__":{"a":1}}`, 0)},
		{"metadata twice", "given twice", container(`{"__metadata__":{},"__metadata__":{}}`, 0)},
		{"metadata key twice", `"k" is given twice`, container(`{"__metadata__":{"k":"","k":""}}`, 0)},
		{"tensor twice", `"a": named twice`, container(`{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"\u0061":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}`, 2)},
		{"field twice", "a field is given twice", container(`{"a":{"dtype":"U8","dtype":"U8"}}`, 0)},
		{"unknown field", `unknown field "strides"`, container(`{"a":{"strides":[]}}`, 0)},
		{"no dtype", "no dtype", container(`{"a":{"shape":[1],"data_offsets":[0,1]}}`, 1)},
		{"no shape", "no shape", container(`{"a":{"dtype":"U8","data_offsets":[0,1]}}`, 1)},
		{"no offsets", "no data_offsets", container(`{"a":{"dtype":"U8","shape":[1]}}`, 1)},
		{"unknown dtype", `"a": unknown dtype "F33"`, container(one("F33", "[1]", "[0,4]"), 4)},
		{"negative", `"-1" is not a whole number`, container(one("F32", "[-1]", "[0,4]"), 4)},
		{"fraction", `"1.0" is not a whole number`, container(one("F32", "[1.0]", "[0,4]"), 4)},
		{"exponent", `"1e9" is not a whole number`, container(one("F32", "[1e9]", "[0,4]"), 4)},
		{"leading zero", `"01" is not a whole number`, container(one("F32", "[01]", "[0,4]"), 4)},
		{"no number", "expected a number", container(one("F32", "[,]", "[0,4]"), 4)},
		{"over 64 bits", `"18446744073709551616" is too large`, container(one("F32", "[18446744073709551616]", "[0,4]"), 4)},
		{"dimension over 63 bits", "dimension 9223372036854775808 is too large", container(one("F32", "[9223372036854775808]", "[0,4]"), 4)},
		{"product", "shape [4294967296 4294967296 4] is too large", container(one("F32", "[4294967296,4294967296,4]", "[0,0]"), 0)},
		{"product with a zero", "is too large", container(one("F32", "[4294967296,4294967296,0]", "[0,0]"), 0)},
		{"rank", "a list of more than 32 numbers", container(one("F32", "["+many+"]", "[0,4]"), 4)},
		{"one offset", "data_offsets has 1 numbers", container(one("F32", "[1]", "[4]"), 4)},
		{"three offsets", "more than 2 numbers", container(one("F32", "[1]", "[0,4,4]"), 4)},
		{"backwards", "run backwards", container(one("F32", "[1]", "[4,0]"), 4)},
		{"size", "shape [2] of F32 takes 8 bytes, the header gives 4", container(one("F32", "[2]", "[0,4]"), 4)},
		{"beyond", `"a": bytes 0 to 4 are beyond the file's 3`, container(one("F32", "[1]", "[0,4]"), 3)},
		{"hole at the start", "1 bytes before it belong to none", container(one("U8", "[1]", "[1,2]"), 2)},
		{"hole at the end", "1 bytes after the last tensor", container(one("U8", "[1]", "[0,1]"), 2)},
		{"overlap", `"b": bytes 1 to 3 overlap`, container(`{"b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]},"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}`, 3)},
		{"hole between", `"b": 1 bytes before it`, container(`{"b":{"dtype":"U8","shape":[1],"data_offsets":[2,3]},"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}`, 3)},
		{"long name", `…: unknown dtype`, container(`{"`+strings.Repeat("n", 1000)+`":{"dtype":"","shape":[],"data_offsets":[0,0]}}`, 0)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f, err := Parse(tt.data)
			var refused *Error
			if !errors.As(err, &refused) {
				t.Fatalf("got %v, %v, want an *Error", f, err)
			}
			if msg := err.Error(); !strings.Contains(msg, tt.want) || strings.Contains(msg, "\n") || len(msg) > 250 {
				t.Errorf("got %q, want one short line with %q", msg, tt.want)
			}
		})
	}
}

func TestParseCapsCounts(t *testing.T) {
	tests := []struct {
		before, item, after, want string
		most                      int
	}{
		{"{", `"%d":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}`, "}", "more than 65536 tensors", MaxTensors},
		{`{"__metadata__":{`, `"%d":""`, "}}", "more than 65536 keys of metadata", MaxMetadata},
	}
	for _, tt := range tests {
		var items []string
		for i := range tt.most + 1 {
			items = append(items, fmt.Sprintf(tt.item, i))
		}
		header := func(n int) []byte {
			return container(tt.before+strings.Join(items[:n], ",")+tt.after, 0)
		}
		if _, err := Parse(header(tt.most)); err != nil {
			t.Errorf("%d: %v", tt.most, err)
		}
		if _, err := Parse(header(tt.most + 1)); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%d: got %v, want %q", tt.most+1, err, tt.want)
		}
	}
}

func TestSniff(t *testing.T) {
	for data, want := range map[string]bool{
		string(container("{}", 0)):                       true,
		string(container(one("F32", "[1]", "[0,4]"), 2)): true,
		"":                               false,
		"{\"a\": 12}":                    false,
		"\x80\x02\x8a\nl\xfc\x9cF\xf9 j": false,
	} {
		if got := Sniff([]byte(data)); got != want {
			t.Errorf("Sniff(%q) = %v", data, got)
		}
	}
}

func TestWriteIsReadBack(t *testing.T) {
	metadata := map[string]string{"z": "<&>\u2028 é", "a": "\x00\x1f\t\"\\"}
	tensors := []Tensor{
		{Name: "wide", DType: F64, Shape: []int{1}, Bytes: make([]byte, 8)},
		FromFloat32s("values \"quoted\"", []int{3, 1}, []float32{1, -2, 0.5}),
		{Name: "none", DType: BF16, Shape: []int{2, 0}, Bytes: []byte{}},
		{Name: "bytes", DType: U8, Shape: []int{3}, Bytes: []byte{7, 8, 9}},
	}
	var first, second bytes.Buffer
	for _, w := range []*bytes.Buffer{&first, &second} {
		if err := Write(w, metadata, tensors); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(first.Bytes(), second.Bytes()) {
		t.Error("two writes differ")
	}
	f, err := Parse(first.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(metadata, f.Metadata); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(tensors, f.Tensors()); diff != "" {
		t.Error(diff)
	}
	if n := binary.LittleEndian.Uint64(first.Bytes()); n%8 != 0 {
		t.Errorf("header length %d is not a multiple of 8", n)
	}
}

func TestWriteRefuses(t *testing.T) {
	good := Tensor{Name: "a", DType: U8, Shape: []int{1}, Bytes: []byte{1}}
	tests := map[string][]Tensor{
		"twice":    {good, good},
		"metadata": {{Name: "__metadata__", DType: U8, Shape: []int{1}, Bytes: []byte{1}}},
		"UTF-8":    {{Name: "\xff", DType: U8, Shape: []int{1}, Bytes: []byte{1}}},
		"dtype":    {{Name: "a", DType: "F4", Shape: []int{1}, Bytes: []byte{1}}},
		"size":     {{Name: "a", DType: U8, Shape: []int{2}, Bytes: []byte{1}}},
		"negative": {{Name: "a", DType: U8, Shape: []int{-1}, Bytes: []byte{1}}},
	}
	for name, tensors := range tests {
		if err := Write(&bytes.Buffer{}, nil, tensors); err == nil {
			t.Errorf("%s: written", name)
		}
	}
	if err := Write(&bytes.Buffer{}, map[string]string{"a": "\xff"}, nil); err == nil {
		t.Error("metadata that is not UTF-8: written")
	}
}
