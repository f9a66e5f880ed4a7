package kernels

import (
	"syscall"
	"unsafe"
)

const hugePage = 2 << 20

// newPiece maps whole huge pages and asks for them; without them the piece is
// as good as any memory.
func newPiece(bytes int) piece {
	bytes = (bytes + hugePage - 1) / hugePage * hugePage
	// One page more, so that a boundary lies within; what is beside it is
	// never touched.
	mapped, err := syscall.Mmap(-1, 0, bytes+hugePage, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		return heapPiece(bytes)
	}
	skip := int(-uintptr(unsafe.Pointer(unsafe.SliceData(mapped))) % hugePage)
	usable := mapped[skip : skip+bytes]
	_ = syscall.Madvise(usable, syscall.MADV_HUGEPAGE) // a wish
	return piece{usable, mapped}
}

func (p piece) free() {
	if p.mapped != nil {
		_ = syscall.Munmap(p.mapped)
	}
}
