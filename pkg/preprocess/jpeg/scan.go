package jpeg

import (
	"errors"
	"slices"
)

// What can be wrong inside entropy-coded data.
var (
	errCode     = errors.New("bad Huffman code")
	errIndex    = errors.New("coefficient index out of range")
	errOverrun  = errors.New("out of data")
	errEOBRun   = errors.New("end-of-band run beyond the restart interval")
	errLeftover = errors.New("entropy-coded data left over")
)

// scan is one scan and how far it has come.
type scan struct {
	comps      []*component
	cols, rows int // MCUs
	start, end int // spectral selection
	high, low  uint
	x, y       int // next MCU
	mcu        func(d *decoder, s *scan) error
}

// left returns the number of MCUs not yet passed.
func (s *scan) left() int { return (s.rows-s.y)*s.cols - s.x }

// scan reads a scan header and the entropy-coded data behind it.
func (d *decoder) scan() error {
	seg, err := d.segment()
	if err != nil {
		return err
	}
	s, err := d.parseScan(seg)
	if err != nil {
		return err
	}
	if d.frame.progressive {
		err = d.prepareProgressive(s)
	} else {
		err = d.prepareSequential(s)
	}
	if err != nil {
		return err
	}
	if d.scans == 0 {
		if err := d.checkLength(); err != nil {
			return err
		}
		d.streaming = !d.frame.progressive && len(s.comps) == len(d.frame.comps)
		d.allocate()
	}
	d.scans++
	return d.intervals(s)
}

// parseScan reads a scan header.
func (d *decoder) parseScan(seg []byte) (*scan, error) {
	f := &d.frame
	if len(seg) < 1 {
		return nil, damaged("short scan header")
	}
	n := int(seg[0])
	if n < 1 || n > len(f.comps) || len(seg) != 4+2*n {
		return nil, damaged("scan header of %d bytes for %d components", len(seg), n)
	}
	s := &scan{cols: f.mcuCols, rows: f.mcuRows}
	blocks := 0
	for i := range n {
		id, tables := seg[1+2*i], seg[2+2*i]
		c := f.find(id, s.comps)
		if c == nil {
			return nil, damaged("scan of component %#02x, which the frame does not have", id)
		}
		if tables>>4 > 3 || tables&15 > 3 {
			return nil, damaged("Huffman tables %#02x", tables)
		}
		c.dc, c.ac = d.huff[0][tables>>4], d.huff[1][tables&15]
		if !f.progressive {
			c.dc, c.ac = d.table(0, tables>>4), d.table(1, tables&15)
		}
		if c.quant == nil {
			c.quant = d.quant[c.quantIndex]
		}
		if c.quant == nil {
			return nil, damaged("no quantisation table %d", c.quantIndex)
		}
		s.comps = append(s.comps, c)
		blocks += c.h * c.v
	}
	if n == 1 {
		s.cols, s.rows = s.comps[0].blockCols, s.comps[0].blockRows
	} else if blocks > 10 {
		return nil, damaged("%d blocks an MCU", blocks)
	}
	s.start, s.end = int(seg[1+2*n]), int(seg[2+2*n])
	s.high, s.low = uint(seg[3+2*n]>>4), uint(seg[3+2*n]&15)
	return s, nil
}

// find returns the component with an identifier that is not taken yet.
func (f *frame) find(id byte, taken []*component) *component {
	for i := range f.comps {
		if c := &f.comps[i]; c.id == id && !slices.Contains(taken, c) {
			return c
		}
	}
	return nil
}

// table returns a Huffman table of a sequential scan: where the file defines
// none, the standard one.
func (d *decoder) table(class int, index byte) *huffTable {
	if d.huff[class][index] == nil && index < 2 {
		d.huff[class][index] = standardTable(class, int(index))
	}
	return d.huff[class][index]
}

