package preprocess

import (
	"fmt"
	"image"
	"math"

	"github.com/disintegration/imaging"

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

// Resize gives the cropped picture at resolution×resolution, opaque, in one
// resampling step with the profile's filter; within one level of Pillow's. An
// error means an unknown crop or an invalid profile.
func (p *Picture) Resize(c Crop, pr profile.Profile) (*image.NRGBA, error) {
	if err := pr.Validate(); err != nil {
		return nil, err
	}
	filter, res := filters[pr.Interpolation], pr.Resolution
	switch c {
	case Center:
		return imaging.Resize(p.RGB.SubImage(centerSquare(p.Width, p.Height, pr.Crop)), res, res, filter), nil
	case Squash:
		return imaging.Resize(p.RGB, res, res, filter), nil
	case Pad:
		return pad(p.RGB, pr, filter), nil
	}
	return nil, fmt.Errorf("crop: %q is none of %v", c, []Crop{Center, Squash, Pad})
}

var filters = map[profile.Interpolation]imaging.ResampleFilter{
	profile.Bicubic:  imaging.CatmullRom,
	profile.Bilinear: imaging.Linear,
	profile.Lanczos:  imaging.Lanczos,
	profile.Nearest:  imaging.NearestNeighbor,
}

// centerSquare is the square of side ⌊crop · min(w, h)⌋, at least 1, in the
// middle.
func centerSquare(w, h int, crop float64) image.Rectangle {
	side := max(1, int(crop*float64(min(w, h))))
	x, y := (w-side)/2, (h-side)/2
	return image.Rect(x, y, x+side, y+side)
}

// pad fits the whole picture into the square and fills what is left with the
// profile's mean.
func pad(rgb *image.NRGBA, pr profile.Profile, filter imaging.ResampleFilter) *image.NRGBA {
	w, h, res := rgb.Rect.Dx(), rgb.Rect.Dy(), pr.Resolution
	fit := func(side int) int {
		return max(1, int(math.Round(float64(side)*float64(res)/float64(max(w, h)))))
	}
	inner := imaging.Resize(rgb, fit(w), fit(h), filter)
	ground := [4]byte{3: 255}
	for i, m := range pr.Mean {
		ground[i] = byte(min(max(math.Round(m*255), 0), 255))
	}
	out := image.NewNRGBA(image.Rect(0, 0, res, res))
	for i := 0; i < len(out.Pix); i += 4 {
		*(*[4]byte)(out.Pix[i:]) = ground
	}
	x0, y0 := (res-inner.Rect.Dx())/2, (res-inner.Rect.Dy())/2
	for y := range inner.Rect.Dy() {
		copy(out.Pix[out.PixOffset(x0, y0+y):], inner.Pix[y*inner.Stride:][:4*inner.Rect.Dx()])
	}
	return out
}

// Normalise writes (v/255 − mean) / std of each sample to dst, which is
// [H·W·3], NHWC, through a table of 256 values a channel that are computed in
// float64 and rounded once. It panics if dst is shorter.
func Normalise(img *image.NRGBA, pr profile.Profile, dst []float32) {
	var table [3][256]float32
	for c := range table {
		for v := range table[c] {
			table[c][v] = float32((float64(v)/255 - pr.Mean[c]) / pr.Std[c])
		}
	}
	w, h := img.Rect.Dx(), img.Rect.Dy()
	dst = dst[:w*h*3]
	for y := range h {
		row := img.Pix[y*img.Stride:][:4*w]
		for len(row) >= 4 && len(dst) >= 3 {
			dst[0], dst[1], dst[2] = table[0][row[0]], table[1][row[1]], table[2][row[2]]
			row, dst = row[4:], dst[3:]
		}
	}
}
