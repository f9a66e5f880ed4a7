package preprocess

import (
	"image"
	"image/color"
)

// toRGB gives img as Pillow's convert("RGB"): alpha is dropped, 16 bits keep
// the high byte, premultiplied colours are divided by their alpha. With reuse
// the result may share memory with img, which must not be used any more.
func toRGB(img image.Image, reuse bool) *image.NRGBA {
	switch m := img.(type) {
	case *image.NRGBA:
		return dropAlpha(packed(m.Pix, m.Stride, m.Rect, 4, reuse), m.Rect)
	case *image.RGBA:
		return divideAlpha(packed(m.Pix, m.Stride, m.Rect, 4, reuse), m.Rect)
	case *image.NRGBA64:
		return dropAlpha(highBytes(packed(m.Pix, m.Stride, m.Rect, 8, reuse)), m.Rect)
	case *image.RGBA64:
		return divideAlpha(highBytes(packed(m.Pix, m.Stride, m.Rect, 8, reuse)), m.Rect)
	case *image.Gray:
		return grayToRGB(m.Pix, m.Stride, 1, m.Rect)
	case *image.Gray16:
		return grayToRGB(m.Pix, m.Stride, 2, m.Rect)
	case *image.Paletted:
		return indexedToRGB(m.Pix, m.Stride, paletteTable(m.Palette), m.Rect)
	case *image.YCbCr:
		return eachPixel(m.Rect, func(x, y int, p []byte) {
			i, j := m.YOffset(x, y), m.COffset(x, y)
			p[0], p[1], p[2] = color.YCbCrToRGB(m.Y[i], m.Cb[j], m.Cr[j])
		})
	case *image.NYCbCrA:
		return toRGB(&m.YCbCr, reuse)
	case *image.CMYK:
		return eachPixel(m.Rect, func(x, y int, p []byte) {
			c := m.Pix[m.PixOffset(x, y):][:4]
			white := 255 - c[3]
			for i := range 3 {
				p[i] = white - mulDiv255(c[i], white)
			}
		})
	}
	return eachPixel(img.Bounds(), func(x, y int, p []byte) {
		c := straight(img.At(x, y))
		p[0], p[1], p[2] = c[0], c[1], c[2]
	})
}

// packed gives the pixels without gaps between rows, n bytes each.
func packed(pix []byte, stride int, r image.Rectangle, n int, reuse bool) []byte {
	row, h := n*r.Dx(), r.Dy()
	if reuse && stride == row {
		return pix[:row*h]
	}
	out := make([]byte, row*h)
	for y := range h {
		copy(out[y*row:(y+1)*row], pix[y*stride:])
	}
	return out
}

// highBytes makes 8 of 16 bits a sample, in place.
func highBytes(pix []byte) []byte {
	n := len(pix) / 2
	for i := range n {
		pix[i] = pix[2*i]
	}
	return pix[:n]
}

func dropAlpha(pix []byte, r image.Rectangle) *image.NRGBA {
	for i := 3; i < len(pix); i += 4 {
		pix[i] = 255
	}
	return &image.NRGBA{Pix: pix, Stride: 4 * r.Dx(), Rect: image.Rect(0, 0, r.Dx(), r.Dy())}
}

func divideAlpha(pix []byte, r image.Rectangle) *image.NRGBA {
	for i := 3; i < len(pix); i += 4 {
		if a := pix[i]; a != 255 {
			p := pix[i-3 : i]
			p[0], p[1], p[2] = divide(p[0], a), divide(p[1], a), divide(p[2], a)
		}
	}
	return dropAlpha(pix, r)
}

func divide(v, alpha byte) byte {
	if alpha == 0 {
		return 0
	}
	return byte(min(int(v)*255/int(alpha), 255))
}

// mulDiv255 is a·b/255, rounded.
func mulDiv255(a, b byte) byte {
	t := int(a)*int(b) + 128
	return byte((t>>8 + t) >> 8)
}

// grayToRGB repeats the first byte of each sample of n bytes.
func grayToRGB(pix []byte, stride, n int, r image.Rectangle) *image.NRGBA {
	out := image.NewNRGBA(image.Rect(0, 0, r.Dx(), r.Dy()))
	for y := range r.Dy() {
		src, dst := pix[y*stride:], out.Pix[y*out.Stride:][:out.Stride]
		for i := 0; i < len(dst); i += 4 {
			v := src[i/4*n]
			dst[i], dst[i+1], dst[i+2], dst[i+3] = v, v, v, 255
		}
	}
	return out
}

func indexedToRGB(pix []byte, stride int, table *[256][4]byte, r image.Rectangle) *image.NRGBA {
	out := image.NewNRGBA(image.Rect(0, 0, r.Dx(), r.Dy()))
	for y := range r.Dy() {
		dst := out.Pix[y*out.Stride:]
		for x, v := range pix[y*stride:][:r.Dx()] {
			*(*[4]byte)(dst[4*x:]) = table[v]
		}
	}
	return out
}

// paletteTable gives every index a colour; what lies beyond the palette is
// black.
func paletteTable(p color.Palette) *[256][4]byte {
	var table [256][4]byte
	for i := range table {
		table[i][3] = 255
		if i < len(p) && p[i] != nil {
			table[i] = straight(p[i])
		}
	}
	return &table
}

// straight gives a colour without premultiplication, opaque. Colours that are
// stored so keep their value under an alpha of 0.
func straight(c color.Color) [4]byte {
	switch v := c.(type) {
	case color.NRGBA:
		return [4]byte{v.R, v.G, v.B, 255}
	case color.NRGBA64:
		return [4]byte{byte(v.R >> 8), byte(v.G >> 8), byte(v.B >> 8), 255}
	}
	r, g, b, a := c.RGBA()
	if a == 0 {
		return [4]byte{3: 255}
	}
	return [4]byte{byte(min(r*0xffff/a, 0xffff) >> 8), byte(min(g*0xffff/a, 0xffff) >> 8), byte(min(b*0xffff/a, 0xffff) >> 8), 255}
}

// eachPixel fills a picture of the size of r; set gets coordinates in r and the
// four bytes of the pixel.
func eachPixel(r image.Rectangle, set func(x, y int, p []byte)) *image.NRGBA {
	out := image.NewNRGBA(image.Rect(0, 0, r.Dx(), r.Dy()))
	i := 0
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			p := out.Pix[i : i+4 : i+4]
			set(x, y, p)
			p[3] = 255
			i += 4
		}
	}
	return out
}
