package pytorch

import (
	"math"
	"sync"

	"github.com/effnet/effnet/pkg/weights/safetensors"
	"github.com/effnet/effnet/pkg/weights/state"
)

const maxRank = 16

// storage is the elements that tensors are views of.
type storage struct {
	key   string
	elem  element
	numel int // as the pickle says
	// open gives the little-endian elements, numel·elem.size bytes that were
	// checked to be there, in buffer where it reads them and that is large
	// enough. shared gives the same bytes every time.
	open   func(buffer []byte) ([]byte, error)
	shared func() ([]byte, error)
	lazy   bool // open reads anew each time
}

// opens sets how the elements are read.
func (s *storage) opens(c content, open func(buffer []byte) ([]byte, error)) {
	s.open, s.lazy = open, c.lazy()
	s.shared = sync.OnceValues(func() ([]byte, error) { return open(nil) })
}

// newStorage reads the identifier of a persistent object:
// ("storage", class, key, location, number of elements).
func newStorage(id any) (*storage, error) {
	parts := sequence(id)
	if len(parts) < 5 || parts[0] != "storage" {
		return nil, malformed("a reference to something other than a storage")
	}
	class, ok1 := parts[1].(*global)
	key, ok2 := parts[2].(string)
	numel, ok3 := parts[4].(int64)
	if !ok1 || !ok2 || !ok3 || class.elem == nil {
		return nil, malformed("a storage without class, key or size")
	}
	if len(parts) > 5 && parts[5] != nil {
		return nil, state.Refuse("storage %s is a part of another, as only PyTorch before 0.4 wrote it", state.Quote(key))
	}
	if numel < 0 || numel > math.MaxInt/int64(class.elem.size) {
		return nil, malformed("storage %s has %d elements", state.Quote(key), numel)
	}
	return &storage{key: key, elem: *class.elem, numel: int(numel)}, nil
}

// tensor is a strided view of a storage.
type tensor struct {
	storage      *storage
	offset       int
	size, stride []int // in elements
}

// makeTensor is _rebuild_tensor(storage, offset, size, stride, …).
func makeTensor(args tuple) (any, error) {
	if len(args) < 4 {
		return nil, malformed("a tensor without storage, offset, size and stride")
	}
	s, ok := args[0].(*storage)
	offset, ok2 := args[1].(int64)
	size, ok3 := integers(args[2])
	stride, ok4 := integers(args[3])
	if !ok || !ok2 || !ok3 || !ok4 || len(size) != len(stride) || len(size) > maxRank || offset < 0 || offset > int64(s.numel) {
		return nil, malformed("a tensor without storage, offset, size and stride")
	}
	t := &tensor{storage: s, offset: int(offset), size: size, stride: stride}
	return t, t.check()
}

// integers reads a sequence of whole numbers from 0.
func integers(v any) ([]int, bool) {
	numbers := make([]int, 0, 4)
	switch v.(type) {
	case tuple, *list:
	default:
		return nil, false
	}
	for _, item := range sequence(v) {
		n, ok := item.(int64)
		if !ok || n < 0 || n > math.MaxInt {
			return nil, false
		}
		numbers = append(numbers, int(n))
	}
	return numbers, true
}

// check holds that the view lies inside its storage and has no more elements
// than it, so that no copy of it is larger than the file.
func (t *tensor) check() error {
	n, last := 1, t.offset
	for i, d := range t.size {
		if d == 0 {
			return nil
		}
		if n > t.storage.numel/d || d > 1 && t.stride[i] > (t.storage.numel-last)/(d-1) {
			return t.outside()
		}
		n *= d
		last += (d - 1) * t.stride[i]
	}
	if last >= t.storage.numel {
		return t.outside()
	}
	return nil
}

func (t *tensor) outside() error {
	return state.Refuse("a tensor of shape %v, strides %v and offset %d is beyond the %d elements of storage %s",
		t.size, t.stride, t.offset, t.storage.numel, state.Quote(t.storage.key))
}

func (t *tensor) len() int {
	n := 1
	for _, d := range t.size {
		n *= d
	}
	return n
}

// contiguous tells whether the elements lie in row-major order without gaps.
func (t *tensor) contiguous() bool {
	next := 1
	for i := len(t.size) - 1; i >= 0; i-- {
		if t.size[i] > 1 && t.stride[i] != next {
			return false
		}
		next *= t.size[i]
	}
	return true
}

// load gives the elements as float32, of a contiguous float32 tensor without
// another copy of what was read.
func (t *tensor) load(name string) ([]float32, error) {
	e := t.storage.elem
	switch {
	case e.dtype == "":
		return nil, state.Refuse("tensor %s has whole or complex numbers, not floating-point ones", state.Quote(name))
	case t.len() == 0:
		return []float32{}, nil
	case !t.storage.lazy || t.len() < t.storage.numel/2: // others are in it too
		data, err := t.storage.shared()
		if err != nil {
			return nil, err
		}
		return t.convert(name, data)
	case t.isView():
		data, err := t.storage.open(nil)
		if err != nil {
			return nil, err
		}
		return t.convert(name, data)
	}
	buffer := buffers.Get().(*[]byte)
	defer buffers.Put(buffer)
	data, err := t.storage.open(*buffer)
	if err != nil {
		return nil, err
	}
	*buffer = data
	return t.convert(name, data)
}

// buffers are for elements that are read, copied and forgotten.
var buffers = sync.Pool{New: func() any { return new([]byte) }}

// isView tells whether convert gives a view of the storage's bytes.
func (t *tensor) isView() bool {
	return t.storage.elem.dtype == safetensors.F32 && littleEndian && t.contiguous()
}

func (t *tensor) convert(name string, data []byte) ([]float32, error) {
	e := t.storage.elem
	if t.contiguous() {
		data = data[t.offset*e.size:][:t.len()*e.size]
	} else {
		data = t.gathered(data)
	}
	if e.dtype == safetensors.F32 && littleEndian {
		return words[float32](data), nil
	}
	return safetensors.Tensor{Name: name, DType: e.dtype, Shape: t.size, Bytes: data}.Float32s()
}
