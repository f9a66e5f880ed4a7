package preprocess

import "image"

const (
	tagInkSet       = 332
	tagExtraSamples = 338
	separatedColour = 5
	inkSetCMYK      = 1
)

// isCMYK tells a TIFF whose four interleaved samples are inks.
func isCMYK(d directory) bool {
	return d.first(tagPhotometric, 0) == separatedColour && d.first(tagSamples, 1) == 4 &&
		d.first(tagInkSet, inkSetCMYK) == inkSetCMYK
}

// relabelCMYK gives the file under a directory that calls the inks RGB and
// alpha that is not premultiplied, so that x/image/tiff, which knows no inks,
// decodes the samples as they are.
func relabelCMYK(d directory) relabelled {
	const rgb, unassociated = 2, 2
	return relabel(d, label{tagPhotometric, rgb}, label{tagExtraSamples, unassociated})
}

// asInks reads img, as relabelCMYK makes it, as inks.
func asInks(img image.Image) image.Image {
	switch m := img.(type) {
	case *image.NRGBA:
		return &image.CMYK{Pix: m.Pix, Stride: m.Stride, Rect: m.Rect}
	case *image.NRGBA64:
		return &image.CMYK{Pix: highBytes(packed(m.Pix, m.Stride, m.Rect, 8, true)), Stride: 4 * m.Rect.Dx(), Rect: m.Rect}
	}
	return img
}
