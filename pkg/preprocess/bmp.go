package preprocess

import (
	"encoding/binary"
	"image"
	"math/bits"
	"slices"
)

const (
	bmpFileHeaderLen = 14
	bmpCoreLen       = 12 // OS/2's header: 16-bit sizes, palette of triples
	bmpInfoLen       = 40
	bmpMasksEnd      = 52 // headers from here hold the masks of bit fields
	bmpMasksLen      = 12
)

// bmpFile is the header of a BMP.
type bmpFile struct {
	width, height int64
	topDown       bool
	bitCount      int
	palette       [256][4]byte
	masks         [3]uint32 // of 16 and 32 bits a pixel; RGB
	rows          []byte    // from the first stored row on
}

func isBMP(data []byte) bool {
	known := []uint32{bmpCoreLen, 16, bmpInfoLen, bmpMasksEnd, 56, 64, 108, 124}
	return prefix("BM")(data) && len(data) >= bmpFileHeaderLen+4 &&
		slices.Contains(known, binary.LittleEndian.Uint32(data[bmpFileHeaderLen:]))
}

// decodeBMP decodes 1, 4, 8, 16, 24 and 32 bits a pixel without compression.
func decodeBMP(data []byte, o Options) (*decoded, error) {
	f, err := readBMP(data, o)
	if err != nil {
		return nil, err
	}
	w, h := int(f.width), int(f.height)
	stride := (f.width*int64(f.bitCount) + 31) / 32 * 4
	whole := int64(len(f.rows)) >= stride*(f.height-1)+(f.width*int64(f.bitCount)+7)/8
	if !whole && (!o.Lenient || len(f.rows) == 0) {
		return nil, decodeError("truncated BMP")
	}
	out := image.NewNRGBA(image.Rect(0, 0, w, h))
	convert := f.rowConverter()
	short := make([]byte, stride)
	for i := range h {
		y := i
		if !f.topDown {
			y = h - 1 - i
		}
		at := min(int64(i)*stride, int64(len(f.rows)))
		row := f.rows[at:min(at+stride, int64(len(f.rows)))]
		if int64(len(row)) < stride {
			clear(short)
			copy(short, row)
			row = short
		}
		convert(row, out.Pix[y*out.Stride:][:4*w])
	}
	return &decoded{dropAlpha(out.Pix, out.Rect), 1, !whole}, nil
}

func readBMP(data []byte, o Options) (*bmpFile, error) {
	le := binary.LittleEndian
	n := int64(le.Uint32(data[bmpFileHeaderLen:]))
	if int64(len(data)) < bmpFileHeaderLen+n {
		return nil, decodeError("truncated BMP")
	}
	header, after := data[bmpFileHeaderLen:bmpFileHeaderLen+n], data[bmpFileHeaderLen+n:]
	f := &bmpFile{}
	compression, entry := uint32(0), 4
	if n == bmpCoreLen {
		f.width, f.height = int64(le.Uint16(header[4:])), int64(le.Uint16(header[6:]))
		f.bitCount, entry = int(le.Uint16(header[10:])), 3
	} else {
		f.width, f.height = int64(int32(le.Uint32(header[4:]))), int64(int32(le.Uint32(header[8:])))
		f.bitCount = int(le.Uint16(header[14:]))
		if f.height < 0 {
			f.height, f.topDown = -f.height, true
		}
	}
	if err := checkSize("BMP", f.width, f.height, o.MaxPixels); err != nil {
		return nil, err
	}
	used := int64(0)
	if n >= bmpInfoLen {
		compression, used = le.Uint32(header[16:]), int64(le.Uint32(header[32:]))
	}
	if err := f.readMasks(compression, header, after); err != nil {
		return nil, err
	}
	headers := bmpFileHeaderLen + n
	if n < bmpMasksEnd && compression != 0 {
		headers += bmpMasksLen
	}
	headers += f.readPalette(after, entry, used)
	at := int64(le.Uint32(data[10:]))
	switch {
	case at == 0: // as some programs leave it
		at = headers
	case at < bmpFileHeaderLen+n:
		return nil, decodeError("damaged BMP: pixels inside its header")
	}
	f.rows = data[min(at, int64(len(data))):]
	return f, nil
}

