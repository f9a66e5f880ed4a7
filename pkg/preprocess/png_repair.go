package preprocess

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/png"
	"io"
	"slices"
)

var errNothingDecoded = errors.New("no pixel data")

// repair decodes a damaged PNG from the pixel data that can be inflated, up to a
// row with a filter that does not exist; what is missing stays zero. Checksums
// are not looked at, other chunks are left out.
func (f *pngFile) repair() (image.Image, error) {
	raw := make([]byte, 0, min(f.rawLen(), maxInflation*int64(f.idatLen())))
	inflated, err := zlib.NewReader(bytes.NewReader(slices.Concat(f.idat...)))
	if err != nil {
		return nil, err
	}
	buf := bytes.NewBuffer(raw)
	// The error is the damage that is being repaired.
	_, _ = io.Copy(buf, io.LimitReader(inflated, f.rawLen()))
	buf.Truncate(f.filtered(buf.Bytes()))
	if buf.Len() == 0 {
		return nil, errNothingDecoded
	}
	var whole bytes.Buffer
	whole.WriteString(pngSignature)
	writeChunk(&whole, "IHDR", f.header)
	if f.palette != nil {
		writeChunk(&whole, "PLTE", f.palette)
	}
	if f.transparency != nil {
		writeChunk(&whole, "tRNS", f.transparency)
	}
	pixels, err := deflated(buf, f.rawLen())
	if err != nil {
		return nil, err
	}
	writeChunk(&whole, "IDAT", pixels)
	writeChunk(&whole, "IEND", nil)
	return png.Decode(&whole)
}

// filtered is the length of the rows up to the first with an unknown filter.
func (f *pngFile) filtered(raw []byte) int {
	at := int64(0)
	for _, p := range f.passes() {
		for range p.rows {
			if at >= int64(len(raw)) {
				return len(raw)
			}
			if raw[at] > lastFilter {
				return int(at)
			}
			at += p.bytes
		}
	}
	return len(raw)
}

// lastFilter is Paeth's.
const lastFilter = 4

func (f *pngFile) idatLen() int {
	n := 0
	for _, chunk := range f.idat {
		n += len(chunk)
	}
	return n
}

// deflated compresses pixel data, followed by zeros up to n bytes.
func deflated(data *bytes.Buffer, n int64) ([]byte, error) {
	var out bytes.Buffer
	w, err := zlib.NewWriterLevel(&out, zlib.BestSpeed)
	if err != nil {
		return nil, err
	}
	missing := n - int64(data.Len())
	if _, err := io.Copy(w, io.MultiReader(data, io.LimitReader(zeros{}, missing))); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

func writeChunk(w *bytes.Buffer, kind string, data []byte) {
	w.Write(binary.BigEndian.AppendUint32(nil, uint32(len(data))))
	start := w.Len()
	w.WriteString(kind)
	w.Write(data)
	w.Write(binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE(w.Bytes()[start:])))
}

// zeros is an endless reader of zero bytes.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}
