package source

import (
	"bufio"
	"compress/flate"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"strings"
	"sync"
)

// A member larger than freeBytes may be at most maxRatio times what it is stored as.
const (
	freeBytes = 64 << 20
	maxRatio  = 200
)

func zipDamage(what string) error { return &Error{Msg: "the archive is damaged: " + what} }

// listZip lists a zip's picked files; of a damaged directory none.
func (s *Source) listZip(a *archive, f *os.File, pick func(name string) bool) ([]member, error) {
	size := a.info.Size()
	d, err := findDirectory(f, size)
	if err != nil {
		return nil, err
	}
	a.directory = d
	if d.size > s.limits.directory {
		return nil, &Error{Limit: true, Msg: fmt.Sprintf("the archive's directory is larger than %d bytes", s.limits.directory)}
	}
	r := bufio.NewReaderSize(io.NewSectionReader(f, d.at, d.size), 256<<10)
	var members []member
	var stored int64
	n, at := 0, d.at
	for ; at < d.at+d.size && !s.halted(); n++ {
		if n == s.limits.members {
			return nil, tooMany(n)
		}
		rec, err := nextRecord(r)
		if err != nil {
			return nil, err
		}
		// Members that overlap would inflate the same bytes many times.
		if rec.stored > size-stored {
			return nil, zipDamage("its members overlap")
		}
		stored += rec.stored
		if name := label(rec.name); rec.regular() && pick(name) {
			members = append(members, member{name: strings.Clone(name), at: at})
		}
		at += int64(rec.length)
	}
	if !s.halted() && !d.agrees(n) {
		return nil, zipDamage("its directory is incomplete")
	}
	return members, nil
}

// nextRecord takes a record from the directory.
func nextRecord(r *bufio.Reader) (zipRecord, error) {
	head, err := r.Peek(recordSize)
	if err != nil {
		return zipRecord{}, recordError(err)
	}
	b, err := r.Peek(recordLength(head))
	if err != nil {
		return zipRecord{}, recordError(err)
	}
	rec, err := parseRecord(b)
	if err == nil {
		_, err = r.Discard(len(b))
	}
	return rec, err
}

func recordError(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return zipDamage("its directory is incomplete")
	}
	return archiveError(err)
}

// recordAt reads the record of the directory that lies at an offset.
func recordAt(f io.ReaderAt, at int64) (zipRecord, error) {
	head := make([]byte, recordSize, 256)
	if _, err := f.ReadAt(head, at); err != nil {
		return zipRecord{}, recordError(err)
	}
	n := recordLength(head)
	b := append(head, make([]byte, n-recordSize)...)
	if _, err := f.ReadAt(b[recordSize:], at+recordSize); err != nil {
		return zipRecord{}, recordError(err)
	}
	return parseRecord(b)
}

func (a *archive) readZip(m member, limit int64) ([]byte, error) {
	f, err := a.open()
	if err != nil {
		return nil, err
	}
	defer f.Close()
	rec, err := recordAt(f, m.at)
	if err != nil {
		return nil, err
	}
	if err := rec.readable(limit); err != nil {
		return nil, err
	}
	raw, err := rec.data(f, a.directory)
	if err != nil {
		return nil, err
	}
	data, err := rec.unpack(raw)
	if err != nil {
		return nil, err
	}
	if crc32.ChecksumIEEE(data) != rec.crc {
		return nil, &Error{Msg: "the member is damaged: its checksum differs"}
	}
	return data, nil
}

// readable refuses what is not supported, and a member by the size that it claims: it
// is never inflated further.
func (r zipRecord) readable(limit int64) error {
	switch {
	case r.encrypted():
		return &Error{Msg: "the member is encrypted"}
	case r.method != methodStore && r.method != methodDeflate:
		return &Error{Msg: "the member is compressed with " + methodName(r.method) + ", which is not supported"}
	case r.size > limit:
		return tooLarge(limit)
	case r.size > freeBytes && r.size/maxRatio > r.stored:
		return &Error{Limit: true, Msg: fmt.Sprintf("the member inflates to %d bytes, more than %d times what it is stored as", r.size, maxRatio)}
	}
	return nil
}

// data is the member's bytes as they are stored, between its local header and the
// directory.
func (r zipRecord) data(f io.ReaderAt, d zipDirectory) (*io.SectionReader, error) {
	const size, signature = 30, 0x04034b50
	at := d.base + r.offset
	if at < 0 || at > d.at-size {
		return nil, zipDamage("a member lies outside")
	}
	var b [size]byte
	if _, err := f.ReadAt(b[:], at); err != nil {
		return nil, archiveError(err)
	}
	le := binary.LittleEndian
	if le.Uint32(b[:]) != signature {
		return nil, zipDamage("a member's header is broken")
	}
	at += size + int64(le.Uint16(b[26:])) + int64(le.Uint16(b[28:]))
	if r.stored > d.at-at {
		return nil, zipDamage("a member lies outside")
	}
	return io.NewSectionReader(f, at, r.stored), nil
}

var inflaters = sync.Pool{New: func() any { return flate.NewReader(nil) }}

// unpack gives exactly r.size bytes. What it allocates grows with what is stored.
func (r zipRecord) unpack(raw *io.SectionReader) ([]byte, error) {
	if r.method == methodStore {
		if r.size != r.stored {
			return nil, &Error{Msg: "the member is damaged: its sizes differ"}
		}
		data := make([]byte, r.size) // r.stored lies inside the file
		if _, err := io.ReadFull(raw, data); err != nil {
			return nil, archiveError(err)
		}
		return data, nil
	}
	z := inflaters.Get().(io.ReadCloser)
	defer inflaters.Put(z)
	if err := z.(flate.Resetter).Reset(bufio.NewReaderSize(raw, int(min(r.stored+1, 32<<10))), nil); err != nil {
		return nil, archiveError(err)
	}
	data, err := readSized(z, r.size, 4*r.stored)
	if err == nil {
		if _, err = io.ReadFull(z, make([]byte, 1)); err == io.EOF {
			return data, nil
		}
	}
	var broken flate.CorruptInputError
	switch {
	case errors.As(err, &broken), errors.Is(err, io.ErrUnexpectedEOF):
		return nil, &Error{Msg: "the member is damaged: its compressed data is broken", Err: err}
	case err == nil, err == io.EOF:
		return nil, &Error{Msg: "the member is damaged: its sizes differ"}
	}
	return nil, archiveError(err)
}