// readMasks refuses what is compressed and finds the bit fields of 16 and 32
// bits a pixel.
func (f *bmpFile) readMasks(compression uint32, header, after []byte) error {
	const fields, alphaFields = 3, 6
	names := map[uint32]string{1: "RLE8", 2: "RLE4", 4: "JPEG", 5: "PNG", 11: "CMYK", 12: "CMYK RLE8", 13: "CMYK RLE4"}
	switch {
	case names[compression] != "":
		return formatError("BMP with %s compression is not supported; convert it first, e.g. magick IN.bmp OUT.png", names[compression])
	case compression != 0 && compression != fields && compression != alphaFields:
		return decodeError("damaged BMP: compression %d", compression)
	case !slices.Contains([]int{1, 4, 8, 16, 24, 32}, f.bitCount):
		return decodeError("damaged BMP: %d bits a pixel", f.bitCount)
	}
	f.masks = [3]uint32{0xff0000, 0xff00, 0xff}
	if f.bitCount == 16 {
		f.masks = [3]uint32{0x7c00, 0x3e0, 0x1f}
	}
	if compression == 0 {
		return nil
	}
	stored := after
	if len(header) >= bmpMasksEnd {
		stored = header[bmpInfoLen:]
	}
	if len(stored) < bmpMasksLen {
		return decodeError("truncated BMP")
	}
	for i := range f.masks {
		f.masks[i] = binary.LittleEndian.Uint32(stored[4*i:])
	}
	return nil
}

// readPalette reads BGR entries of 3 or 4 bytes; what is missing is black. It
// gives the bytes that a whole palette takes.
func (f *bmpFile) readPalette(table []byte, entry int, used int64) int64 {
	if f.bitCount > 8 {
		return 0
	}
	n := int64(1) << f.bitCount
	if used > 0 {
		n = min(n, used)
	}
	for i := range n {
		if len(table) < entry {
			break
		}
		f.palette[i] = [4]byte{table[2], table[1], table[0], 255}
		table = table[entry:]
	}
	return n * int64(entry)
}

// rowConverter gives the function that turns a stored row into RGBA; alpha is
// left as it comes.
func (f *bmpFile) rowConverter() func(row, dst []byte) {
	switch f.bitCount {
	case 24:
		return func(row, dst []byte) {
			for ; len(dst) >= 4; row, dst = row[3:], dst[4:] {
				dst[0], dst[1], dst[2] = row[2], row[1], row[0]
			}
		}
	case 16:
		return func(row, dst []byte) {
			for ; len(dst) >= 4; row, dst = row[2:], dst[4:] {
				f.fields(uint32(binary.LittleEndian.Uint16(row)), dst)
			}
		}
	case 32:
		return func(row, dst []byte) {
			for ; len(dst) >= 4; row, dst = row[4:], dst[4:] {
				f.fields(binary.LittleEndian.Uint32(row), dst)
			}
		}
	}
	depth := f.bitCount
	perByte, mask := 8/depth, byte(1<<depth-1)
	return func(row, dst []byte) {
		for x := range len(dst) / 4 {
			index := row[x/perByte] >> (8 - depth*(x%perByte+1)) & mask
			*(*[4]byte)(dst[4*x:]) = f.palette[index]
		}
	}
}

// fields stretches each bit field to 0..255.
func (f *bmpFile) fields(v uint32, dst []byte) {
	for i, mask := range f.masks {
		if mask == 0 {
			dst[i] = 0
			continue
		}
		shift := bits.TrailingZeros32(mask)
		dst[i] = byte(uint64(v&mask>>shift) * 255 / uint64(mask>>shift))
	}
}
