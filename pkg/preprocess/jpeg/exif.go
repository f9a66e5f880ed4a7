package jpeg

import "bytes"

// EXIF returns the payload of the first APP1 segment that holds EXIF, after
// its "Exif\0\0", or nil where there is none before the first scan. It shares
// data's memory and is at most 64 KiB long.
func EXIF(data []byte) []byte {
	r := &markers{data: data}
	if r.start() != nil {
		return nil
	}
	for {
		m, err := r.nextMarker()
		switch {
		case err != nil || m == markerSOS || m == markerEOI:
			return nil
		case isRST(m) || m == markerTEM || m == markerSOI:
			continue
		}
		seg, err := r.segment()
		if err != nil {
			return nil
		}
		if payload, ok := bytes.CutPrefix(seg, []byte("Exif\x00\x00")); ok && m == markerAPP1 {
			return payload
		}
	}
}
