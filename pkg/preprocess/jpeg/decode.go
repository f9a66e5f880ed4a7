package jpeg

import (
	"bytes"
	"encoding/binary"
)

// decoder holds the state of decoding one file.
type decoder struct {
	reader
	lenient bool
	damaged bool

	frame    frame
	jfif     bool
	adobe    bool
	adobeXfm byte
	quant    [4]*[64]int32
	huff     [2][4]*huffTable // class (0 DC, 1 AC), index
	interval int              // MCUs between restart markers, 0 none

	scans     int   // scans begun
	work      int64 // coefficients passed by progressive scans, and a share for their blocks
	streaming bool
	bits      bitReader
	eobRun    int32
	block     [64]int32 // dequantised, natural order; zero between blocks

	colour colour
	pix    []byte // [height, width, 3]
	nextY  int    // first row of pix not yet written
}

// readHeader reads up to the first scan's marker, which stays unread.
func (d *decoder) readHeader() error {
	if err := d.start(); err != nil {
		return err
	}
	for {
		m, err := d.nextMarker()
		if err != nil {
			return truncated("no frame header")
		}
		switch {
		case m == markerSOS:
			if d.frame.comps == nil {
				return damaged("scan before the frame header")
			}
			d.pos -= 2
			return nil
		case m == markerEOI && d.frame.comps == nil:
			return damaged("no frame header")
		case m == markerEOI:
			return damaged("no scan")
		}
		if err := d.misc(m); err != nil {
			return err
		}
		if d.frame.comps != nil {
			return nil
		}
	}
}

// readScans reads the rest, to the end marker.
func (d *decoder) readScans() error {
	for {
		m, err := d.nextMarker()
		if err != nil {
			return err
		}
		switch m {
		case markerEOI:
			return d.complete()
		case markerSOS:
			err = d.scan()
		default:
			err = d.misc(m)
		}
		if err != nil {
			return err
		}
	}
}

// complete checks at the end marker that every component was coded, in a
// progressive file every coefficient down to its last bit.
func (d *decoder) complete() error {
	if d.scans == 0 {
		return damaged("no scan")
	}
	for i := range d.frame.comps {
		bits := d.frame.comps[i].coefBits[:1]
		if d.frame.progressive {
			bits = d.frame.comps[i].coefBits[:]
		}
		for k, b := range bits {
			if b != 0 {
				return truncated("scans for coefficient %d of component %d are missing", k, i+1)
			}
		}
	}
	return nil
}

// misc handles every marker but SOS and EOI.
func (d *decoder) misc(m byte) error {
	switch {
	case isRST(m) || m == markerTEM:
		return nil
	case m == markerSOI:
		return damaged("second start marker")
	case m < markerSOF0 || m > markerAPP15 && m != markerCOM && m != markerSOF55:
		return damaged("unknown marker %#02x", m)
	}
	seg, err := d.segment()
	if err != nil {
		return err
	}
	switch m {
	case markerDHT:
		return d.defineTables(seg)
	case markerDQT:
		return d.defineQuant(seg)
	case markerDRI:
		if len(seg) != 2 {
			return damaged("restart interval of %d bytes", len(seg))
		}
		d.interval = int(binary.BigEndian.Uint16(seg))
	case markerAPP0:
		d.jfif = d.jfif || len(seg) >= 14 && bytes.HasPrefix(seg, []byte("JFIF\x00"))
	case markerAPP14:
		if len(seg) >= 12 && bytes.HasPrefix(seg, []byte("Adobe")) {
			d.adobe, d.adobeXfm = true, seg[11]
		}
	case markerDAC, markerJPG, markerDNL:
	default:
		if m > markerSOF15 && m != markerSOF55 {
			return nil
		}
		if d.frame.comps != nil {
			return damaged("second frame header")
		}
		return d.frame.parseFrame(m, seg)
	}
	return nil
}

// defineQuant reads the tables of a DQT segment.
func (d *decoder) defineQuant(seg []byte) error {
	for len(seg) > 0 {
		precision, index := seg[0]>>4, seg[0]&15
		size := 64 << (precision & 1)
		if precision > 1 || index > 3 {
			return damaged("quantisation table %#02x", seg[0])
		}
		if seg = seg[1:]; len(seg) < size {
			return damaged("short quantisation table")
		}
		t := new([64]int32)
		for k := range t {
			if precision == 0 {
				t[k] = int32(seg[k])
			} else {
				t[k] = int32(binary.BigEndian.Uint16(seg[2*k:]))
			}
		}
		d.quant[index] = t
		seg = seg[size:]
	}
	return nil
}
