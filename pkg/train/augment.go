package train

import (
	"encoding/binary"
	"fmt"
	"image"
	"math"
	"math/rand/v2"

	"github.com/effnet/effnet/pkg/classify"
	"github.com/effnet/effnet/pkg/preprocess"
	"github.com/effnet/effnet/pkg/profile"
)

// Augment says how pictures are varied before a network sees them, as in the
// Keras example "Image classification via fine-tuning with EfficientNet". A zero
// switches its part off; the zero value varies nothing.
type Augment struct {
	// Scale is the least share of the picture's area that a random resized crop
	// takes (Szegedy et al., 2015), the most is 1; 0 takes what Crop takes.
	Scale float64
	// Aspect is the most that such a crop is wider than high or higher than
	// wide; 0 stands for 4/3.
	Aspect   float64
	Flip     float64         // share of pictures that are mirrored left to right
	Rotate   float64         // degrees to either side
	Shift    float64         // share of width and of height to either side
	Contrast float64         // change of the distances from the mean to either side
	Crop     preprocess.Crop // of pictures without Scale; empty: center
}

// DefaultAugment is the recipe of the Keras example, with a random resized crop.
func DefaultAugment() Augment {
	return Augment{Scale: 0.8, Aspect: 4. / 3, Flip: 0.5, Rotate: 15, Shift: 0.1, Contrast: 0.1}
}

// Validate finds values out of range; the error is a *classify.UsageError.
func (a Augment) Validate() error {
	for _, v := range []struct {
		name        string
		value       float64
		least, most float64
	}{
		{"scale", a.Scale, 0, 1}, {"flip", a.Flip, 0, 1}, {"rotation", a.Rotate, 0, 180},
		{"shift", a.Shift, 0, 1}, {"contrast", a.Contrast, 0, 1},
	} {
		if !(v.value >= v.least && v.value <= v.most) {
			return &classify.UsageError{Msg: fmt.Sprintf("augmentation: %s of %v is not from %v to %v", v.name, v.value, v.least, v.most)}
		}
	}
	if a.Aspect != 0 && !(a.Aspect >= 1 && a.Aspect <= 10) {
		return &classify.UsageError{Msg: fmt.Sprintf("augmentation: aspect of %v is not from 1 to 10", a.Aspect)}
	}
	return nil
}

// none tells whether nothing is varied.
func (a Augment) none() bool {
	return a.Scale == 0 && a.Flip == 0 && a.Rotate == 0 && a.Shift == 0 && a.Contrast == 0
}

// Draw is what chance makes of one picture: a number from 0 to 1 for each thing
// that can vary.
type Draw struct{ scale, aspect, x, y, flip, rotate, shiftX, shiftY, contrast float64 }

// NewDraw depends on nothing but its arguments.
func NewDraw(seed uint64, epoch, index int) Draw {
	var key [32]byte
	for i, v := range []uint64{seed, uint64(epoch), uint64(index)} {
		binary.LittleEndian.PutUint64(key[8*i:], v)
	}
	r := rand.New(rand.NewChaCha8(key))
	return Draw{
		scale: r.Float64(), aspect: r.Float64(), x: r.Float64(), y: r.Float64(), flip: r.Float64(),
		rotate: r.Float64(), shiftX: r.Float64(), shiftY: r.Float64(), contrast: r.Float64(),
	}
}

// Tensor varies a picture and writes it normalised to dst,
// [resolution·resolution·3], NHWC. With nothing to vary it is
// preprocess.Tensor. What the varied frame shows beyond the picture's edge is
// the picture mirrored.
func (a Augment) Tensor(p *preprocess.Picture, pr profile.Profile, d Draw, dst []float32) error {
	crop := a.Crop
	if crop == "" {
		crop = preprocess.Center
	}
	if a.none() {
		return preprocess.Tensor(p, crop, pr, dst)
	}
	res := pr.Resolution
	frame := a.frame(p, crop, pr, d)
	src, frame, err := shrunk(p.RGB, frame, pr)
	if err != nil {
		return err
	}
	warp(src, frame, res, dst)
	finish(dst, res, pr, 1+a.Contrast*(2*d.contrast-1), a.Contrast != 0)
	return nil
}

// affine maps the output's pixels, u and v from -1/2 to 1/2, to the picture's:
// x = x0 + xu·u + xv·v, y = y0 + yu·u + yv·v.
type affine struct{ x0, xu, xv, y0, yu, yv float64 }

