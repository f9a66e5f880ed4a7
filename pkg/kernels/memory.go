package kernels

import "unsafe"

// Memory holds what a network reads or writes all the time, weights and
// activations, in few large pieces, on huge pages where the system has them:
// with small ones the processor would spend its time on addresses. The zero
// value is ready. It is not for use by several goroutines at once.
type Memory struct {
	pieces []piece
	rest   []byte // of the last piece
}

// piece is memory of the system, or of the heap where mapped is nil.
type piece struct{ usable, mapped []byte }

// pieceBytes is the least size of a piece. A piece's pages cost nothing before
// they are written.
const pieceBytes = 16 << 20

// Alloc returns n zeroed values at a 64-byte boundary, valid until Release.
func (m *Memory) Alloc(n int) []float32 {
	bytes := (n*4 + align - 1) / align * align
	if bytes == 0 {
		return nil
	}
	if bytes > len(m.rest) {
		p := newPiece(max(bytes, pieceBytes))
		m.pieces = append(m.pieces, p)
		m.rest = p.usable
	}
	p := unsafe.Pointer(unsafe.SliceData(m.rest))
	m.rest = m.rest[bytes:]
	return unsafe.Slice((*float32)(p), n)
}

// Release gives everything back; nothing that Alloc returned may be used after.
func (m *Memory) Release() {
	for _, p := range m.pieces {
		p.free()
	}
	*m = Memory{}
}

// align is a cache line: a channel block of a pixel.
const align = 64

// Alloc returns n zeroed values at a 64-byte boundary.
func Alloc(n int) []float32 {
	s := make([]float32, n+align/4)
	skip := int(-uintptr(unsafe.Pointer(unsafe.SliceData(s)))%align) / 4
	return s[skip : skip+n : skip+n]
}

// heapPiece is a piece where the system has nothing better.
func heapPiece(bytes int) piece {
	s := Alloc((bytes + 3) / 4)
	return piece{usable: unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(s))), bytes)}
}
