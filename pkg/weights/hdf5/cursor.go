package hdf5

import "encoding/binary"

// cursor reads little-endian fields one after another. Past the end it gives
// zeros and remembers that the bytes were too short.
type cursor struct {
	b     []byte
	at    int
	short bool
}

// take is the next n bytes, nil where there are not as many.
func (c *cursor) take(n uint64) []byte {
	if n > uint64(len(c.b)-c.at) {
		c.short, c.at = true, len(c.b)
		return nil
	}
	b := c.b[c.at : c.at+int(n) : c.at+int(n)]
	c.at += int(n)
	return b
}

func (c *cursor) skip(n uint64) { c.take(n) }

// rest is what has not been read.
func (c *cursor) rest() []byte { return c.b[c.at:] }

func (c *cursor) u8() uint8 { return uint8(c.uint(1)) }

func (c *cursor) u16() uint16 { return uint16(c.uint(2)) }

func (c *cursor) u32() uint32 { return uint32(c.uint(4)) }

func (c *cursor) u64() uint64 { return c.uint(8) }

// uint reads an integer of up to eight bytes.
func (c *cursor) uint(size int) uint64 {
	b := c.take(uint64(size))
	if b == nil {
		return 0
	}
	var whole [8]byte
	copy(whole[:], b)
	return binary.LittleEndian.Uint64(whole[:])
}

// align skips to a multiple of n bytes from the start.
func (c *cursor) align(n int) { c.skip(uint64((n - c.at%n) % n)) }

// end refuses what was too short.
func (c *cursor) end(what string) error {
	if c.short {
		return refuse("%s is too short", what)
	}
	return nil
}

// cstring is the text in b up to the first NUL.
func cstring(b []byte) string {
	for i, x := range b {
		if x == 0 {
			return string(b[:i])
		}
	}
	return string(b)
}

// product multiplies, false where the result does not fit 62 bits.
func product(factors ...uint64) (uint64, bool) {
	const limit = 1 << 62
	n := uint64(1)
	for _, f := range factors {
		if f == 0 {
			return 0, true
		}
	}
	for _, f := range factors {
		if n > limit/f {
			return 0, false
		}
		n *= f
	}
	return n, true
}
