package preprocess

import (
	"fmt"
	"image"
	"math"

	"github.com/effnet/effnet/pkg/profile"
)

// Crop is which part of a picture becomes the square input.
type Crop string

// The crops: a central square of the profile's fraction of the short side; the
// whole picture whatever its aspect; the whole picture, its aspect kept, on a
// ground of the profile's mean colour.
const (
	Center Crop = "center"
	Squash Crop = "squash"
	Pad    Crop = "pad"
)

// Place says what Resize does with the pixels: it resizes Source, a part of the
// upright picture, to Dest, a part of the square input. No pixel beyond Source
// has a weight; what Dest leaves is filled with the profile's mean.
type Place struct{ Source, Dest image.Rectangle }

// Place is where the picture lands. An error means an unknown crop or an
// invalid profile.
func (p *Picture) Place(c Crop, pr profile.Profile) (Place, error) {
	if err := pr.Validate(); err != nil {
		return Place{}, err
	}
	return newPlace(c, p.Width, p.Height, pr)
}

func newPlace(c Crop, w, h int, pr profile.Profile) (Place, error) {
	res := pr.Resolution
	p := Place{image.Rect(0, 0, w, h), image.Rect(0, 0, res, res)}
	switch c {
	case Center:
		p.Source = centerSquare(w, h, pr.Crop)
	case Squash:
	case Pad:
		p.Dest = fitted(w, h, res)
	default:
		return p, fmt.Errorf("crop: %q is none of %v", c, []Crop{Center, Squash, Pad})
	}
	return p, nil
}

// centerSquare is the square of side ⌊crop · min(w, h)⌋, at least 1, in the
// middle.
func centerSquare(w, h int, crop float64) image.Rectangle {
	side := max(1, int(crop*float64(min(w, h))))
	x, y := (w-side)/2, (h-side)/2
	return image.Rect(x, y, x+side, y+side)
}

// fitted is the largest rectangle of the aspect of w×h in the middle of a
// square, no side below 1.
func fitted(w, h, res int) image.Rectangle {
	fit := func(side int) int {
		return max(1, int(math.Round(float64(side)*float64(res)/float64(max(w, h)))))
	}
	fw, fh := fit(w), fit(h)
	x, y := (res-fw)/2, (res-fh)/2
	return image.Rect(x, y, x+fw, y+fh)
}

// ground is the profile's mean as a colour.
func ground(pr profile.Profile) (rgb [3]byte) {
	for i, m := range pr.Mean {
		rgb[i] = byte(min(max(math.Round(m*255), 0), 255))
	}
	return rgb
}

// turnedSize is the size of w×h stored pixels once they are turned.
func turnedSize(w, h, orientation int) (int, int) {
	if orientation >= 5 {
		return h, w
	}
	return w, h
}

// unturned is the part of w×h stored pixels that becomes r when they are
// turned as an EXIF orientation asks.
func unturned(r image.Rectangle, w, h, orientation int) image.Rectangle {
	if orientation >= 5 {
		r = image.Rect(r.Min.Y, r.Min.X, r.Max.Y, r.Max.X)
	}
	if mirrorsX(orientation) {
		r.Min.X, r.Max.X = w-r.Max.X, w-r.Min.X
	}
	if mirrorsY(orientation) {
		r.Min.Y, r.Max.Y = h-r.Max.Y, h-r.Min.Y
	}
	return r
}

// mirrorsX and mirrorsY tell whether stored rows, or columns, run backwards.
func mirrorsX(orientation int) bool {
	return orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8
}

func mirrorsY(orientation int) bool {
	return orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7
}

// scaled gives the pixels of a picture scaled down that hold the stored
// rectangle r, and r within them, turned.
func scaled(r image.Rectangle, scale, orientation int) (region image.Rectangle, box [4]float32) {
	up := func(v int) int { return (v + scale - 1) / scale }
	region = image.Rect(r.Min.X/scale, r.Min.Y/scale, up(r.Max.X), up(r.Max.Y))
	at := func(v, origin int) float32 { return float32(v)/float32(scale) - float32(origin) }
	box = [4]float32{at(r.Min.X, region.Min.X), at(r.Min.Y, region.Min.Y), at(r.Max.X, region.Min.X), at(r.Max.Y, region.Min.Y)}
	if w := float32(region.Dx()); mirrorsX(orientation) {
		box[0], box[2] = w-box[2], w-box[0]
	}
	if h := float32(region.Dy()); mirrorsY(orientation) {
		box[1], box[3] = h-box[3], h-box[1]
	}
	if orientation >= 5 {
		box = [4]float32{box[1], box[0], box[3], box[2]}
	}
	return region, box
}
