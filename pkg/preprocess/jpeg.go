package preprocess

import (
	"encoding/binary"
	"errors"
	"image"
	"math"
	"time"

	"github.com/effnet/effnet/pkg/preprocess/jpeg"
	"github.com/effnet/effnet/pkg/profile"
)

func decodeJPEG(data []byte, o Options) (*decoded, error) {
	r, err := jpeg.NewReader(data, jpeg.Options{MaxPixels: math.MaxInt64, Lenient: o.Lenient})
	if err != nil {
		return nil, jpegError(err)
	}
	w, h := r.Size()
	if err := checkSize("JPEG", int64(w), int64(h), o.MaxPixels); err != nil {
		return nil, err
	}
	var rgb *image.NRGBA
	err = r.Rows(func(y int, row []byte) error {
		if rgb == nil {
			rgb = image.NewNRGBA(image.Rect(0, 0, w, h))
		}
		withAlpha(rgb.Pix[y*rgb.Stride:][:rgb.Stride], row)
		return nil
	})
	if err != nil {
		return nil, jpegError(err)
	}
	return &decoded{rgb, exifOrientation(jpeg.EXIF(data)), r.Damaged()}, nil
}

// withAlpha writes packed RGB as NRGBA; dst is not empty.
func withAlpha(dst, src []byte) {
	last := len(dst) - 4
	for at := 0; at < last; at += 4 {
		binary.LittleEndian.PutUint32(dst[at:], binary.LittleEndian.Uint32(src)|0xff<<24)
		src = src[3:]
	}
	dst[last], dst[last+1], dst[last+2], dst[last+3] = src[0], src[1], src[2], 255
}

// readJPEG decodes what the crop needs of a JPEG, row by row.
func (ws *Workspace) readJPEG(data []byte, o Options, t target, in *Input) error {
	if err := ws.jpeg.Reset(data, jpeg.Options{MaxPixels: o.MaxPixels, Lenient: o.Lenient}); err != nil {
		return jpegError(err)
	}
	s := source{orientation: 1, scale: 1, size: 3}
	s.w, s.h = ws.jpeg.Size()
	if !o.NoEXIF {
		s.orientation = exifOrientation(jpeg.EXIF(data))
	}
	in.Width, in.Height = turnedSize(s.w, s.h, s.orientation)
	if int64(s.w)*int64(s.h) > keptPixels {
		defer ws.forget()
	}
	if c := o.Scaling; int64(s.w)*int64(s.h) >= c.Pixels && c.Suits(t.profile) {
		at, err := t.place(s)
		if err != nil {
			return err
		}
		s.scale = at.scale(c.Gap)
	}
	in.Scale = s.scale
	region, err := ws.begin(s, t)
	if err != nil {
		return err
	}
	if err := ws.jpeg.Select(s.scale, region); err != nil {
		return err
	}
	err = ws.jpeg.Rows(func(y int, rgb []byte) error {
		start := time.Now()
		ws.resampler.Rows(y-ws.first, rgb, len(rgb), 1)
		ws.spent += time.Since(start)
		return nil
	})
	if err != nil {
		return jpegError(err)
	}
	in.Damaged = ws.jpeg.Damaged()
	start := time.Now()
	err = ws.resampler.Finish()
	ws.spent += time.Since(start)
	return err
}

// keptPixels bounds the pictures whose buffers are kept for the next ones.
const keptPixels = 1 << 24

// forget drops the buffers of a large picture.
func (ws *Workspace) forget() {
	ws.jpeg, ws.png, ws.resampler, ws.set = jpeg.Reader{}, pngRows{}, nil, nil
}

// Suits tells whether any picture is scaled for a profile. An interpolation that
// does not widen as it shrinks a picture takes single pixels, which scaling
// would replace by means.
func (s Scaling) Suits(pr profile.Profile) bool {
	switch pr.Interpolation {
	case profile.Bicubic, profile.Bilinear, profile.Lanczos:
		return s.Gap > 0
	}
	return false
}

// scale is the largest at which a crop has at least gap pixels for each that it
// is to have, both ways.
func (p Place) scale(gap float64) int {
	have := min(float64(p.Source.Dx())/float64(p.Dest.Dx()), float64(p.Source.Dy())/float64(p.Dest.Dy()))
	scale := 8
	for scale > 1 && have < gap*float64(scale) {
		scale /= 2
	}
	return scale
}

// jpegError gives the JPEG decoder's errors their kinds.
func jpegError(err error) error {
	var unsupported *jpeg.UnsupportedError
	var limit *jpeg.LimitError
	var format *jpeg.FormatError
	switch {
	case errors.As(err, &unsupported):
		return formatError("%v; convert it first, e.g. magick IN.jpg OUT.png", unsupported)
	case errors.As(err, &limit):
		return checkSize("JPEG", int64(limit.Width), int64(limit.Height), limit.Max)
	case errors.As(err, &format):
		return decodeError("%v", err)
	}
	return err
}
