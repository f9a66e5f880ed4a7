package preprocess

import (
	"bytes"
	"compress/lzw"
	"encoding/binary"
	"errors"
	"image"
	"io"
)

const (
	gifScreenLen  = 13 // signature and logical screen descriptor
	gifFrameLen   = 9  // image descriptor without its introducer
	gifExtension  = 0x21
	gifImage      = 0x2c
	gifTrailer    = 0x3b
	gifControl    = 0xf9
	gifTableFlag  = 0x80
	gifInterlaced = 0x40
)

// gifReader walks over the blocks of a GIF; bytes beyond the data set short.
type gifReader struct {
	data  []byte
	short bool
}

// take gives the next n bytes, zeros where they are not there.
func (r *gifReader) take(n int) []byte {
	b := r.data
	if r.skip(n); r.short {
		return make([]byte, n)
	}
	return b[:n]
}

func (r *gifReader) skip(n int) {
	if n > len(r.data) {
		r.data, r.short = nil, true
		return
	}
	r.data = r.data[n:]
}

// subBlocks gives the joined data of a chain of sub-blocks.
func (r *gifReader) subBlocks() []byte {
	var out []byte
	for !r.short {
		n := int(r.take(1)[0])
		if n == 0 {
			break
		}
		out = append(out, r.data[:min(n, len(r.data))]...)
		r.skip(n)
	}
	return out
}

func (r *gifReader) skipSubBlocks() {
	for !r.short {
		n := int(r.take(1)[0])
		if n == 0 {
			return
		}
		r.skip(n)
	}
}

// gifFrame is the first frame of a GIF.
type gifFrame struct {
	bounds     image.Rectangle // on the canvas
	palette    []byte          // RGB triples; nil means grey
	ground     byte            // index of what the frame does not cover
	interlaced bool
	litWidth   int
	data       []byte // LZW codes
}

// decodeGIF composes the first frame on its canvas. A frame that reaches beyond
// the canvas enlarges it, and what it leaves uncovered has the transparent
// index, else index 0, both as in Pillow.
func decodeGIF(data []byte, o Options) (*decoded, error) {
	r := &gifReader{data: data}
	screen := r.take(gifScreenLen)
	if r.short {
		return nil, decodeError("truncated GIF")
	}
	w, h := int(binary.LittleEndian.Uint16(screen[6:])), int(binary.LittleEndian.Uint16(screen[8:]))
	if w > 0 && h > 0 {
		if err := checkSize("GIF", int64(w), int64(h), o.MaxPixels); err != nil {
			return nil, err
		}
	}
	f, err := r.firstFrame(screen[10])
	if err != nil {
		return nil, err
	}
	canvas := image.Rect(0, 0, max(w, f.bounds.Max.X), max(h, f.bounds.Max.Y))
	if err := checkSize("GIF", int64(canvas.Dx()), int64(canvas.Dy()), o.MaxPixels); err != nil {
		return nil, err
	}
	if err := checkSize("GIF", int64(f.bounds.Dx()), int64(f.bounds.Dy()), o.MaxPixels); err != nil {
		return nil, err
	}
	f.data = r.subBlocks()
	pix, err := f.indices()
	if err == nil {
		err = r.skipToTrailer()
	}
	if err != nil && (!o.Lenient || len(pix) == 0) {
		return nil, err
	}
	return &decoded{rgb: f.compose(pix, canvas), orientation: 1, damaged: err != nil}, nil
}

