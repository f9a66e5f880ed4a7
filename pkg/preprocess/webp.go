package preprocess

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/draw"
	"io"

	"golang.org/x/image/vp8"
	"golang.org/x/image/vp8l"
)

// webpFile is what the walk over a WebP's chunks finds.
type webpFile struct {
	canvas    image.Point // of VP8X; zero if there is none
	frame     image.Rectangle
	animated  bool
	codec     string // "VP8 " or "VP8L"
	bits      []byte // the frame's bitstream, possibly cut off
	bitsLen   int64  // as claimed
	exif      []byte
	truncated bool
}

// decodeWebP decodes a still picture or the first frame of an animation. Alpha
// is not decoded, as only the colours are wanted.
func decodeWebP(data []byte, o Options) (*decoded, error) {
	f, err := walkWebP(data)
	if err != nil {
		return nil, err
	}
	size, err := f.bitstreamSize()
	if err != nil {
		return nil, err
	}
	if f.canvas == (image.Point{}) {
		f.canvas = size
	}
	for _, s := range []image.Point{f.canvas, size} {
		if err := checkSize("WebP", int64(s.X), int64(s.Y), o.MaxPixels); err != nil {
			return nil, err
		}
	}
	if !f.animated {
		f.frame = image.Rectangle{Max: f.canvas}
	}
	if f.frame.Size() != size || !f.frame.In(image.Rectangle{Max: f.canvas}) {
		return nil, decodeError("damaged WebP: frame of %d×%d does not fit its canvas", size.X, size.Y)
	}
	if f.truncated && !o.Lenient {
		return nil, decodeError("truncated WebP")
	}
	rgb, err := f.decodeBits(size, f.truncated)
	if err != nil {
		return nil, wrongWith("WebP", err)
	}
	if f.frame.Size() != f.canvas {
		whole := image.NewNRGBA(image.Rectangle{Max: f.canvas})
		draw.Draw(whole, f.frame, rgb, image.Point{}, draw.Src)
		rgb = dropAlpha(whole.Pix, whole.Rect)
	}
	return &decoded{rgb, exifOrientation(f.exif), f.truncated}, nil
}

// chunk is one RIFF chunk; body may be shorter than the claimed size.
type chunk struct {
	kind string
	size int64
	body []byte
}

// nextChunk splits the first chunk off; ok is false where none begins.
func nextChunk(data []byte) (c chunk, rest []byte, ok bool) {
	if len(data) < 8 {
		return c, nil, false
	}
	c = chunk{string(data[:4]), int64(binary.LittleEndian.Uint32(data[4:])), data[8:]}
	if c.size < int64(len(c.body)) {
		padded := min(c.size+c.size&1, int64(len(c.body)))
		c.body, rest = c.body[:c.size], c.body[padded:]
	}
	return c, rest, true
}

func (c chunk) cut() bool { return int64(len(c.body)) < c.size }

func walkWebP(data []byte) (*webpFile, error) {
	const header = 12
	f := &webpFile{}
	size := int64(binary.LittleEndian.Uint32(data[4:])) + 8
	f.truncated = size > int64(len(data))
	body := data[header:max(header, min(size, int64(len(data))))]
	for c, rest, ok := nextChunk(body); ok; c, rest, ok = nextChunk(rest) {
		f.truncated = f.truncated || c.cut()
		switch c.kind {
		case "VP8X":
			if len(c.body) < 10 {
				return nil, decodeError("truncated WebP")
			}
			f.canvas = image.Pt(uint24(c.body[4:])+1, uint24(c.body[7:])+1)
		case "ANMF":
			if f.bits == nil {
				if err := f.readFrame(c.body); err != nil {
					return nil, err
				}
			}
		case "EXIF":
			f.exif = c.body
		default:
			f.readBits(c)
		}
	}
	if f.bits == nil {
		if f.truncated {
			return nil, decodeError("truncated WebP")
		}
		return nil, decodeError("damaged WebP: no frame")
	}
	return f, nil
}

// readFrame reads an ANMF chunk: position and size, then chunks as of a still
// picture.
func (f *webpFile) readFrame(body []byte) error {
	const header = 16
	if len(body) < header {
		return decodeError("truncated WebP")
	}
	f.animated = true
	x, y := 2*uint24(body), 2*uint24(body[3:])
	f.frame = image.Rect(x, y, x+uint24(body[6:])+1, y+uint24(body[9:])+1)
	for c, rest, ok := nextChunk(body[header:]); ok; c, rest, ok = nextChunk(rest) {
		f.readBits(c)
	}
	return nil
}

func (f *webpFile) readBits(c chunk) {
	if f.bits == nil && (c.kind == "VP8 " || c.kind == "VP8L") {
		f.codec, f.bits, f.bitsLen = c.kind, c.body, c.size
		f.truncated = f.truncated || c.cut()
	}
}

// bitstreamSize reads the size from the frame's own header.
func (f *webpFile) bitstreamSize() (image.Point, error) {
	if f.codec == "VP8L" {
		c, err := vp8l.DecodeConfig(bytes.NewReader(f.bits))
		if err != nil {
			return image.Point{}, wrongWith("WebP", err)
		}
		return image.Pt(c.Width, c.Height), nil
	}
	d := vp8.NewDecoder()
	d.Init(bytes.NewReader(f.bits), len(f.bits))
	h, err := d.DecodeFrameHeader()
	if err != nil {
		return image.Point{}, wrongWith("WebP", err)
	}
	if !h.KeyFrame {
		return image.Point{}, decodeError("damaged WebP: no key frame")
	}
	return image.Pt(h.Width, h.Height), nil
}

// decodeBits decodes the bitstream; with fill, zeros stand for what is cut off.
func (f *webpFile) decodeBits(size image.Point, fill bool) (*image.NRGBA, error) {
	r, n := io.Reader(bytes.NewReader(f.bits)), int64(len(f.bits))
	if fill {
		missing := min(f.bitsLen-n, 4*int64(size.X)*int64(size.Y))
		r, n = io.MultiReader(r, io.LimitReader(zeros{}, missing)), n+missing
	}
	if f.codec == "VP8L" {
		img, err := vp8l.Decode(r)
		if err != nil {
			return nil, err
		}
		return toRGB(img, true), nil
	}
	d := vp8.NewDecoder()
	d.Init(r, int(n))
	if _, err := d.DecodeFrameHeader(); err != nil {
		return nil, err
	}
	img, err := d.DecodeFrame()
	if err != nil {
		return nil, err
	}
	return vp8ToRGB(img), nil
}

func uint24(b []byte) int { return int(b[0]) | int(b[1])<<8 | int(b[2])<<16 }
