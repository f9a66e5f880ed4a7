package jpeg

import (
	"bytes"
	"encoding/binary"
)

// readHeader reads up to the first scan's marker, which stays unread.
func (r *Reader) readHeader() error {
	if err := r.start(); err != nil {
		return err
	}
	for {
		m, err := r.nextMarker()
		if err != nil {
			return truncated("no frame header")
		}
		switch {
		case m == markerSOS:
			if r.frame.comps == nil {
				return damaged("scan before the frame header")
			}
			r.pos -= 2
			return nil
		case m == markerEOI && r.frame.comps == nil:
			return damaged("no frame header")
		case m == markerEOI:
			return damaged("no scan")
		}
		if err := r.misc(m); err != nil {
			return err
		}
		if r.frame.comps != nil {
			return nil
		}
	}
}

// readScans reads the rest, to the end marker.
func (r *Reader) readScans() error {
	for {
		m, err := r.nextMarker()
		if err != nil {
			return err
		}
		switch m {
		case markerEOI:
			return r.complete()
		case markerSOS:
			err = r.scan()
		default:
			err = r.misc(m)
		}
		if err != nil {
			return err
		}
	}
}

// complete checks at the end marker that every component was coded, in a
// progressive file every coefficient down to its last bit.
func (r *Reader) complete() error {
	if r.scans == 0 {
		return damaged("no scan")
	}
	for i := range r.frame.comps {
		bits := r.frame.comps[i].coefBits[:1]
		if r.frame.progressive {
			bits = r.frame.comps[i].coefBits[:]
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
func (r *Reader) misc(m byte) error {
	switch {
	case isRST(m) || m == markerTEM:
		return nil
	case m == markerSOI:
		return damaged("second start marker")
	case m < markerSOF0 || m > markerAPP15 && m != markerCOM && m != markerSOF55:
		return damaged("unknown marker %#02x", m)
	}
	seg, err := r.segment()
	if err != nil {
		return err
	}
	switch m {
	case markerDHT:
		return r.defineTables(seg)
	case markerDQT:
		return r.defineQuant(seg)
	case markerDRI:
		if len(seg) != 2 {
			return damaged("restart interval of %d bytes", len(seg))
		}
		r.interval = int(binary.BigEndian.Uint16(seg))
	case markerAPP0:
		r.jfif = r.jfif || len(seg) >= 14 && bytes.HasPrefix(seg, []byte("JFIF\x00"))
	case markerAPP14:
		if len(seg) >= 12 && bytes.HasPrefix(seg, []byte("Adobe")) {
			r.adobe, r.adobeXfm = true, seg[11]
		}
	case markerDAC, markerJPG, markerDNL:
	default:
		if m > markerSOF15 && m != markerSOF55 {
			return nil
		}
		if r.frame.comps != nil {
			return damaged("second frame header")
		}
		return r.frame.parseFrame(m, seg, &r.mem.comps)
	}
	return nil
}

// defineQuant reads the tables of a DQT segment.
func (r *Reader) defineQuant(seg []byte) error {
	for len(seg) > 0 {
		precision, index := seg[0]>>4, seg[0]&15
		size := 64 << (precision & 1)
		if precision > 1 || index > 3 {
			return damaged("quantisation table %#02x", seg[0])
		}
		if seg = seg[1:]; len(seg) < size {
			return damaged("short quantisation table")
		}
		t := &r.quant[index]
		for k := range t.step {
			if precision == 0 {
				t.step[k] = int16(seg[k])
			} else {
				t.step[k] = int16(binary.BigEndian.Uint16(seg[2*k:]))
			}
		}
		t.defined = true
		seg = seg[size:]
	}
	return nil
}
