// Package safetensors reads and writes the safetensors container: eight bytes
// of header length, a JSON header, and the tensors' bytes without holes.
//
// A file is hostile until proven otherwise. Every claim of the header is
// checked against the bytes that are really there before anything is
// allocated, and tensors are views into those bytes.
package safetensors

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"unicode/utf8"
)

// Limits of Parse. The header limit is that of the reference implementation.
const (
	MaxHeader   = 100_000_000 // bytes of JSON
	MaxTensors  = 1 << 16     // tensors in a file
	MaxMetadata = 1 << 16     // keys of the metadata
	MaxRank     = 32          // dimensions of a tensor
)

const (
	lengthSize  = 8
	metadataKey = "__metadata__"
)

// Error says in one lower-case line why a file was refused.
type Error struct{ Msg string }

func (e *Error) Error() string { return e.Msg }

func refuse(format string, args ...any) error {
	return &Error{fmt.Sprintf(format, args...)}
}

// Tensor is a view of one tensor in the bytes that were parsed.
type Tensor struct {
	Name  string
	DType DType
	Shape []int  // row-major; empty for a scalar
	Bytes []byte // little-endian elements, len = product(Shape)·DType.Size()
}

// File is a parsed container.
type File struct {
	// Metadata is the header's free-form map, nil where there is none.
	Metadata map[string]string

	tensors []Tensor // in the order of the data section
	index   map[string]int
}

// Tensors lists the tensors in the order of their bytes.
func (f *File) Tensors() []Tensor { return f.tensors }

// Lookup finds a tensor by its name.
func (f *File) Lookup(name string) (Tensor, bool) {
	i, ok := f.index[name]
	if !ok {
		return Tensor{}, false
	}
	return f.tensors[i], true
}

// Sniff tells whether data could be a safetensors file: a header length that
// fits, followed by an opening brace.
func Sniff(data []byte) bool {
	if len(data) <= lengthSize || data[lengthSize] != '{' {
		return false
	}
	n := binary.LittleEndian.Uint64(data)
	return n >= 2 && n <= MaxHeader
}

// Parse checks data and gives views of its tensors, which stay valid as long
// as data is not modified. Every error is an *Error.
func Parse(data []byte) (*File, error) {
	header, body, err := split(data)
	if err != nil {
		return nil, err
	}
	entries, metadata, err := parseHeader(header)
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(entries, func(a, b entry) int {
		return cmp.Or(cmp.Compare(a.begin, b.begin), cmp.Compare(a.end, b.end))
	})
	f := &File{
		Metadata: metadata,
		tensors:  make([]Tensor, 0, len(entries)),
		index:    make(map[string]int, len(entries)),
	}
	var at uint64
	for i := range entries {
		t, err := entries[i].view(body, at)
		if err != nil {
			return nil, err
		}
		if _, twice := f.index[t.Name]; twice {
			return nil, refuse("tensor %s: named twice", quote(t.Name))
		}
		f.index[t.Name] = i
		f.tensors = append(f.tensors, t)
		at = entries[i].end
	}
	if at != uint64(len(body)) {
		return nil, refuse("%d bytes after the last tensor belong to none", uint64(len(body))-at)
	}
	return f, nil
}

// split separates header and tensors' bytes without trusting the length.
func split(data []byte) (header string, body []byte, err error) {
	if len(data) < lengthSize {
		return "", nil, refuse("not a safetensors file: %d bytes are too few", len(data))
	}
	n := binary.LittleEndian.Uint64(data)
	rest := data[lengthSize:]
	switch {
	case n == 0:
		return "", nil, refuse("not a safetensors file: header length 0")
	case n > uint64(len(rest)) && (len(rest) == 0 || rest[0] != '{'):
		return "", nil, refuse("not a safetensors file: no header at its start")
	case n > MaxHeader:
		return "", nil, refuse("header length %d is over the limit of %d", n, MaxHeader)
	case n > uint64(len(rest)):
		return "", nil, refuse("header length %d is beyond the file's %d bytes: truncated or damaged", n, len(data))
	case rest[0] != '{':
		return "", nil, refuse("not a safetensors file: the header does not start with {")
	case !utf8.Valid(rest[:n]):
		return "", nil, refuse("the header is not valid UTF-8")
	}
	return string(rest[:n]), rest[n:], nil
}

// entry is what the header says of one tensor.
type entry struct {
	name       string
	dtype      DType
	shape      []int
	begin, end uint64 // in the data section
}

// view checks the entry against the data section; at is where the tensor
// before it ends.
func (e *entry) view(body []byte, at uint64) (Tensor, error) {
	size := e.dtype.Size()
	if size == 0 {
		return Tensor{}, refuse("tensor %s: unknown dtype %s", quote(e.name), quote(string(e.dtype)))
	}
	want, ok := byteCount(e.shape, size)
	switch {
	case !ok:
		return Tensor{}, refuse("tensor %s: shape %v is too large", quote(e.name), e.shape)
	case e.begin > e.end:
		return Tensor{}, refuse("tensor %s: bytes %d to %d run backwards", quote(e.name), e.begin, e.end)
	case e.end-e.begin != want:
		return Tensor{}, refuse("tensor %s: shape %v of %s takes %d bytes, the header gives %d",
			quote(e.name), e.shape, e.dtype, want, e.end-e.begin)
	case e.end > uint64(len(body)):
		return Tensor{}, refuse("tensor %s: bytes %d to %d are beyond the file's %d: truncated or damaged",
			quote(e.name), e.begin, e.end, len(body))
	case e.begin < at:
		return Tensor{}, refuse("tensor %s: bytes %d to %d overlap the tensor before", quote(e.name), e.begin, e.end)
	case e.begin > at:
		return Tensor{}, refuse("tensor %s: %d bytes before it belong to none", quote(e.name), e.begin-at)
	}
	return Tensor{Name: e.name, DType: e.dtype, Shape: e.shape, Bytes: body[e.begin:e.end:e.end]}, nil
}

// byteCount is product(shape)·size; false where it, or the product of the
// dimensions other than 0, overflows.
func byteCount(shape []int, size int) (uint64, bool) {
	n, empty := uint64(size), false
	for _, d := range shape {
		if d == 0 {
			empty = true
			continue
		}
		if d < 0 || n > math.MaxInt64/uint64(d) {
			return 0, false
		}
		n *= uint64(d)
	}
	if empty {
		return 0, true
	}
	return n, true
}

// quote shows a name from the file on one bounded line.
func quote(s string) string {
	const most = 80
	if len(s) <= most {
		return fmt.Sprintf("%q", s)
	}
	return fmt.Sprintf("%q…", s[:most])
}
