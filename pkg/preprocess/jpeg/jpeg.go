// Package jpeg decodes JPEG pictures to the pixels that libjpeg-turbo gives
// with its defaults (accurate integer IDCT, interpolated chroma), converted to
// RGB as Pillow's convert("RGB") does; whole, in part, or scaled down as
// Pillow's draft does. Baseline, extended sequential and progressive Huffman
// processes with 8 bits a sample are read (ITU-T T.81).
package jpeg

import "image"

//go:generate go run ./gen

// DefaultMaxPixels is the limit that Options.MaxPixels 0 stands for.
const DefaultMaxPixels = 100_000_000

// Image is a decoded picture.
type Image struct {
	Width, Height int
	Pix           []byte // [Height, Width, 3], RGB
	Damaged       bool   // only with Options.Lenient: not everything could be decoded
}

// Options rule what is decoded, and how large and damaged files are treated.
type Options struct {
	// MaxPixels bounds width × height of the picture, whatever Scale and
	// Region; 0 means DefaultMaxPixels.
	MaxPixels int64
	// Lenient lets damaged files pass with what could be decoded of them, the
	// rest grey.
	Lenient bool
	// Scale is 1, 2, 4 or 8: the picture is decoded at a Scale-th of its size,
	// rounded up, by smaller inverse transforms. 0 means 1.
	Scale int
	// Region is the part that is wanted, in pixels of the scaled picture; the
	// rest is only checked. The zero Region means all of it.
	Region image.Rectangle
}

// DecodeConfig returns the size of the picture in pixels, before any EXIF
// orientation, from its frame header. Errors are as those of Decode; no limit
// applies.
func DecodeConfig(data []byte) (width, height int, err error) {
	r := new(Reader)
	r.data = data
	if err := r.readHeader(); err != nil {
		return 0, 0, err
	}
	return r.frame.width, r.frame.height, nil
}

// Decode decodes one picture. Whatever follows its end marker is ignored.
//
// The error is a *FormatError where the file is not a JPEG, is damaged or ends
// early, an *UnsupportedError where it uses a process that is not read, and a
// *LimitError, before any pixel is allocated, where it claims too many pixels.
// With Options.Lenient, damage after the start of the first scan is no error.
// A wrong Scale or Region is a plain error, a tier that EFFNET_CPU names and
// the machine lacks a *cpu.TierError.
func Decode(data []byte, o Options) (*Image, error) {
	r, err := NewReader(data, o)
	if err != nil {
		return nil, err
	}
	return r.image()
}

// image decodes to one picture in memory.
func (r *Reader) image() (*Image, error) {
	r.sink = sink{whole: true}
	if err := r.decode(); err != nil {
		return nil, err
	}
	return &Image{r.region.Dx(), r.region.Dy(), r.sink.pix, r.damaged}, nil
}
