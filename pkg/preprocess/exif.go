package preprocess

import (
	"bytes"
	"encoding/binary"
	"image"
)

// exifOrientation reads the orientation from an EXIF block, 1..8; 1 where the
// block is broken or says nothing.
func exifOrientation(block []byte) int {
	block = bytes.TrimPrefix(block, []byte("Exif\x00\x00"))
	d, ok := parseDirectory(block)
	if !ok {
		return 1
	}
	if v := d.first(tagOrientation, 1); v >= 1 && v <= 8 {
		return int(v)
	}
	return 1
}

// orient turns and mirrors img as an EXIF orientation asks. Orientations 2 to 4
// change img itself.
func orient(img *image.NRGBA, orientation int) *image.NRGBA {
	switch orientation {
	case 2:
		mirrorRows(img)
	case 3:
		mirrorRows(img)
		swapRows(img)
	case 4:
		swapRows(img)
	case 5, 6, 7, 8:
		return transpose(img, orientation)
	}
	return img
}

// mirrorRows exchanges left and right.
func mirrorRows(img *image.NRGBA) {
	w := img.Rect.Dx()
	for y := range img.Rect.Dy() {
		row := img.Pix[y*img.Stride:][:4*w]
		for l, r := 0, 4*(w-1); l < r; l, r = l+4, r-4 {
			a, b := binary.NativeEndian.Uint32(row[l:]), binary.NativeEndian.Uint32(row[r:])
			binary.NativeEndian.PutUint32(row[l:], b)
			binary.NativeEndian.PutUint32(row[r:], a)
		}
	}
}

// swapRows exchanges top and bottom.
func swapRows(img *image.NRGBA) {
	w := img.Rect.Dx()
	spare := make([]byte, 4*w)
	for t, b := 0, img.Rect.Dy()-1; t < b; t, b = t+1, b-1 {
		top, bottom := img.Pix[t*img.Stride:][:4*w], img.Pix[b*img.Stride:][:4*w]
		copy(spare, top)
		copy(top, bottom)
		copy(bottom, spare)
	}
}

// transpose makes rows of columns for orientations 5 to 8: the source row runs
// backwards for 6 and 7, the source column for 7 and 8. It goes in squares, so
// that both sides stay in cache.
func transpose(img *image.NRGBA, orientation int) *image.NRGBA {
	const side = 32
	w, h := img.Rect.Dx(), img.Rect.Dy()
	out := image.NewNRGBA(image.Rect(0, 0, h, w))
	fromBottom := orientation == 6 || orientation == 7
	fromRight := orientation == 7 || orientation == 8
	for y0 := 0; y0 < h; y0 += side {
		for x0 := 0; x0 < w; x0 += side {
			for y := y0; y < min(y0+side, h); y++ {
				ox := y
				if fromBottom {
					ox = h - 1 - y
				}
				for x := x0; x < min(x0+side, w); x++ {
					oy := x
					if fromRight {
						oy = w - 1 - x
					}
					v := binary.NativeEndian.Uint32(img.Pix[y*img.Stride+4*x:])
					binary.NativeEndian.PutUint32(out.Pix[oy*out.Stride+4*ox:], v)
				}
			}
		}
	}
	return out
}
