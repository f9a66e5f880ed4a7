package jpeg

// fastBits is the number of bits that a look-up in huffTable.fast sees.
const fastBits = 10

// An entry of huffTable.fast holds the symbol of a code of at most fastBits
// bits; where the magnitude bits that follow the code fit too, it holds their
// value and covers them. 0: the code is longer, or none.
//
//	bits 0–5 length, bit 6 fastWhole, bits 8–15 symbol, bits 16–31 value (0: not
//	covered)
type fastEntry uint32

func (e fastEntry) length() uint  { return uint(e) & 63 }
func (e fastEntry) symbol() uint8 { return uint8(e >> 8) }
func (e fastEntry) value() int16  { return int16(e >> 16) }

// fastWhole marks entries that hold all of a DC difference, 0 among them.
const fastWhole fastEntry = 1 << 6

// code returns the length without magnitude bits.
func (e fastEntry) code() uint {
	if e.value() != 0 {
		return e.length() - uint(e.symbol()&15)
	}
	return e.length()
}

// An entry of huffTable.pairs holds the first coefficient of a block's rest and,
// where it is whole in fastBits bits, the second, or the end of the block, as a
// zero behind the first. For a single coefficient the second is itself.
//
//	bits 0–3 length, bits 4–9 and 10–14 indices passed up to the first and from
//	there to the second, bit 15 end of block, bits 16–21 and 22–31 the second
//	and the first value
type pairEntry uint32

const (
	pairEnd  pairEntry = 1 << 15
	pairNone pairEntry = 63 << 4 // not held: a code that is not whole, or a large value
)

func (e pairEntry) length() uint { return uint(e) & 15 }
func (e pairEntry) first() uint  { return uint(e>>4) & 63 }
func (e pairEntry) second() uint { return uint(e>>10) & 31 }

// values returns the first and the second coefficient.
func (e pairEntry) values() (first, second int16) {
	return int16(int32(e) >> 22), int16(int32(e<<10) >> 26)
}

// huffTable decodes one Huffman code (T.81, annexes C and F.2.2).
type huffTable struct {
	fast    [1 << fastBits]fastEntry
	pairs   *[1 << fastBits]pairEntry // nil until preparePairs
	limit   [17]uint32                // first 16-bit-aligned code beyond those of each length
	offset  [17]int32                 // index into symbols minus the first code of each length
	counts  [16]uint8
	symbols [256]uint8
	codes   int   // number of symbols
	maxSize uint8 // largest symbol
	built   bool
	paired  bool // pairs is of this table
}

// build makes the table from the number of codes of each length 1–16 and the
// symbols in order of their codes, unless it is that table already. It fails
// where the codes do not fit.
func (h *huffTable) build(counts *[16]uint8, symbols []byte) error {
	if h.built && h.codes == len(symbols) && h.counts == *counts && string(h.symbols[:h.codes]) == string(symbols) {
		return nil
	}
	h.built, h.paired, h.maxSize = false, false, 0
	h.counts, h.codes = *counts, copy(h.symbols[:], symbols)
	clear(h.fast[:])
	code, index := uint32(0), 0
	for length := 1; length <= 16; length++ {
		n := int(counts[length-1])
		h.offset[length] = int32(index) - int32(code)
		if code+uint32(n) > 1<<length {
			return damaged("oversubscribed Huffman code")
		}
		for range n {
			h.maxSize = max(h.maxSize, symbols[index])
			if length <= fastBits {
				h.enter(code, uint(length), symbols[index])
			}
			code++
			index++
		}
		h.limit[length] = code << (16 - length)
		code <<= 1
	}
	h.built = true
	return nil
}

// enter puts a short code wherever it is a prefix of the index.
func (h *huffTable) enter(code uint32, length uint, symbol uint8) {
	shift := fastBits - length
	e := fastEntry(symbol)<<8 | fastEntry(length)
	into := h.fast[code<<shift : (code+1)<<shift]
	size := uint(symbol & 15)
	if symbol == 0 {
		e |= fastWhole
	}
	if size == 0 || size > shift {
		for i := range into {
			into[i] = e
		}
		return
	}
	e += fastEntry(size) | fastWhole
	for bits := range uint32(1) << size {
		e := fastEntry(extend(int32(bits), size))<<16 | e
		same := into[bits<<(shift-size) : (bits+1)<<(shift-size)]
		for i := range same {
			same[i] = e
		}
	}
}

// preparePairs fills pairs.
func (h *huffTable) preparePairs() {
	if h.paired {
		return
	}
	h.paired = true
	if h.pairs == nil {
		h.pairs = new([1 << fastBits]pairEntry)
	}
	for i := range h.pairs {
		e := h.fast[i]
		h.pairs[i] = pairOf(e, h.fast[i<<e.length()&(len(h.fast)-1)])
	}
}

// pairOf joins an AC code's entry of fast and the entry of the bits behind it,
// as far as they are known.
func pairOf(e, next fastEntry) pairEntry {
	run, ok := e.run()
	if !ok || e.value()>>9 != e.value()>>15 {
		return pairNone
	}
	if run == 0 {
		return pairEntry(e.length()) | 1<<4 | pairEnd
	}
	p := pairEntry(run)<<4 | pairEntry(e.value())<<22
	run, ok = next.run()
	length := e.length() + next.length()
	switch {
	case !ok || length > fastBits || next.value()>>5 != next.value()>>15 || next.symbol() == 0xf0:
		return p | pairEntry(e.length())
	case run == 0:
		return p | pairEntry(length) | 1<<10 | pairEnd
	}
	return p | pairEntry(length) | pairEntry(run)<<10 | pairEntry(next.value())&63<<16
}

// run counts the coefficient of an AC code, if all of it is known; 0 at an end
// of block.
func (e fastEntry) run() (n uint, ok bool) {
	switch symbol := e.symbol(); {
	case e.value() != 0 || symbol == 0xf0:
		return uint(symbol>>4) + 1, true
	case symbol&15 != 0:
		return 0, false
	}
	return 0, e != 0
}

// long decodes a code of more than fastBits bits from the top of acc; length
// 0: there is none.
func (h *huffTable) long(acc uint64) (symbol uint8, length uint) {
	top := uint32(acc >> 48)
	for n := uint(fastBits + 1); n <= 16; n++ {
		if top < h.limit[n] {
			return h.symbols[uint8(int32(top>>(16-n))+h.offset[n])], n
		}
	}
	return 0, 0
}

// extend turns magnitude bits into the signed value they stand for (T.81,
// F.2.2.1), size > 0.
func extend(bits int32, size uint) int32 {
	if bits>>(size-1) == 0 {
		bits -= 1<<size - 1
	}
	return bits
}

// defineTables reads the tables of a DHT segment.
func (r *Reader) defineTables(seg []byte) error {
	for len(seg) > 0 {
		if len(seg) < 17 {
			return damaged("short Huffman table")
		}
		class, index := seg[0]>>4, seg[0]&15
		if class > 1 || index > 3 {
			return damaged("Huffman table %#02x", seg[0])
		}
		counts := [16]uint8(seg[1:17])
		n := 0
		for _, c := range counts {
			n += int(c)
		}
		if n > 256 || n > len(seg)-17 {
			return damaged("Huffman table with %d codes", n)
		}
		t := r.mem.table(class, index)
		if err := t.build(&counts, seg[17:17+n]); err != nil {
			return err
		}
		r.huff[class][index] = t
		seg = seg[17+n:]
	}
	return nil
}
