package preprocess

import "encoding/binary"

// directory is the first image file directory of TIFF-structured data: a TIFF
// file or an EXIF block.
type directory struct {
	order   binary.ByteOrder
	entries []byte // 12 bytes each
	data    []byte // what value offsets count from
}

// Tags of a directory.
const (
	tagWidth         = 256
	tagHeight        = 257
	tagBits          = 258
	tagCompression   = 259
	tagPhotometric   = 262
	tagOrientation   = 274
	tagSamples       = 277
	tagPlanar        = 284
	tagTileWidth     = 322
	tagTileHeight    = 323
	entryLen         = 12
	typeByte         = 1
	typeShort        = 3
	typeLong         = 4
	tiffHeaderLen    = 8
	entryCountLen    = 2
	maxDirectorySize = 4096 // entries
)

// parseDirectory finds the first directory; entries beyond the data are left
// out.
func parseDirectory(data []byte) (directory, bool) {
	if len(data) < tiffHeaderLen {
		return directory{}, false
	}
	d := directory{data: data}
	switch string(data[:4]) {
	case "II*\x00":
		d.order = binary.LittleEndian
	case "MM\x00*":
		d.order = binary.BigEndian
	default:
		return directory{}, false
	}
	start := int64(d.order.Uint32(data[4:]))
	if start+entryCountLen > int64(len(data)) {
		return directory{}, false
	}
	n := int64(d.order.Uint16(data[start:]))
	start += entryCountLen
	n = min(n, maxDirectorySize, (int64(len(data))-start)/entryLen)
	d.entries = data[start : start+n*entryLen]
	return d, true
}

// find gives the entry of a tag, entryLen bytes.
func (d directory) find(tag uint16) ([]byte, bool) {
	for e := d.entries; len(e) >= entryLen; e = e[entryLen:] {
		if d.order.Uint16(e) == tag {
			return e[:entryLen], true
		}
	}
	return nil, false
}

// first gives the first value of an unsigned integer tag, or fallback if the
// tag is absent or broken.
func (d directory) first(tag uint16, fallback int64) int64 {
	e, ok := d.find(tag)
	if !ok {
		return fallback
	}
	size := int64(0)
	switch d.order.Uint16(e[2:]) {
	case typeByte:
		size = 1
	case typeShort:
		size = 2
	case typeLong:
		size = 4
	default:
		return fallback
	}
	count := int64(d.order.Uint32(e[4:]))
	if count == 0 {
		return fallback
	}
	value := e[8:]
	if size*count > 4 {
		offset := int64(d.order.Uint32(value))
		if offset+size > int64(len(d.data)) {
			return fallback
		}
		value = d.data[offset:]
	}
	switch size {
	case 1:
		return int64(value[0])
	case 2:
		return int64(d.order.Uint16(value))
	}
	return int64(d.order.Uint32(value))
}
