// Package preprocess turns the bytes of a picture into the input tensor of a
// model: decode, orient, crop and resize, normalise. Colours are those of
// Pillow's convert("RGB"). Nothing that a file claims is allocated before it
// was compared with the limit.
package preprocess

import "image"

// DefaultMaxPixels is the limit on width × height where Options gives none.
const DefaultMaxPixels = 100000000

// Options governs Decode.
type Options struct {
	MaxPixels int64 // limit on width × height; 0 means DefaultMaxPixels
	NoEXIF    bool  // leave the pixels as stored, whatever the EXIF orientation
	Lenient   bool  // give what could be decoded of a damaged picture
	// Scaling lets Workspace.Read decode JPEGs scaled down. The zero value never
	// does.
	Scaling Scaling
}

// Scaling says which JPEGs to decode at a half, quarter or eighth of their size:
// those of at least Pixels pixels, where the interpolation averages over pixels
// and the crop still has at least Gap of them for each of the input, both ways.
// Pillow calls that reducing_gap. 0 is none.
type Scaling struct {
	Gap    float64
	Pixels int64
}

// Fast is a Scaling that changes little of what networks say, and takes nothing
// from pictures that are decoded in a moment anyway. RATIONALE.md has figures.
var Fast = Scaling{Gap: 2, Pixels: 1e6}

// Picture is a decoded picture.
type Picture struct {
	Format        string       // jpeg, png, gif, webp, bmp or tiff; empty from FromImage
	Width, Height int          // after orientation
	Damaged       bool         // parts are missing; only with Options.Lenient
	RGB           *image.NRGBA // [Height, Width, 4], every alpha 255
}

// decoded is what a format's decoder gives.
type decoded struct {
	rgb         *image.NRGBA
	orientation int // EXIF, 1..8
	damaged     bool
}

// Decode reads a picture of any known format, recognised by its content alone;
// of an animation the first frame. An error is always an *Error.
func Decode(data []byte, o Options) (p *Picture, err error) {
	if o.MaxPixels <= 0 {
		o.MaxPixels = DefaultMaxPixels
	}
	f, err := sniff(data)
	if err != nil {
		return nil, err
	}
	defer func() {
		if r := recover(); r != nil {
			p, err = nil, decodeError("damaged %s: the decoder gave up: %v", f.title, r)
		}
	}()
	d, err := f.decode(data, o)
	if err != nil {
		return nil, err
	}
	if !o.NoEXIF {
		d.rgb = orient(d.rgb, d.orientation)
	}
	p = newPicture(d.rgb)
	p.Format, p.Damaged = f.name, d.damaged
	return p, nil
}

// FromImage takes a picture that the caller has decoded; img is not changed.
// Its colours are made opaque by dropping alpha.
func FromImage(img image.Image) (*Picture, error) {
	if img == nil || img.Bounds().Empty() {
		return nil, decodeError("picture without pixels")
	}
	return newPicture(toRGB(img, false)), nil
}

func newPicture(rgb *image.NRGBA) *Picture {
	return &Picture{Width: rgb.Rect.Dx(), Height: rgb.Rect.Dy(), RGB: rgb}
}
