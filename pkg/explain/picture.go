package explain

import (
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io"

	"github.com/disintegration/imaging"
)

// Style says how a picture is drawn. The zero value is good.
type Style struct {
	Height int // of a panel without its caption, pixels, at most MaxHeight; 0: 448
}

// MaxHeight is the tallest panel.
const MaxHeight = 4096

const (
	defaultHeight = 448
	widest        = 2 // most that a panel is wider than tall
	margin        = 10
	background    = 0xff
	dimmed        = 0.35 // what is left of the light beside the crop
	frame         = 3
)

// frameColour stands out from photographs.
var frameColour = color.NRGBA{0xff, 0xd4, 0x3b, 0xff}

// Picture draws what the network saw with the heat of each map over it, side by
// side, each over a caption. Where the crop left something out, the first panel
// is the whole picture, the rest dimmed and the crop framed. Heat is the map
// from 0, where it is nothing or speaks against the label, to its highest.
func (x *Explanation) Picture(s Style) *image.NRGBA {
	height := min(s.Height, MaxHeight)
	if height <= 0 {
		height = defaultHeight
	}
	var panels []panel
	if x.Place.Source != x.picture.Rect {
		panels = append(panels, panel{x.context(height), []string{
			fmt.Sprintf("%d x %d", x.Width, x.Height),
			fmt.Sprintf("crop %d x %d", x.Place.Source.Dx(), x.Place.Source.Dy()),
		}})
	}
	size := fit(x.Place.Source.Size(), height)
	crop := imaging.Resize(x.picture.SubImage(x.Place.Source), size.X, size.Y, imaging.CatmullRom)
	for i := range x.Maps {
		m := &x.Maps[i]
		panels = append(panels, panel{x.overlay(crop, m), []string{
			m.Label, fmt.Sprintf("%.1f%%, rank %d", 100*m.Probability, m.Rank),
		}})
	}
	return joined(panels)
}

// fit is the size of a panel that shows something of another size.
func fit(size image.Point, height int) image.Point {
	w := (size.X*height + size.Y/2) / size.Y
	if limit := widest * height; w > limit {
		return image.Pt(limit, max(1, (size.Y*limit+size.X/2)/size.X))
	}
	return image.Pt(max(1, w), height)
}

// region is the part of the input that shows the picture.
func (x *Explanation) region() region {
	w, h := float64(x.Input.Rect.Dx()), float64(x.Input.Rect.Dy())
	d := x.Place.Dest
	return region{float64(d.Min.X) / w, float64(d.Min.Y) / h, float64(d.Max.X) / w, float64(d.Max.Y) / h}
}

// overlay lays the heat of a map over the crop at any size.
func (x *Explanation) overlay(crop *image.NRGBA, m *Map) *image.NRGBA {
	w, h := crop.Rect.Dx(), crop.Rect.Dy()
	heat := m.heat(x.region(), h, w)
	out := image.NewNRGBA(image.Rect(0, 0, w, h))
	colours := ramp()
	for i, v := range heat {
		p, q := crop.Pix[4*i:4*i+3], out.Pix[4*i:4*i+4]
		c := colours[int(v*255+0.5)]
		share := 0.45 + 0.25*v
		for j, hot := range [3]byte{c.R, c.G, c.B} {
			q[j] = byte(float32(p[j])*(1-share) + float32(hot)*share + 0.5)
		}
		q[3] = 255
	}
	return out
}

// heat is the map at h × w points, each from 0 to 1.
func (m *Map) heat(r region, h, w int) []float32 {
	values := m.sampled(r, h, w)
	most := float32(0)
	for _, v := range values {
		most = max(most, v)
	}
	for i, v := range values {
		if v <= 0 || most == 0 {
			values[i] = 0
		} else {
			values[i] = v / most
		}
	}
	return values
}

// context is the whole picture with the crop framed.
func (x *Explanation) context(height int) *image.NRGBA {
	size := fit(image.Pt(x.Width, x.Height), height)
	out := imaging.Resize(x.picture, size.X, size.Y, imaging.CatmullRom)
	s := x.Place.Source
	at := func(v, from, to int) int { return (v*to + from/2) / from }
	inner := image.Rect(at(s.Min.X, x.Width, size.X), at(s.Min.Y, x.Height, size.Y), at(s.Max.X, x.Width, size.X), at(s.Max.Y, x.Height, size.Y))
	for y := range size.Y {
		for px := range size.X {
			p := out.Pix[out.PixOffset(px, y):][:4]
			switch here := image.Pt(px, y); {
			case here.In(inner.Inset(frame)):
			case here.In(inner):
				p[0], p[1], p[2] = frameColour.R, frameColour.G, frameColour.B
			default:
				for j := range 3 {
					p[j] = byte(dimmed * float32(p[j]))
				}
			}
		}
	}
	return out
}

// Encode writes a picture as "png" or "jpeg" (quality 92).
func Encode(w io.Writer, format string, img image.Image) error {
	switch format {
	case "png":
		return png.Encode(w, img)
	case "jpeg":
		return jpeg.Encode(w, img, &jpeg.Options{Quality: 92})
	}
	return errors.New("unknown format " + format + ": png or jpeg")
}
