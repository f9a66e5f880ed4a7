package jpeg

import "encoding/binary"

// Marker codes of T.81, table B.1.
const (
	markerTEM   = 0x01
	markerSOF0  = 0xc0
	markerSOF1  = 0xc1
	markerSOF2  = 0xc2
	markerDHT   = 0xc4
	markerJPG   = 0xc8
	markerDAC   = 0xcc
	markerSOF15 = 0xcf
	markerRST0  = 0xd0
	markerRST7  = 0xd7
	markerSOI   = 0xd8
	markerEOI   = 0xd9
	markerSOS   = 0xda
	markerDQT   = 0xdb
	markerDNL   = 0xdc
	markerDRI   = 0xdd
	markerAPP0  = 0xe0
	markerAPP1  = 0xe1
	markerAPP14 = 0xee
	markerAPP15 = 0xef
	markerSOF55 = 0xf7 // JPEG-LS
	markerCOM   = 0xfe
)

func isRST(m byte) bool { return m >= markerRST0 && m <= markerRST7 }

// markers walks the markers and segments of a file.
type markers struct {
	data []byte
	pos  int
}

// start consumes the start marker.
func (r *markers) start() error {
	if len(r.data) < 2 || r.data[0] != 0xff || r.data[1] != markerSOI {
		return &FormatError{Msg: "not a JPEG: no start marker"}
	}
	r.pos = 2
	return nil
}

// nextMarker returns the next marker, letting stray and fill bytes before it
// pass.
func (r *markers) nextMarker() (byte, error) {
	for i := r.pos; i+1 < len(r.data); i++ {
		if m := r.data[i+1]; r.data[i] == 0xff && m != 0 && m != 0xff {
			r.pos = i + 2
			return m, nil
		}
	}
	r.pos = len(r.data)
	return 0, truncated("no end marker")
}

// segment returns the parameters that follow a marker.
func (r *markers) segment() ([]byte, error) {
	rest := r.data[r.pos:]
	if len(rest) < 2 {
		return nil, truncated("it ends inside a marker segment")
	}
	n := int(binary.BigEndian.Uint16(rest))
	if n < 2 {
		return nil, damaged("marker segment of length %d", n)
	}
	if n > len(rest) {
		return nil, truncated("it ends inside a marker segment")
	}
	r.pos += n
	return rest[2:n], nil
}
