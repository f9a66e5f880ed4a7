package jpeg

const (
	// fastBits is the number of bits that one table look-up sees.
	fastBits = 10
	// skipBits is fastBits where coefficients are passed over, in pictures of
	// at least skipBlocks blocks; in others that table does not pay.
	skipBits   = 13
	skipBlocks = 1 << 15
)

// An entry of huffTable.fast holds the symbol of a code of at most fastBits
// bits; where the magnitude bits that follow the code fit too, it holds their
// value and covers them. 0: the code is longer, or none.
//
//	bits 0–5 length, bits 8–15 symbol, bits 16–31 value (0: not covered)
type fastEntry uint32

func (e fastEntry) length() uint  { return uint(e) & 63 }
func (e fastEntry) symbol() uint8 { return uint8(e >> 8) }
func (e fastEntry) value() int16  { return int16(e >> 16) }

// zero tells whether e is the code of symbol 0.
func (e fastEntry) zero() bool { return e-1 < 63 }

// code returns the length without magnitude bits.
func (e fastEntry) code() uint {
	if e.value() != 0 {
		return e.length() - uint(e.symbol()&15)
	}
	return e.length()
}

// An entry of huffTable.skip covers as many AC codes, with their magnitude
// bits, as are whole in skipBits bits, up to an end of block.
//
//	bits 0–4 length, bits 5–11 coefficients passed, bit 15 end of block
type skipEntry uint16

const (
	skipEnd  skipEntry = 1 << 15
	skipNone skipEntry = 127 << 5 // no code is whole
)

func (e skipEntry) length() uint { return uint(e) & 31 }
func (e skipEntry) passed() uint { return uint(e>>5) & 127 }

// huffTable decodes one Huffman code (T.81, annexes C and F.2.2).
type huffTable struct {
	fast    [1 << fastBits]fastEntry
	skip    *[1 << skipBits]skipEntry // nil until prepareSkip
	limit   [17]uint32                // first 16-bit-aligned code beyond those of each length
	offset  [17]int32                 // index into symbols minus the first code of each length
	counts  [16]uint8
	symbols [256]uint8
	codes   int   // number of symbols
	maxSize uint8 // largest symbol
	built   bool
	skips   bool // skip is of this table
}

// build makes the table from the number of codes of each length 1–16 and the
// symbols in order of their codes, unless it is that table already. It fails
// where the codes do not fit.
func (h *huffTable) build(counts *[16]uint8, symbols []byte) error {
	if h.built && h.codes == len(symbols) && h.counts == *counts && string(h.symbols[:h.codes]) == string(symbols) {
		return nil
	}
	h.built, h.skips, h.maxSize = false, false, 0
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
	if size == 0 || size > shift {
		for i := range into {
			into[i] = e
		}
		return
	}
	e += fastEntry(size)
	for bits := range uint32(1) << size {
		e := fastEntry(extend(int32(bits), size))<<16 | e
		same := into[bits<<(shift-size) : (bits+1)<<(shift-size)]
		for i := range same {
			same[i] = e
		}
	}
}

// prepareSkip fills skip.
func (h *huffTable) prepareSkip() {
	if h.skips {
		return
	}
	h.skips = true
	if h.skip == nil {
		h.skip = new([1 << skipBits]skipEntry)
	}
	for i := range h.skip {
		h.skip[i] = h.chain(uint32(i))
	}
}

// chain returns the entry of skip for some bits.
func (h *huffTable) chain(bits uint32) skipEntry {
	length, passed := uint(0), uint(0)
	for {
		known := bits << length & (1<<skipBits - 1)
		e := h.fast[known>>(skipBits-fastBits)]
		symbol := e.symbol()
		step := e.code() + uint(symbol&15)
		if e == 0 || length+step > skipBits {
			break
		}
		length += step
		if symbol&15 == 0 && symbol != 0xf0 {
			return skipEnd | skipEntry(passed<<5|length)
		}
		if passed += uint(symbol>>4) + 1; passed > 63 {
			return skipNone
		}
	}
	if passed == 0 {
		return skipNone
	}
	return skipEntry(passed<<5 | length)
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
