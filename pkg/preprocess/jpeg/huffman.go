package jpeg

// fastBits is the number of bits that one table look-up sees.
const fastBits = 10

// An entry of huffTable.fast that holds the symbol of a code of at most
// fastBits bits; where the magnitude bits that follow the code fit too, it
// holds their value and covers them. 0: the code is longer, or none.
//
//	bits 0–4 length, bits 5–12 symbol, bits 16–31 value (0: not covered)
type fastEntry int32

func (e fastEntry) length() uint  { return uint(e) & 31 }
func (e fastEntry) symbol() uint8 { return uint8(e >> 5) }
func (e fastEntry) value() int32  { return int32(e) >> 16 }

// huffTable decodes one Huffman code (T.81, annexes C and F.2.2).
type huffTable struct {
	fast    [1 << fastBits]fastEntry
	limit   [17]uint32 // first 16-bit-aligned code beyond those of each length
	offset  [17]int32  // index into symbols minus the first code of each length
	symbols [256]uint8
	maxSize uint8 // largest symbol
}

// build makes the table from the number of codes of each length 1–16 and the
// symbols in order of their codes. It fails where the codes do not fit.
func (h *huffTable) build(counts [16]uint8, symbols []byte) error {
	*h = huffTable{}
	copy(h.symbols[:], symbols)
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
				h.fill(code, uint(length), symbols[index])
			}
			code++
			index++
		}
		h.limit[length] = code << (16 - length)
		code <<= 1
	}
	return nil
}

// fill enters a short code wherever it is a prefix of the index.
func (h *huffTable) fill(code uint32, length uint, symbol uint8) {
	shift := fastBits - length
	base := fastEntry(symbol) << 5
	size := uint(symbol & 15)
	for rest := range uint32(1) << shift {
		e := base | fastEntry(length)
		if size > 0 && size <= shift {
			bits := rest >> (shift - size)
			e = fastEntry(extend(int32(bits), size))<<16 | base | fastEntry(length+size)
		}
		h.fast[code<<shift|rest] = e
	}
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
func (d *decoder) defineTables(seg []byte) error {
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
		t := new(huffTable)
		if err := t.build(counts, seg[17:17+n]); err != nil {
			return err
		}
		d.huff[class][index] = t
		seg = seg[17+n:]
	}
	return nil
}
