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
	x, y       int                                   // next MCU
	mcu        func(r *Reader, s *scan, x int) error // progressive
	units      []unit                                // sequential
}

// left returns the number of MCUs not yet passed.
func (s *scan) left() int { return (s.rows-s.y)*s.cols - s.x }

// factors returns how many blocks of a component an MCU has, across and down.
func (s *scan) factors(c *component) (h, v int) {
	if len(s.comps) == 1 {
		return 1, 1
	}
	return c.h, c.v
}

// columns returns the first MCU of a row that is wanted, and the one behind
// the last.
func (s *scan) columns(r *Reader) (from, to int) {
	from, to = r.want.Min.X, r.want.Max.X
	if len(s.comps) == 1 {
		c := s.comps[0]
		from, to = from*c.h, min(to*c.h, s.cols)
	}
	return from, to
}

// wanted tells whether the next MCU holds pixels that are asked for.
func (s *scan) wanted(r *Reader) bool {
	from, to := s.columns(r)
	my := s.y
	if len(s.comps) == 1 {
		my /= s.comps[0].v
	}
	return s.x >= from && s.x < to && my >= r.want.Min.Y && my < r.want.Max.Y
}

// run returns how many MCUs from the next one on are in the same row, at most
// most, and wanted or not as one.
func (s *scan) run(r *Reader, most int) int {
	from, to := s.columns(r)
	n := min(most, s.cols-s.x)
	switch {
	case s.x < from:
		n = min(n, from-s.x)
	case s.x < to:
		n = min(n, to-s.x)
	}
	return n
}

// scan reads a scan header and the entropy-coded data behind it.
func (r *Reader) scan() error {
	seg, err := r.segment()
	if err != nil {
		return err
	}
	s, err := r.parseScan(seg)
	if err != nil {
		return err
	}
	if r.frame.progressive {
		err = r.prepareProgressive(s)
	} else {
		err = r.prepareSequential(s)
	}
	if err != nil {
		return err
	}
	if r.scans == 0 {
		if err := r.checkLength(); err != nil {
			return err
		}
		r.streaming = !r.frame.progressive && len(s.comps) == len(r.frame.comps)
		r.allocate()
	}
	r.scans++
	if !r.frame.progressive {
		r.planUnits(s)
	}
	return r.intervals(s)
}

