package source

import (
	"bytes"
	"encoding/binary"
	"io"
	"strconv"
	"strings"
)

// The numbers here are those of PKWARE's APPNOTE, sections 4.3 to 4.5.

const (
	recordSize  = 46 // of a record of the directory, without name, extra fields and comment
	endSize     = 22 // of the end of the directory, without comment
	wideEndSize = 56
	locatorSize = 20
	maxComment  = 1<<16 - 1
	inWideField = 1<<32 - 1 // a value that Zip64 gives elsewhere
	inWideCount = 1<<16 - 1
)

const (
	methodStore   = 0
	methodDeflate = 8
	methodAES     = 99
)

// zipDirectory is where the directory lies.
type zipDirectory struct {
	at, size int64
	base     int64  // added to every offset that the archive states
	count    uint64 // of records, without Zip64 modulo 65536
	wide     bool   // Zip64
}

func (d zipDirectory) agrees(n int) bool {
	if d.wide {
		return uint64(n) == d.count
	}
	return uint16(n) == uint16(d.count)
}

// findDirectory finds the directory by the end record, the last thing in the file but
// for a comment.
func findDirectory(f io.ReaderAt, size int64) (zipDirectory, error) {
	var tail []byte
	var at int64
	for _, n := range []int64{1 << 10, endSize + maxComment} { // a long comment is rare
		n = min(n, size)
		tail = make([]byte, n)
		if _, err := f.ReadAt(tail, size-n); err != nil {
			return zipDirectory{}, archiveError(err)
		}
		if i := findEnd(tail); i >= 0 {
			tail, at = tail[i:], size-n+int64(i)
			break
		}
		tail = nil
	}
	if tail == nil {
		return zipDirectory{}, &Error{Msg: "the archive is truncated: it has no directory"}
	}
	le := binary.LittleEndian
	d := zipDirectory{count: uint64(le.Uint16(tail[10:])), size: int64(le.Uint32(tail[12:]))}
	offset := int64(le.Uint32(tail[16:]))
	if le.Uint16(tail[4:]) != le.Uint16(tail[6:]) || le.Uint16(tail[8:]) != le.Uint16(tail[10:]) {
		return d, &Error{Msg: "the archive is one part of several, which is not supported"}
	}
	if d.count == inWideCount || d.size == inWideField || offset == inWideField {
		wide, wideOffset, wideAt, err := findWideEnd(f, at)
		if err != nil {
			return d, err
		}
		if wide.wide {
			d, offset, at = wide, wideOffset, wideAt
		}
	}
	return d.place(f, offset, at)
}

// endsZip tells whether the file has a directory of members at its end.
func endsZip(f io.ReaderAt, size int64) bool {
	d, err := findDirectory(f, size)
	return err == nil && d.size > 0
}

// findEnd gives the last place in b where an end record with its comment fits.
func findEnd(b []byte) int {
	for before := b; ; {
		i := bytes.LastIndex(before, []byte("PK\x05\x06"))
		if i < 0 {
			return -1
		}
		end := b[i:]
		if len(end) >= endSize && len(end)-endSize >= int(binary.LittleEndian.Uint16(end[20:])) {
			return i
		}
		before = b[:i]
	}
}

// findWideEnd reads the end record of Zip64, where a locator stands before the end at.
func findWideEnd(f io.ReaderAt, at int64) (d zipDirectory, offset, wideAt int64, err error) {
	var b [wideEndSize]byte
	if at < locatorSize {
		return d, 0, 0, nil
	}
	if _, err := f.ReadAt(b[:locatorSize], at-locatorSize); err != nil {
		return d, 0, 0, archiveError(err)
	}
	le := binary.LittleEndian
	if string(b[:4]) != "PK\x06\x07" {
		return d, 0, 0, nil
	}
	wideAt = int64(le.Uint64(b[8:]))
	if wideAt < 0 || wideAt > at-locatorSize-wideEndSize {
		return d, 0, 0, zipDamage("its directory lies outside")
	}
	if _, err := f.ReadAt(b[:], wideAt); err != nil {
		return d, 0, 0, archiveError(err)
	}
	if string(b[:4]) != "PK\x06\x06" {
		return d, 0, 0, zipDamage("its end record is broken")
	}
	d = zipDirectory{count: le.Uint64(b[32:]), size: int64(le.Uint64(b[40:])), wide: true}
	return d, int64(le.Uint64(b[48:])), wideAt, nil
}

