package pytorch

import (
	"io"

	"github.com/effnet/effnet/pkg/weights/state"
)

// content is a file's bytes, in memory or not.
type content interface {
	io.ReaderAt
	size() int64
	// slice gives n bytes that lie inside the file: a part of it where it is in
	// memory, else read into buffer or, where that is too small, anew.
	slice(offset, n int64, buffer []byte) ([]byte, error)
	// lazy tells whether slice reads anew each time.
	lazy() bool
}

// memory is a file that was read as a whole.
type memory []byte

func (m memory) size() int64 { return int64(len(m)) }

func (m memory) lazy() bool { return false }

func (m memory) slice(offset, n int64, _ []byte) ([]byte, error) {
	return m[offset : offset+n : offset+n], nil
}

func (m memory) ReadAt(p []byte, offset int64) (int, error) {
	if offset < 0 || offset > m.size() {
		return 0, io.EOF
	}
	n := copy(p, m[offset:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// disk is a file that is read as it is needed.
type disk struct {
	io.ReaderAt
	bytes int64
}

func (d disk) size() int64 { return d.bytes }

func (d disk) lazy() bool { return true }

func (d disk) slice(offset, n int64, buffer []byte) ([]byte, error) {
	if int64(cap(buffer)) < n {
		buffer = make([]byte, n)
	}
	b := buffer[:n]
	if _, err := d.ReadAt(b, offset); err != nil {
		return nil, state.Refuse("the file cannot be read on: %s", err)
	}
	return b, nil
}