// frame is the part of the picture that the output shows: flipped, turned about
// its middle and shifted, of a box in the picture.
func (a Augment) frame(p *preprocess.Picture, crop preprocess.Crop, pr profile.Profile, d Draw) affine {
	b := a.box(float64(p.Width), float64(p.Height), crop, pr.Crop, d)
	angle := a.Rotate * (2*d.rotate - 1) * math.Pi / 180
	sin, cos := math.Sincos(angle)
	flip := 1.0
	if d.flip < a.Flip {
		flip = -1
	}
	return affine{
		x0: b.x + b.w*a.Shift*(2*d.shiftX-1), xu: b.w * cos * flip, xv: -b.w * sin,
		y0: b.y + b.h*a.Shift*(2*d.shiftY-1), yu: b.h * sin * flip, yv: b.h * cos,
	}
}

// box is a rectangle by its middle and its extents, in pixels.
type box struct{ x, y, w, h float64 }

// box is the random resized crop, or without one what preprocess would take.
func (a Augment) box(w, h float64, crop preprocess.Crop, fraction float64, d Draw) box {
	whole := box{w / 2, h / 2, w, h}
	side := math.Min(w, h) * fraction
	switch crop {
	case preprocess.Pad:
		side = math.Max(w, h)
		whole.w, whole.h = side, side
	case preprocess.Squash:
		if a.Scale == 0 {
			return whole
		}
	}
	if a.Scale == 0 {
		return box{w / 2, h / 2, side, side}
	}
	most := a.Aspect
	if most == 0 {
		most = 4. / 3
	}
	area := a.Scale + (1-a.Scale)*d.scale
	aspect := math.Pow(most, 2*d.aspect-1)
	if crop == preprocess.Center {
		aspect *= h / w // of pixels, not of the picture
	}
	b := box{w: whole.w * math.Sqrt(area*aspect), h: whole.h * math.Sqrt(area/aspect)}
	b.w, b.h = math.Min(b.w, whole.w), math.Min(b.h, whole.h)
	b.x = whole.x + (d.x-0.5)*(whole.w-b.w)
	b.y = whole.y + (d.y-0.5)*(whole.h-b.h)
	return b
}

// shrunk gives a part of the picture at about the output's scale, resized with
// the profile's filter, and the frame in it. A picture that is small already is
// left as it is.
func shrunk(src *image.NRGBA, f affine, pr profile.Profile) (*image.NRGBA, affine, error) {
	res := float64(pr.Resolution)
	sx, sy := math.Hypot(f.xu, f.xv)/res, math.Hypot(f.yu, f.yv)/res // pixels of src a pixel of the output
	if math.Max(sx, sy) <= 1 {
		return src, f, nil
	}
	part := f.bounds().Intersect(image.Rect(0, 0, src.Rect.Dx(), src.Rect.Dy()))
	if part.Empty() {
		return src, f, nil
	}
	w, h := float64(part.Dx()), float64(part.Dy())
	side := math.Ceil(math.Max(w/sx, h/sy))
	side = math.Min(math.Max(side, profile.MinResolution), profile.MaxResolution)
	pr.Resolution = int(side)
	region := preprocess.Picture{Width: part.Dx(), Height: part.Dy(), RGB: &image.NRGBA{
		Pix: src.Pix[part.Min.Y*src.Stride+4*part.Min.X:], Stride: src.Stride, Rect: image.Rect(0, 0, part.Dx(), part.Dy()),
	}}
	small, err := region.Resize(preprocess.Squash, pr)
	kx, ky := side/w, side/h
	return small, affine{
		x0: (f.x0 - float64(part.Min.X)) * kx, xu: f.xu * kx, xv: f.xv * kx,
		y0: (f.y0 - float64(part.Min.Y)) * ky, yu: f.yu * ky, yv: f.yv * ky,
	}, err
}

// bounds holds every pixel that a bilinear sample of the frame needs, and some
// for the filter of a resize.
func (f affine) bounds() image.Rectangle {
	const margin = 3
	dx, dy := (math.Abs(f.xu)+math.Abs(f.xv))/2, (math.Abs(f.yu)+math.Abs(f.yv))/2
	return image.Rect(
		int(math.Floor(f.x0-dx))-margin, int(math.Floor(f.y0-dy))-margin,
		int(math.Ceil(f.x0+dx))+margin, int(math.Ceil(f.y0+dy))+margin)
}
