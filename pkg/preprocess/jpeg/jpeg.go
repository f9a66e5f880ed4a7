// Package jpeg decodes JPEG pictures to the pixels that libjpeg-turbo gives
// with its defaults (accurate integer IDCT, interpolated chroma), converted to
// RGB as Pillow's convert("RGB") does. Baseline, extended sequential and
// progressive Huffman processes with 8 bits a sample are read (ITU-T T.81).
package jpeg

// DefaultMaxPixels is the limit that Options.MaxPixels 0 stands for.
const DefaultMaxPixels = 100_000_000

// Image is a decoded picture.
type Image struct {
	Width, Height int
	Pix           []byte // [Height, Width, 3], RGB
	Damaged       bool   // only with Options.Lenient: not everything could be decoded
}

// Options rule how Decode treats large and damaged files.
type Options struct {
	// MaxPixels bounds width × height; 0 means DefaultMaxPixels.
	MaxPixels int64
	// Lenient lets damaged files pass with what could be decoded of them, the
	// rest grey.
	Lenient bool
}

// DecodeConfig returns the size of the picture in pixels, before any EXIF
// orientation, from its frame header. Errors are as those of Decode; no limit
// applies.
func DecodeConfig(data []byte) (width, height int, err error) {
	d := &decoder{reader: reader{data: data}}
	if err := d.readHeader(); err != nil {
		return 0, 0, err
	}
	return d.frame.width, d.frame.height, nil
}

// Decode decodes one picture. Whatever follows its end marker is ignored.
//
// The error is a *FormatError where the file is not a JPEG, is damaged or ends
// early, an *UnsupportedError where it uses a process that is not read, and a
// *LimitError, before any pixel is allocated, where it claims too many pixels.
// With Options.Lenient, damage after the start of the first scan is no error.
func Decode(data []byte, o Options) (*Image, error) {
	d := &decoder{reader: reader{data: data}, lenient: o.Lenient}
	if err := d.readHeader(); err != nil {
		return nil, err
	}
	limit := o.MaxPixels
	if limit == 0 {
		limit = DefaultMaxPixels
	}
	if f := &d.frame; int64(f.width)*int64(f.height) > limit {
		return nil, &LimitError{Width: f.width, Height: f.height, Max: limit}
	}
	if err := d.readScans(); err != nil {
		if !o.Lenient || d.scans == 0 {
			return nil, err
		}
		d.damaged = true
	}
	d.finish()
	return &Image{Width: d.frame.width, Height: d.frame.height, Pix: d.pix, Damaged: d.damaged}, nil
}