// parseScan reads a scan header.
func (r *Reader) parseScan(seg []byte) (*scan, error) {
	f := &r.frame
	if len(seg) < 1 {
		return nil, damaged("short scan header")
	}
	n := int(seg[0])
	if n < 1 || n > len(f.comps) || len(seg) != 4+2*n {
		return nil, damaged("scan header of %d bytes for %d components", len(seg), n)
	}
	s := &r.mem.scan
	*s = scan{cols: f.mcuCols, rows: f.mcuRows, comps: s.comps[:0], units: s.units[:0]}
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
		c.dc, c.ac = r.huff[0][tables>>4], r.huff[1][tables&15]
		if !f.progressive {
			c.dc, c.ac = r.table(0, tables>>4), r.table(1, tables&15)
		}
		if err := r.fixQuant(c); err != nil {
			return nil, err
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

// fixQuant gives a component its quantisation table, at its first scan.
func (r *Reader) fixQuant(c *component) error {
	t := &r.quant[c.quantIndex]
	if c.quantFixed {
		return nil
	}
	if !t.defined {
		return damaged("no quantisation table %d", c.quantIndex)
	}
	c.quantFixed = true
	for k, step := range t.step {
		c.quant[r.set.order[k]] = step
	}
	return nil
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
func (r *Reader) table(class, index byte) *huffTable {
	if r.huff[class][index] == nil && index < 2 {
		t := r.mem.table(class, index)
		t.setStandard(class, index)
		r.huff[class][index] = t
	}
	return r.huff[class][index]
}

// checkLength refuses a file that is too short for its size: a block takes at
// least two bits in a sequential file, and one, that of its first DC scan, in
// a progressive one.
func (r *Reader) checkLength() error {
	if r.lenient {
		return nil
	}
	bits := r.frame.blocks()
	if !r.frame.progressive {
		bits *= 2
	}
	if have := len(r.data) - r.pos; bits/8 > have {
		return truncated("%d bytes for %d×%d pixels", have, r.frame.width, r.frame.height)
	}
	return nil
}

// intervals decodes a scan, a restart interval at a time. In lenient mode
// damage costs the rest of its interval, or of the scan where the restart
// marker that follows does not tell how many intervals are missing.
func (r *Reader) intervals(s *scan) error {
	total := s.left()
	size := total
	if r.interval > 0 {
		size = r.interval
	}
	for n := 0; ; n++ {
		r.bits.begin(r.data, r.pos)
		goal := max(s.left()-size, 0)
		err := r.decodeMCUs(s, goal)
		if r.sink.err != nil {
			return r.sink.err
		}
		if err != nil && !r.lenient {
			return r.scanError(err, total-s.left(), total)
		}
		if err != nil {
			r.damaged = true
			r.skipMCUs(s, goal)
		}
		r.pos = r.bits.end()
		if s.left() == 0 {
			return nil
		}
		missing, err := r.restart(byte(n & 7))
		if err != nil {
			if !r.lenient {
				return err
			}
			r.damaged = true
		}
		goal = 0
		if missing != noMarker {
			goal = max(s.left()-missing*size, 0)
		}
		if r.skipMCUs(s, goal); goal == 0 {
			return nil
		}
		n += missing
	}
}

// decodeMCUs decodes until goal MCUs are left.
func (r *Reader) decodeMCUs(s *scan, goal int) error {
	r.eobRun = 0
	for _, c := range s.comps {
		c.pred = 0
	}
	for s.left() > goal && r.sink.err == nil {
		n, err := 0, error(nil)
		if most := s.left() - goal; r.frame.progressive {
			n, err = r.progressiveMCUs(s, min(most, s.cols-s.x))
		} else {
			n, err = r.sequentialMCUs(s, s.run(r, min(most, chunk)))
		}
		r.advance(s, n)
		if err != nil {
			if r.bits.left() < 16 {
				return errOverrun // a code cut short looks like a bad one
			}
			return err
		}
	}
	if r.eobRun > 0 {
		return errEOBRun
	}
	return r.leftover(goal)
}

// leftover refuses data behind the last MCU of an interval: any byte before a
// restart marker, and at the end of a scan what cannot be padding.
func (r *Reader) leftover(goal int) error {
	if n, ff := r.bits.leftover(); goal > 0 && n > 0 || n > 16 && ff {
		return errLeftover
	}
	return nil
}

// skipMCUs leaves MCUs grey until goal are left.
func (r *Reader) skipMCUs(s *scan, goal int) {
	for s.left() > goal {
		n := s.run(r, s.left()-goal)
		if !r.frame.progressive {
			r.greyMCUs(s, n)
		}
		r.advance(s, n)
	}
}

// advance goes on by n MCUs of a row.
func (r *Reader) advance(s *scan, n int) {
	if s.x += n; s.x < s.cols {
		return
	}
	s.x = 0
	s.y++
	if r.streaming {
		r.rowDone(s.y - 1)
	}
}

// noMarker stands for all intervals that are left.
const noMarker = -1

// restart consumes restart marker n. Where another one comes it returns how
// many intervals are missing, where none comes, noMarker.
func (r *Reader) restart(n byte) (missing int, err error) {
	if r.pos+1 >= len(r.data) {
		r.pos = len(r.data)
		return noMarker, truncated("it ends before restart marker %d", n)
	}
	at := r.pos
	m, err := r.nextMarker()
	switch {
	case err != nil:
		return noMarker, err
	case !isRST(m):
		r.pos = at
		return noMarker, truncated("marker %#02x instead of restart marker %d", m, n)
	case m != markerRST0+n:
		return int(m-markerRST0-n) & 7, damaged("restart marker %d instead of %d", m-markerRST0, n)
	}
	return 0, nil
}

// scanError says where in a file entropy-coded data went wrong.
func (r *Reader) scanError(err error, done, total int) error {
	if !errors.Is(err, errOverrun) {
		return damaged("%v in scan %d after %d of %d MCUs", err, r.scans, done, total)
	}
	return truncated("scan %d ends after %d of %d MCUs", r.scans, done, total)
}
