package jpeg

import (
	"bytes"
	"encoding/binary"
)

const (
	// window is the number of bytes of entropy-coded data held ready.
	window = 16 << 10
	// lowWater is more than the bits of an MCU take: at most ten blocks of
	// 64 coefficients of at most 31 bits each, and what a refill looks ahead.
	lowWater = 3 << 10
)

// bitReader reads the bits of one entropy-coded segment through a window from
// which stuffed bytes are already removed. An MCU may be read after fill;
// behind the end come zero bits, and left tells.
type bitReader struct {
	data  []byte // the file
	at    int    // next byte of data to enter the window; once ended, the marker's
	ended bool   // the whole segment has entered
	size  int    // bytes in the window
	pos   int    // bytes taken into acc; may pass size
	acc   uint64 // next bits at the top; bits below n are those of buf, too
	n     uint   // valid bits in acc, at most 63
	buf   [window + lowWater + 16]byte
}

// begin starts the segment at data[at:], which ends before the next marker or
// with the data.
func (b *bitReader) begin(data []byte, at int) {
	b.data, b.at, b.ended = data, at, false
	b.size, b.pos, b.acc, b.n = 0, 0, 0, 0
	b.fill()
}

// fill makes the bits of an MCU ready.
func (b *bitReader) fill() {
	if b.ended || b.size-b.pos >= lowWater {
		return
	}
	b.size = copy(b.buf[:], b.buf[b.pos:b.size])
	b.pos = 0
	for b.size < window && !b.ended {
		b.take()
	}
	if b.ended {
		clear(b.buf[b.size : b.size+lowWater+16])
	}
}

// take lets data enter up to the next 0xff and what that stands for.
func (b *bitReader) take() {
	rest := b.data[b.at:]
	piece := rest[:min(len(rest), window-b.size)]
	i := bytes.IndexByte(piece, 0xff)
	if i < 0 {
		b.size += copy(b.buf[b.size:], piece)
		b.at += len(piece)
		b.ended = b.at == len(b.data)
		return
	}
	b.size += copy(b.buf[b.size:], piece[:i])
	b.at += i
	next := i + 1
	for next < len(rest) && rest[next] == 0xff {
		next++ // fill bytes
	}
	if next >= len(rest) {
		b.at, b.ended = len(b.data), true
		return
	}
	if rest[next] != 0 {
		b.ended = true
		return
	}
	b.buf[b.size] = 0xff
	b.size++
	b.at += next + 1 - i
}

// end returns where the segment ends.
func (b *bitReader) end() int {
	for !b.ended {
		b.size, b.pos = 0, 0
		b.take()
	}
	return b.at
}

// refill makes at least 56 bits valid.
func (b *bitReader) refill() { b.acc, b.n, b.pos = b.refilled(b.acc, b.n, b.pos) }

// refilled is refill where the bits, their number and the position are at hand.
func (b *bitReader) refilled(acc uint64, n uint, pos int) (uint64, uint, int) {
	return acc | binary.BigEndian.Uint64(b.buf[pos:])>>(n&63), n | 56, pos + int((63-n)>>3)
}

// left returns the number of bits not yet read, negative where more were read
// than there are. Before the end has entered the window it is only known to
// be large when an MCU begins.
func (b *bitReader) left() int { return (b.size-b.pos)*8 + int(b.n) }

// rest returns the bytes of the window that no bit was read from.
func (b *bitReader) rest() []byte {
	used := (b.pos*8 - int(b.n) + 7) / 8
	return b.buf[min(used, b.size):b.size]
}

// leftover tells how many bytes of the segment no bit was read from, and
// whether any of them is 0xff. It reads on to the end.
func (b *bitReader) leftover() (n int, ff bool) {
	for {
		rest := b.rest()
		n += len(rest)
		ff = ff || bytes.IndexByte(rest, 0xff) >= 0
		if b.ended {
			return n, ff
		}
		b.size, b.pos, b.n = 0, 0, 0
		b.take()
	}
}

// bits reads 1 ≤ n ≤ 16 bits.
func (b *bitReader) bits(n uint) int32 {
	if b.n < 32 {
		b.refill()
	}
	v := b.acc >> (64 - n)
	b.acc <<= n
	b.n -= n
	return int32(v)
}

// symbol decodes one Huffman symbol without its magnitude bits.
func (b *bitReader) symbol(h *huffTable) (uint8, error) {
	if b.n < 32 {
		b.refill()
	}
	e := h.fast[b.acc>>(64-fastBits)]
	symbol, length := e.symbol(), e.code()
	if e == 0 {
		if symbol, length = h.long(b.acc); length == 0 {
			return 0, errCode
		}
	}
	b.acc <<= length
	b.n -= length
	return symbol, nil
}

// difference decodes a DC difference.
func (b *bitReader) difference(h *huffTable) (int32, error) {
	size, err := b.symbol(h)
	if err != nil || size == 0 {
		return 0, err
	}
	return extend(b.bits(uint(size)), uint(size)), nil
}
