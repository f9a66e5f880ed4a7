package preprocess

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"math"
	"time"

	"github.com/klauspost/compress/zlib"
)

// pngRows decodes the PNGs that most photos are, of 8 bits a sample in RGB or
// RGBA, not interlaced and without a flaw, a row at a time. It keeps its buffers
// for the next ones. Any other file is left to image/png, so that what is
// refused, and with which words, is decided in one place.
type pngRows struct {
	inflater io.ReadCloser // a zlib.Resetter, too; nil until the first picture
	from     bytes.Reader
	joined   []byte // pixel data of several chunks
	row, up  []byte // the filter's byte and the samples: this row's, and those of the one above
}

// errNotRows says that image/png has to decode the file.
var errNotRows = errors.New("not decoded by rows")

// rowPixel is the size of a pixel in bytes where rows can decode the picture,
// as far as its header tells, else 0.
func (f *pngFile) rowPixel() int {
	h := f.header // width, height, depth, colour, compression, filter, interlace
	if f.width-1 >= math.MaxInt32 || f.height-1 >= math.MaxInt32 || h[8] != 8 || h[10] != 0 || h[11] != 0 || h[12] != 0 {
		return 0
	}
	return map[byte]int{2: 3, 6: 4}[h[9]]
}

// plainPNG tells whether a file has one header, pixel data in a row of chunks,
// neither palette nor transparent colour, and right checksums.
func plainPNG(data []byte) bool {
	rest, before := data[len(pngSignature):], ""
	for len(rest) >= 12 {
		n := int64(binary.BigEndian.Uint32(rest))
		if n > int64(len(rest)-12) {
			return false
		}
		chunk, kind := rest[4:8+n], string(rest[4:8])
		if crc32.ChecksumIEEE(chunk) != binary.BigEndian.Uint32(rest[8+n:]) {
			return false
		}
		switch {
		case kind == "IEND":
			return n == 0
		case kind == "PLTE" || kind == "tRNS" || kind == "IHDR" && before != "":
			return false
		case kind == "IDAT" && before == "rest":
			return false
		case kind == "IDAT":
			before = "IDAT"
		case before == "IDAT" || before == "rest":
			before = "rest"
		default:
			before = "header"
		}
		rest = rest[12+n:]
	}
	return false
}

// decode gives each row from top to bottom, samples of the size that rowPixel
// tells, valid until done returns. The error is errNotRows, also behind rows
// that mean nothing then.
func (d *pngRows) decode(f *pngFile, data []byte, done func(y int, row []byte)) error {
	size := f.rowPixel()
	if size == 0 || !plainPNG(data) {
		return errNotRows
	}
	defer d.forget()
	if d.begin(f) != nil {
		return errNotRows
	}
	n := 1 + size*int(f.width)
	d.row, d.up = sized(d.row, n), sized(d.up, n)
	clear(d.up)
	for y := range int(f.height) {
		if _, err := io.ReadFull(d.inflater, d.row); err != nil || !unfilter(d.row, d.up, size) {
			return errNotRows
		}
		done(y, d.row[1:])
		d.row, d.up = d.up, d.row
	}
	return d.finish()
}

// begin sets the inflater to the pixel data.
func (d *pngRows) begin(f *pngFile) error {
	pixels := f.idat[0]
	if len(f.idat) > 1 {
		d.joined = d.joined[:0]
		for _, chunk := range f.idat {
			d.joined = append(d.joined, chunk...)
		}
		pixels = d.joined
	}
	d.from.Reset(pixels)
	if d.inflater != nil {
		return d.inflater.(zlib.Resetter).Reset(&d.from, nil)
	}
	inflater, err := zlib.NewReader(&d.from)
	if err == nil {
		d.inflater = inflater
	}
	return err
}

// finish refuses pixel data with a wrong checksum or something behind it.
func (d *pngRows) finish() error {
	n, err := d.inflater.Read(d.up[:1])
	if n != 0 || err != io.EOF || d.from.Len() != 0 {
		return errNotRows
	}
	return nil
}

// forget lets go of the file, and of the buffers that an unusual one took.
func (d *pngRows) forget() {
	const kept = 16 << 20
	d.from.Reset(nil)
	if cap(d.joined)+cap(d.row) > kept {
		d.joined, d.row, d.up = nil, nil, nil
	}
}

// sized returns n bytes, of b's memory where that suffices.
func sized(b []byte, n int) []byte {
	if cap(b) < n {
		return make([]byte, n)
	}
	return b[:n]
}

// asNRGBA writes pixels of 3 or 4 bytes as NRGBA.
func asNRGBA(dst, row []byte, size int) {
	if size == 3 {
		withAlpha(dst, row)
		return
	}
	copy(dst, row)
	for i := 3; i < len(dst); i += 4 {
		dst[i] = 255
	}
}

// readPNG decodes row by row what can be, without a whole picture.
func (ws *Workspace) readPNG(data []byte, o Options, t target, in *Input) error {
	f, err := openPNG(data, o)
	if err != nil {
		return err
	}
	whole := func() (*decoded, error) { return f.decode(data, o) }
	size := f.rowPixel()
	if size == 0 || f.complete() != nil {
		return ws.readDecoded(whole, o, t, in)
	}
	s := source{int(f.width), int(f.height), 1, 1, size}
	if !o.NoEXIF {
		s.orientation = exifOrientation(f.exif)
	}
	in.Width, in.Height = turnedSize(s.w, s.h, s.orientation)
	if int64(s.w)*int64(s.h) > keptPixels {
		defer ws.forget()
	}
	region, err := ws.begin(s, t)
	if err != nil {
		return err
	}
	err = ws.png.decode(f, data, func(y int, row []byte) {
		if y < region.Min.Y || y >= region.Max.Y {
			return
		}
		start := time.Now()
		ws.resampler.Rows(y-ws.first, row[size*region.Min.X:], len(row), 1)
		ws.spent += time.Since(start)
	})
	if err != nil {
		return ws.readDecoded(whole, o, t, in)
	}
	start := time.Now()
	err = ws.resampler.Finish()
	ws.spent += time.Since(start)
	return err
}
