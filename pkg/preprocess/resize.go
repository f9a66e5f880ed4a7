package preprocess

import (
	"image"
	"sync"

	"github.com/effnet/effnet/pkg/profile"
)

// idle lends workspaces to calls that have none of their own.
var idle = sync.Pool{New: func() any { return new(Workspace) }}

// Resize gives the cropped picture at resolution×resolution, opaque, in one
// resampling step with the profile's filter; the pixels are Pillow's. An error
// means an unknown crop or an invalid profile, or is an *Error where the
// picture is too long to resize.
func (p *Picture) Resize(c Crop, pr profile.Profile) (*image.NRGBA, error) {
	ws := idle.Get().(*Workspace)
	defer idle.Put(ws)
	if err := ws.prepare(pr); err != nil {
		return nil, err
	}
	res := pr.Resolution
	pix := make([]byte, 3*res*res)
	if err := ws.resize(p.RGB, 1, target{crop: c, profile: pr, pix: pix}); err != nil {
		return nil, err
	}
	out := image.NewNRGBA(image.Rect(0, 0, res, res))
	for src, dst := pix, out.Pix; len(src) >= 3 && len(dst) >= 4; src, dst = src[3:], dst[4:] {
		dst[0], dst[1], dst[2], dst[3] = src[0], src[1], src[2], 255
	}
	return out, nil
}

// Tensor resizes p and writes it normalised to dst, which is
// [resolution·resolution·3], NHWC. An error comes from Resize.
func Tensor(p *Picture, c Crop, pr profile.Profile, dst []float32) error {
	ws := idle.Get().(*Workspace)
	defer idle.Put(ws)
	return ws.Tensor(p, c, pr, dst)
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
