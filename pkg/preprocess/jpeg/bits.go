package jpeg

import (
	"bytes"
	"encoding/binary"
)

// padding is the number of zero bytes kept behind the data of a bitReader, so
// that a refill loads eight bytes wherever it stands in the data.
const padding = 8

// bitReader reads the bits of one entropy-coded segment, whose stuffed bytes
// are already removed. Behind the end it gives zero bits; left tells.
type bitReader struct {
	buf  []byte // data and padding
	size int    // bytes of data
	pos  int    // bytes taken into acc; may pass size
	acc  uint64 // next bits at the top; bits below n are those of buf, too, or 0
	n    uint   // valid bits in acc, at most 63
}

// load takes the segment at data[pos:], up to the next marker or the end, and
// returns where it ends. It reuses the reader's memory.
func (b *bitReader) load(data []byte, pos int) int {
	out := b.buf[:0]
	if out == nil {
		out = make([]byte, 0, len(data)-pos+padding)
	}
	for {
		i := bytes.IndexByte(data[pos:], 0xff)
		if i < 0 {
			out = append(out, data[pos:]...)
			pos = len(data)
			break
		}
		out = append(out, data[pos:pos+i]...)
		pos += i
		next := pos + 1
		for next < len(data) && data[next] == 0xff {
			next++ // fill bytes
		}
		if next >= len(data) || data[next] != 0 {
			break
		}
		out = append(out, 0xff)
		pos = next + 1
	}
	b.size, b.pos, b.acc, b.n = len(out), 0, 0, 0
	b.buf = append(out, make([]byte, padding)...)
	return pos
}

// refill makes at least 56 bits valid.
func (b *bitReader) refill() {
	if b.pos+8 <= len(b.buf) {
		b.acc |= binary.BigEndian.Uint64(b.buf[b.pos:]) >> (b.n & 63)
	} else {
		for i, n := b.pos, b.n; n <= 56; i, n = i+1, n+8 {
			if i < b.size {
				b.acc |= uint64(b.buf[i]) << (56 - n)
			}
		}
	}
	b.pos += int((63 - b.n) >> 3)
	b.n |= 56
}

// left returns the number of bits not yet read, negative where more were read
// than there are.
func (b *bitReader) left() int { return (b.size-b.pos)*8 + int(b.n) }

// rest returns the bytes of the segment that no bit was read from.
func (b *bitReader) rest() []byte {
	used := (b.pos*8 - int(b.n) + 7) / 8
	return b.buf[min(used, b.size):b.size]
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
	symbol, length := uint8(0), uint(0)
	if e := h.fast[b.acc>>(64-fastBits)]; e != 0 {
		symbol, length = e.symbol(), e.length()
		if e.value() != 0 {
			length -= uint(symbol & 15)
		}
	} else if symbol, length = h.long(b.acc); length == 0 {
		return 0, errCode
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
