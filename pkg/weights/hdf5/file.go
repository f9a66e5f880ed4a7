// Package hdf5 reads a subset of HDF5, the container of Keras' weights: groups
// of both kinds, attributes, and datasets of numbers or strings, stored as a
// whole or in chunks. It follows the HDF5 File Format Specification 3.0 and
// writes nothing.
//
// A file is hostile until proven otherwise. Every address and length is held
// against the bytes that are there, no structure may lead back to itself, the
// work of all calls together is bounded by the size of the file, and nothing
// outside of the file is ever opened.
package hdf5

import (
	"bytes"
	"fmt"
)

// Error says in one lower-case line why a file was refused.
type Error struct{ Msg string }

func (e *Error) Error() string { return e.Msg }

func refuse(format string, args ...any) error { return &Error{fmt.Sprintf(format, args...)} }

const (
	signature = "\x89HDF\r\n\x1a\n"
	// undefined is the address of what does not exist.
	undefined = 1<<64 - 1
	// A file's structures are read once and each dataset mostly once, so that
	// this many bytes for each byte of the file are far more than it takes.
	workPerByte, workFree = 16, 16 << 20
)

// File is an open file. It is for one reader at a time, and for reading once:
// calls without end are refused sooner or later.
type File struct {
	data      []byte // from the superblock on: an address is an offset into it
	root      uint64
	work      int64                        // bytes that may still be looked at
	heaps     map[uint64]map[uint16][]byte // global heap collections by address
	unchecked bool                         // checksums are not compared: for fuzzing
}

// Sniff tells whether data is an HDF5 file.
func Sniff(data []byte) bool { return superblockOffset(data) >= 0 }

// superblockOffset is where the signature lies, -1 where it does not. A user
// block of 512·2^n bytes may come first.
func superblockOffset(data []byte) int {
	for at := 0; at+len(signature) <= len(data); at = max(512, 2*at) {
		if bytes.HasPrefix(data[at:], []byte(signature)) {
			return at
		}
	}
	return -1
}

// Open reads the superblock. Data must not be modified as long as the file or
// anything read from it is in use.
func Open(data []byte) (*File, error) { return open(data, false) }

func open(data []byte, unchecked bool) (*File, error) {
	at := superblockOffset(data)
	if at < 0 {
		return nil, refuse("not an HDF5 file")
	}
	f := &File{
		data: data[at:], work: workFree + workPerByte*int64(len(data)),
		heaps: map[uint64]map[uint16][]byte{}, unchecked: unchecked,
	}
	return f, f.superblock(uint64(at))
}

// superblock reads versions 0 to 3. The base address must be where the
// superblock lies.
func (f *File) superblock(at uint64) error {
	const what = "superblock"
	c := cursor{b: f.data, at: len(signature)}
	version := c.u8()
	switch version {
	case 0, 1:
		c.skip(4) // versions of free space, root entry and shared headers; reserved
		offsets, lengths := c.u8(), c.u8()
		c.skip(1 + 4 + 4) // reserved, ranks of the group's trees, flags
		if version == 1 {
			c.skip(4)
		}
		return f.finish(&c, offsets, lengths, at, func() {
			c.skip(8) // driver
			c.skip(8) // name of the root
			f.root = c.u64()
		})
	case 2, 3:
		offsets, lengths := c.u8(), c.u8()
		c.skip(1)
		err := f.finish(&c, offsets, lengths, at, func() { f.root = c.u64() })
		if err != nil {
			return err
		}
		return f.checksum(what, c.b[:c.at], c.u32())
	}
	return refuse("%s of version %d, which this reader does not know", what, version)
}

// finish reads the addresses that every superblock has, and what follows them.
func (f *File) finish(c *cursor, offsets, lengths uint8, at uint64, rest func()) error {
	base, _, end := c.u64(), c.u64(), c.u64()
	rest()
	switch {
	case c.short:
		return refuse("truncated HDF5 file: it ends in the superblock")
	case offsets != 8 || lengths != 8:
		return refuse("HDF5 file with offsets of %d and lengths of %d bytes, not 8", offsets, lengths)
	case base != at && base != 0:
		return refuse("HDF5 file with base address %d, but its superblock lies at %d", base, at)
	case end < base || end-base > uint64(len(f.data)):
		return refuse("truncated HDF5 file: it says that it ends at %d, but has %d bytes", end, len(f.data)+int(at))
	}
	return nil
}

// spend counts n bytes of work.
func (f *File) spend(n uint64) error {
	if n > uint64(f.work) {
		return refuse("HDF5 file whose structures refer to the same bytes again and again")
	}
	f.work -= int64(n)
	return nil
}

// block is the n bytes at an address.
func (f *File) block(what string, at, n uint64) ([]byte, error) {
	if at == undefined {
		return nil, refuse("%s has no address", what)
	}
	if size := uint64(len(f.data)); at > size || n > size-at {
		return nil, refuse("%s of %d bytes at %d is outside of the file of %d bytes", what, n, at, size)
	}
	if err := f.spend(n); err != nil {
		return nil, err
	}
	return f.data[at : at+n : at+n], nil
}

// open reads a structure that starts with a signature and a version; the
// cursor stands behind both.
func (f *File) structure(what, signature string, version byte, at, n uint64) (*cursor, error) {
	b, err := f.block(what, at, n)
	if err != nil {
		return nil, err
	}
	c := &cursor{b: b}
	if got := string(c.take(uint64(len(signature)))); got != signature {
		return nil, refuse("%s at %d starts with %q, expected %q", what, at, got, signature)
	}
	if got := c.u8(); got != version {
		return nil, refuse("%s at %d has version %d, expected %d", what, at, got, version)
	}
	return c, nil
}

// checked is structure for one whose last four bytes are its checksum, which
// the cursor does not see.
func (f *File) checked(what, signature string, version byte, at, n uint64) (*cursor, error) {
	c, err := f.structure(what, signature, version, at, n)
	if err != nil {
		return nil, err
	}
	body := c.b[:n-4]
	sum := cursor{b: c.b, at: len(body)}
	c.b = body
	return c, f.checksum(what, body, sum.u32())
}

func (f *File) checksum(what string, body []byte, want uint32) error {
	if got := lookup3(body); got != want && !f.unchecked {
		return refuse("%s has checksum %08x, expected %08x: the file is damaged", what, got, want)
	}
	return nil
}