// place settles where the directory lies: before end, else at offset. Where other bytes
// were put before the archive, its offsets may count from its own start.
func (d zipDirectory) place(f io.ReaderAt, offset, end int64) (zipDirectory, error) {
	if d.size < 0 || offset < 0 || d.size > end || offset > end-d.size {
		return d, zipDamage("its directory lies outside")
	}
	d.at = end - d.size
	var mark [4]byte
	if _, err := f.ReadAt(mark[:], d.at); err != nil {
		return d, archiveError(err)
	}
	if d.size > 0 && string(mark[:]) != "PK\x01\x02" {
		d.at = offset
	}
	d.base = d.at - offset
	return d, nil
}

// zipRecord is what the directory says of a member.
type zipRecord struct {
	name         string
	flags        uint16
	method       uint16
	crc          uint32
	stored, size int64  // bytes in the archive, and inflated
	offset       int64  // of the local header
	creator      byte   // the system that made it
	mode         uint16 // as Unix has it, where creator is one
	length       int    // bytes of the record itself
}

// recordLength is the length of the record that starts with head, [recordSize].
func recordLength(head []byte) int {
	le := binary.LittleEndian
	return recordSize + int(le.Uint16(head[28:])) + int(le.Uint16(head[30:])) + int(le.Uint16(head[32:]))
}

// parseRecord reads a record that takes the whole of b.
func parseRecord(b []byte) (zipRecord, error) {
	le := binary.LittleEndian
	if string(b[:4]) != "PK\x01\x02" {
		return zipRecord{}, zipDamage("its directory is broken")
	}
	r := zipRecord{
		creator: b[5], flags: le.Uint16(b[8:]), method: le.Uint16(b[10:]), crc: le.Uint32(b[16:]),
		stored: int64(le.Uint32(b[20:])), size: int64(le.Uint32(b[24:])), offset: int64(le.Uint32(b[42:])),
		mode: le.Uint16(b[40:]), length: len(b),
	}
	named := recordSize + int(le.Uint16(b[28:]))
	r.name = string(b[recordSize:named])
	if !r.widen(b[named : named+int(le.Uint16(b[30:]))]) {
		return r, zipDamage("its directory is broken")
	}
	return r, nil
}

// widen takes from the extra fields what does not fit the record.
func (r *zipRecord) widen(extra []byte) bool {
	const zip64 = 1
	le := binary.LittleEndian
	var wide []byte
	for len(extra) >= 4 {
		tag, n := le.Uint16(extra), int(le.Uint16(extra[2:]))
		if n > len(extra)-4 {
			break
		}
		if tag == zip64 {
			wide = extra[4 : 4+n]
		}
		extra = extra[4+n:]
	}
	for _, v := range []*int64{&r.size, &r.stored, &r.offset} {
		if *v != inWideField {
			continue
		}
		if len(wide) < 8 {
			return false
		}
		if *v = int64(le.Uint64(wide)); *v < 0 {
			return false
		}
		wide = wide[8:]
	}
	return true
}

// regular tells files from folders, links and devices.
func (r zipRecord) regular() bool {
	const unix, macOS, kind, file = 3, 19, 0o170000, 0o100000
	if strings.HasSuffix(r.name, "/") {
		return false
	}
	made := r.mode & kind
	return r.creator != unix && r.creator != macOS || made == 0 || made == file
}

func (r zipRecord) encrypted() bool {
	const traditional, strong, masked = 1 << 0, 1 << 6, 1 << 13
	return r.flags&(traditional|strong|masked) != 0 || r.method == methodAES
}

func methodName(method uint16) string {
	switch method {
	case 9:
		return "Deflate64"
	case 12:
		return "bzip2"
	case 14:
		return "LZMA"
	case 93:
		return "Zstandard"
	case 95:
		return "XZ"
	}
	return "method " + strconv.Itoa(int(method))
}
