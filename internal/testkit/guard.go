package testkit

import (
	"runtime/debug"
	"sync"
	"testing"
	"unsafe"
)

// Guarded is memory for a kernel under test. On unix the bytes before and
// after it cannot be read or written; elsewhere it is plain memory.
type Guarded struct {
	bytes []byte // whole pages
}

// idle keeps mappings of equal size for the next test.
var idle struct {
	sync.Mutex
	bySize map[int][][]byte
}

// Guard returns guarded memory for at least n values. The memory is lent
// until the test ends; its content is arbitrary.
func Guard(tb testing.TB, n int) *Guarded {
	tb.Helper()
	const granule = 1 << 16 // a multiple of every page size
	size := (max(n, 1)*4 + granule - 1) / granule * granule
	bytes := borrow(size)
	if bytes == nil {
		var err error
		if bytes, err = guardedPages(size, granule); err != nil {
			tb.Fatalf("guarded memory of %d bytes: %v", size, err)
		}
	}
	tb.Cleanup(func() {
		idle.Lock()
		defer idle.Unlock()
		idle.bySize[size] = append(idle.bySize[size], bytes)
	})
	return &Guarded{bytes}
}

func borrow(size int) []byte {
	idle.Lock()
	defer idle.Unlock()
	if idle.bySize == nil {
		idle.bySize = map[int][][]byte{}
	}
	free := idle.bySize[size]
	if len(free) == 0 {
		return nil
	}
	idle.bySize[size] = free[:len(free)-1]
	return free[len(free)-1]
}

// Cap is the number of values between the guard pages.
func (g *Guarded) Cap() int { return len(g.bytes) / 4 }

// Last returns n values of which the last ends where a guard page begins.
func (g *Guarded) Last(n int) []float32 { return g.Slice(g.Cap()-n, n) }

// First returns n values of which the first begins where a guard page ends.
func (g *Guarded) First(n int) []float32 { return g.Slice(0, n) }

// Slice returns n values from value at on.
func (g *Guarded) Slice(at, n int) []float32 {
	all := unsafe.Slice((*float32)(unsafe.Pointer(unsafe.SliceData(g.bytes))), g.Cap())
	return all[at : at+n : at+n]
}

// Faults runs f and tells whether it touched memory that it may not. Without
// it such an access ends the test binary.
func Faults(f func()) (faulted bool) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		switch r := recover().(type) {
		case nil:
		case interface{ Addr() uintptr }:
			faulted = true
		default:
			panic(r)
		}
	}()
	f()
	return false
}
