package preprocess

import (
	"encoding/binary"
	"image"
)

const tagPredictor = 317

// isGrayAlpha tells a TIFF whose two interleaved samples are grey and alpha.
func isGrayAlpha(d directory) bool {
	const halfRange = 1 << 31 // widths are doubled
	if max(d.first(tagWidth, 0), d.first(tagTileWidth, 0)) >= halfRange {
		return false
	}
	bits := d.first(tagBits, 1)
	return d.first(tagPhotometric, whiteIsZero) <= blackIsZero && d.first(tagSamples, 1) == 2 &&
		d.first(tagPlanar, 1) != separatePlanes && (bits == 8 || bits == 16)
}

// relabelGrayAlpha gives the file under a directory that calls the two samples
// of a pixel two pixels, as x/image/tiff knows no grey with alpha. The caller
// undoes the predictor, whose step is a pixel.
func relabelGrayAlpha(d directory) relabelled {
	const unpredicted = 1
	labels := []label{
		{tagWidth, uint32(2 * d.first(tagWidth, 0))}, {tagBits, uint32(d.first(tagBits, 1))},
		{tagPhotometric, blackIsZero}, {tagSamples, 1}, {tagPredictor, unpredicted},
	}
	if side := d.first(tagTileWidth, 0); side > 0 {
		labels = append(labels, label{tagTileWidth, uint32(2 * side)})
	}
	return relabel(d, labels...)
}

// grayOfPairs drops the alpha of what relabelGrayAlpha makes.
func grayOfPairs(img image.Image, d directory) image.Image {
	pix, n := []byte(nil), 1
	switch m := img.(type) {
	case *image.Gray:
		pix = m.Pix
	case *image.Gray16:
		pix, n = m.Pix, 2
	}
	size := img.Bounds().Size()
	w, row := size.X/2, 2*n*(size.X/2)
	gray := image.NewGray(image.Rect(0, 0, w, size.Y))
	if d.first(tagPredictor, 1) == 2 {
		block := w
		if side := d.first(tagTileWidth, 0); side > 0 {
			block = int(min(side, int64(w)))
		}
		for y := range size.Y {
			sumPairs(pix[y*row:(y+1)*row], n, block)
		}
	}
	for i := range gray.Pix {
		gray.Pix[i] = pix[2*n*i]
		if d.first(tagPhotometric, whiteIsZero) == whiteIsZero {
			gray.Pix[i] = 255 - gray.Pix[i]
		}
	}
	return gray
}

// sumPairs undoes the horizontal predictor of a row of pairs of samples of n
// bytes, high byte first, which starts anew every block pixels.
func sumPairs(row []byte, n, block int) {
	for i := 2 * n; i < len(row); i += n {
		switch {
		case i/(2*n)%block == 0:
		case n == 1:
			row[i] += row[i-2]
		default:
			v := binary.BigEndian.Uint16(row[i:]) + binary.BigEndian.Uint16(row[i-2*n:])
			binary.BigEndian.PutUint16(row[i:], v)
		}
	}
}