// checkLength refuses a file that is too short for its size: a block takes at
// least two bits in a sequential file, and one, that of its first DC scan, in
// a progressive one.
func (d *decoder) checkLength() error {
	if d.lenient {
		return nil
	}
	bits := d.frame.blocks()
	if !d.frame.progressive {
		bits *= 2
	}
	if have := len(d.data) - d.pos; bits/8 > have {
		return truncated("%d bytes for %d×%d pixels", have, d.frame.width, d.frame.height)
	}
	return nil
}

// intervals decodes a scan, a restart interval at a time. In lenient mode
// damage costs the rest of its interval, or of the scan where the restart
// marker that follows does not tell how many intervals are missing.
func (d *decoder) intervals(s *scan) error {
	total := s.left()
	size := total
	if d.interval > 0 {
		size = d.interval
	}
	for n := 0; ; n++ {
		d.pos = d.bits.load(d.data, d.pos)
		goal := max(s.left()-size, 0)
		if err := d.decodeMCUs(s, goal); err != nil {
			if !d.lenient {
				return d.scanError(err, total-s.left(), total)
			}
			d.damaged = true
			d.skipMCUs(s, goal)
		}
		if s.left() == 0 {
			return nil
		}
		missing, err := d.restart(byte(n & 7))
		if err != nil {
			if !d.lenient {
				return err
			}
			d.damaged = true
		}
		goal = 0
		if missing != noMarker {
			goal = max(s.left()-missing*size, 0)
		}
		if d.skipMCUs(s, goal); goal == 0 {
			return nil
		}
		n += missing
	}
}

// decodeMCUs decodes until goal MCUs are left.
func (d *decoder) decodeMCUs(s *scan, goal int) error {
	d.eobRun = 0
	for _, c := range s.comps {
		c.pred = 0
	}
	for s.left() > goal {
		if err := s.mcu(d, s); err != nil {
			if d.bits.left() < 16 {
				return errOverrun // a code cut short looks like a bad one
			}
			return err
		}
		if d.bits.left() < 0 {
			return errOverrun
		}
		d.advance(s)
	}
	if d.eobRun > 0 {
		return errEOBRun
	}
	return d.leftover(goal)
}

// leftover refuses data behind the last MCU of an interval: any byte before a
// restart marker, and at the end of a scan what cannot be padding.
func (d *decoder) leftover(goal int) error {
	rest := d.bits.rest()
	if goal > 0 && len(rest) > 0 || len(rest) > 16 && slices.Contains(rest, 0xff) {
		return errLeftover
	}
	return nil
}

// skipMCUs leaves MCUs grey until goal are left.
func (d *decoder) skipMCUs(s *scan, goal int) {
	for s.left() > goal {
		if !d.frame.progressive {
			d.greyMCU(s)
		}
		d.advance(s)
	}
}

// advance goes on to the next MCU.
func (d *decoder) advance(s *scan) {
	if s.x++; s.x < s.cols {
		return
	}
	s.x = 0
	s.y++
	if d.streaming {
		d.rowDone(s.y - 1)
	}
}

// noMarker stands for all intervals that are left.
const noMarker = -1

// restart consumes restart marker n. Where another one comes it returns how
// many intervals are missing, where none comes, noMarker.
func (d *decoder) restart(n byte) (missing int, err error) {
	if d.pos+1 >= len(d.data) {
		d.pos = len(d.data)
		return noMarker, truncated("it ends before restart marker %d", n)
	}
	at := d.pos
	m, err := d.nextMarker()
	switch {
	case err != nil:
		return noMarker, err
	case !isRST(m):
		d.pos = at
		return noMarker, truncated("marker %#02x instead of restart marker %d", m, n)
	case m != markerRST0+n:
		return int(m-markerRST0-n) & 7, damaged("restart marker %d instead of %d", m-markerRST0, n)
	}
	return 0, nil
}

// scanError says where in a file entropy-coded data went wrong.
func (d *decoder) scanError(err error, done, total int) error {
	if !errors.Is(err, errOverrun) {
		return damaged("%v in scan %d after %d of %d MCUs", err, d.scans, done, total)
	}
	return truncated("scan %d ends after %d of %d MCUs", d.scans, done, total)
}