// firstFrame reads up to the code size of the first frame's data.
func (r *gifReader) firstFrame(screenFlags byte) (*gifFrame, error) {
	f := &gifFrame{}
	if screenFlags&gifTableFlag != 0 {
		f.palette = r.colourTable(screenFlags)
	}
	for !r.short {
		switch r.take(1)[0] {
		case gifExtension:
			kind := r.take(1)[0]
			if body := r.subBlocks(); kind == gifControl && len(body) >= 4 && body[0]&1 != 0 {
				f.ground = body[3]
			}
		case gifImage:
			d := r.take(gifFrameLen)
			x, y := int(binary.LittleEndian.Uint16(d)), int(binary.LittleEndian.Uint16(d[2:]))
			w, h := int(binary.LittleEndian.Uint16(d[4:])), int(binary.LittleEndian.Uint16(d[6:]))
			f.bounds = image.Rect(x, y, x+w, y+h)
			f.interlaced = d[8]&gifInterlaced != 0
			if d[8]&gifTableFlag != 0 {
				f.palette = r.colourTable(d[8])
			}
			f.litWidth = int(r.take(1)[0])
			if !r.short && (f.litWidth < 2 || f.litWidth > 8) {
				return nil, decodeError("damaged GIF: code size %d", f.litWidth)
			}
			if !r.short {
				return f, nil
			}
		case gifTrailer:
			return nil, decodeError("damaged GIF: no frame")
		}
	}
	return nil, decodeError("truncated GIF")
}

// colourTable reads RGB triples; nil stands for a table that only repeats the
// indices, which means grey for those beyond its end too.
func (r *gifReader) colourTable(flags byte) []byte {
	table := r.take(3 << (flags&7 + 1))
	for i, v := range table {
		if int(v) != i/3 {
			return table
		}
	}
	return nil
}

// indices decompresses the frame. With an error it gives the rows' beginning,
// the rest zero, or nothing.
func (f *gifFrame) indices() ([]byte, error) {
	pix := make([]byte, f.bounds.Dx()*f.bounds.Dy())
	codes := lzw.NewReader(bytes.NewReader(f.data), lzw.LSB, f.litWidth)
	defer codes.Close()
	n, err := io.ReadFull(codes, pix)
	switch {
	case err == nil:
		return pix, nil
	case n == 0:
		pix = nil
	}
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return pix, wrongWith("GIF", err)
}

// skipToTrailer holds that the file goes on to its end mark; later frames are
// not decoded.
func (r *gifReader) skipToTrailer() error {
	for !r.short {
		switch r.take(1)[0] {
		case gifExtension:
			r.take(1)
			r.skipSubBlocks()
		case gifImage:
			if flags := r.take(gifFrameLen)[8]; flags&gifTableFlag != 0 {
				r.take(3 << (flags&7 + 1))
			}
			r.take(1)
			r.skipSubBlocks()
		case gifTrailer:
			if !r.short {
				return nil
			}
		}
	}
	return decodeError("truncated GIF")
}

// compose paints the frame on the canvas.
func (f *gifFrame) compose(pix []byte, canvas image.Rectangle) *image.NRGBA {
	var table [256][4]byte
	for i := range table {
		table[i] = [4]byte{3: 255}
		if f.palette == nil {
			table[i] = [4]byte{byte(i), byte(i), byte(i), 255}
		} else if 3*i+3 <= len(f.palette) {
			copy(table[i][:], f.palette[3*i:3*i+3])
		}
	}
	out := image.NewNRGBA(canvas)
	if f.bounds != canvas {
		for i := 0; i < len(out.Pix); i += 4 {
			*(*[4]byte)(out.Pix[i:]) = table[f.ground]
		}
	}
	w, h := f.bounds.Dx(), f.bounds.Dy()
	for i, y := range rowOrder(h, f.interlaced) {
		dst := out.Pix[out.PixOffset(f.bounds.Min.X, f.bounds.Min.Y+y):]
		for x, v := range pix[i*w : (i+1)*w] {
			*(*[4]byte)(dst[4*x:]) = table[v]
		}
	}
	return out
}

// rowOrder gives the row of the picture that each stored row is.
func rowOrder(h int, interlaced bool) []int {
	passes := [][2]int{{0, 1}} // start, step
	if interlaced {
		passes = [][2]int{{0, 8}, {4, 8}, {2, 4}, {1, 2}}
	}
	order := make([]int, 0, h)
	for _, p := range passes {
		for y := p[0]; y < h; y += p[1] {
			order = append(order, y)
		}
	}
	return order
}
