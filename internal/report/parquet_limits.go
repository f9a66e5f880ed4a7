package report

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/parquet-go/parquet-go"
)

// What a parquet file may claim before its reader allocates by it; what newParquet
// writes stays far below.
const (
	maxFooter   = 16 << 20
	maxElements = 1 << 18 // of the footer's lists, together
	maxPage     = 64 << 20
	maxValues   = 1 << 23 // of a page
	maxDepth    = 12
)

var errClaims = errors.New("it claims more than it holds")

// checkFooter walks the footer without keeping anything of it.
func checkFooter(r io.ReaderAt, size int64) error {
	var tail [8]byte
	if size < 12 {
		return errors.New("it is too short for parquet")
	}
	if _, err := r.ReadAt(tail[:], size-8); err != nil {
		return err
	}
	n := int64(binary.LittleEndian.Uint32(tail[:4]))
	if string(tail[4:]) != "PAR1" {
		return errors.New("it is not parquet")
	}
	if n > min(maxFooter, size-12) {
		return errClaims
	}
	t := newThrift(r, size-8-n, n)
	return t.structure(0, func(int, int16, int16, int64) error { return nil })
}

// checkPages walks the page headers of every column.
func checkPages(r io.ReaderAt, size int64, f *parquet.File) error {
	for _, group := range f.Metadata().RowGroups {
		for i := range group.Columns {
			m := &group.Columns[i].MetaData
			at := m.DataPageOffset
			if m.DictionaryPageOffset > 0 {
				at = min(at, m.DictionaryPageOffset)
			}
			if at < 4 || m.TotalCompressedSize < 0 || m.TotalCompressedSize > size-8-at {
				return errClaims
			}
			if err := checkChunk(r, at, at+m.TotalCompressedSize); err != nil {
				return err
			}
		}
	}
	return nil
}

func checkChunk(r io.ReaderAt, at, end int64) error {
	for at < end {
		t := newThrift(r, at, end-at)
		body := int64(-1)
		err := t.structure(0, func(depth int, parent, id int16, v int64) error {
			switch {
			case depth == 0 && id == 2 && (v < 0 || v > maxPage), depth == 1 && id == 1 && (v < 0 || v > maxValues):
				return errClaims
			case depth == 0 && id == 3:
				body = v
			}
			return nil
		})
		if err != nil {
			return err
		}
		if body < 0 || body > min(maxPage, end-at-t.read) {
			return errClaims
		}
		at += t.read + body
	}
	return nil
}

// thrift walks a structure of Thrift's compact protocol.
type thrift struct {
	in       *bufio.Reader
	size     int64
	read     int64
	elements int64
}

func newThrift(r io.ReaderAt, at, size int64) *thrift {
	return &thrift{in: bufio.NewReaderSize(io.NewSectionReader(r, at, size), 256), size: size}
}

// structure calls visit with each integer: how deep it lies, the field that its structure
// is, its own.
func (t *thrift) structure(depth int, visit func(depth int, parent, id int16, v int64) error) error {
	return t.fields(depth, 0, visit)
}

func (t *thrift) fields(depth int, parent int16, visit func(int, int16, int16, int64) error) error {
	if depth > maxDepth {
		return errClaims
	}
	id := int16(0)
	for {
		head, err := t.ReadByte()
		if err != nil || head == 0 {
			return err
		}
		if delta := head >> 4; delta != 0 {
			id += int16(delta)
		} else {
			v, err := t.zigzag()
			if err != nil {
				return err
			}
			id = int16(v)
		}
		if err := t.value(head&15, true, depth, parent, id, visit); err != nil {
			return err
		}
	}
}

func (t *thrift) value(kind byte, field bool, depth int, parent, id int16, visit func(int, int16, int16, int64) error) error {
	switch kind {
	case 1, 2: // a boolean, of a field within its header
		if field {
			return nil
		}
		return t.skip(1)
	case 3:
		return t.skip(1)
	case 4, 5, 6:
		v, err := t.zigzag()
		if err != nil {
			return err
		}
		return visit(depth, parent, id, v)
	case 7:
		return t.skip(8)
	case 8:
		n, err := binary.ReadUvarint(t)
		if err != nil {
			return err
		}
		if n > uint64(t.size-t.read) {
			return errClaims
		}
		return t.skip(int(n))
	case 9, 10:
		return t.list(depth, id, visit)
	case 12:
		return t.fields(depth+1, id, visit)
	}
	return fmt.Errorf("its metadata has a value of the unknown type %d", kind)
}

func (t *thrift) list(depth int, id int16, visit func(int, int16, int16, int64) error) error {
	head, err := t.ReadByte()
	if err != nil {
		return err
	}
	n := uint64(head >> 4)
	if n == 15 {
		if n, err = binary.ReadUvarint(t); err != nil {
			return err
		}
	}
	if n > uint64(t.size-t.read) || n > uint64(maxElements-t.elements) {
		return errClaims
	}
	t.elements += int64(n)
	for range n {
		if err := t.value(head&15, false, depth+1, id, 0, visit); err != nil {
			return err
		}
	}
	return nil
}

// ReadByte makes a thrift the reader of its own variable-length integers.
func (t *thrift) ReadByte() (byte, error) {
	b, err := t.in.ReadByte()
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	t.read++
	return b, err
}

func (t *thrift) zigzag() (int64, error) { return binary.ReadVarint(t) }

func (t *thrift) skip(n int) error {
	got, err := t.in.Discard(n)
	t.read += int64(got)
	return err
}
