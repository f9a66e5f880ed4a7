package main

import (
	"bytes"
	"image"
	"image/jpeg"
	"math"
	"math/rand/v2"

	"github.com/effnet/effnet/pkg/preprocess"
	"github.com/effnet/effnet/pkg/preprocess/resample"
	"github.com/effnet/effnet/pkg/profile"
)

// Cameras' pictures have from 1 to 16 megapixels.
const (
	fewest = 1e6
	most   = 16e6
)

// A photo is large from twice the side of the smallest window on.
const smallestWindow = 600

// grain is the standard deviation of the noise of a pixel, in levels.
const grain = 8

// enlarged gives a photo the size of a camera's, drawn evenly on a logarithmic
// scale, and saves it as JPEG (4:2:0, quality 85), once as it is and once with
// noise in every pixel.
func enlarged(p *preprocess.Picture, seed uint64) (plain, grained []byte, err error) {
	r := rand.New(rand.NewPCG(seed, 0))
	pixels := fewest * math.Pow(most/fewest, r.Float64())
	factor := math.Sqrt(pixels / float64(p.Width*p.Height))
	w, h := int(factor*float64(p.Width)), int(factor*float64(p.Height))
	set, err := resample.Best()
	if err != nil {
		return nil, nil, err
	}
	plan, err := resample.NewPlan(resample.Geometry{
		Filter: profile.Lanczos, Width: p.Width, Height: p.Height, OutW: w, OutH: h, Orientation: 1,
		Box: [4]float32{0, 0, float32(p.Width), float32(p.Height)},
	})
	if err != nil {
		return nil, nil, err
	}
	pix := make([]byte, 3*w*h)
	to := resample.New(set)
	to.Start(plan, 4, resample.Target{Pix: pix})
	to.Rows(0, p.RGB.Pix, p.RGB.Stride, p.Height)
	if err := to.Finish(); err != nil {
		return nil, nil, err
	}
	big := image.NewRGBA(image.Rect(0, 0, w, h))
	if plain, err = encode(big, pix, func() float64 { return 0 }); err != nil {
		return nil, nil, err
	}
	grained, err = encode(big, pix, func() float64 { return grain * r.NormFloat64() })
	return plain, grained, err
}

// windows cuts parts out of a large photo, at random places and of sides from
// that many pixels to its short one, and saves them as JPEG. The detail in them
// is the camera's own.
func windows(p *preprocess.Picture, n int, seed uint64) (files [][]byte, err error) {
	r := rand.New(rand.NewPCG(seed, 1))
	for range n {
		short := min(p.Width, p.Height)
		side := int(float64(smallestWindow) * math.Pow(float64(short)/smallestWindow, r.Float64()))
		x, y := r.IntN(p.Width-side+1), r.IntN(p.Height-side+1)
		part := p.RGB.SubImage(image.Rect(x, y, x+side, y+side)).(*image.NRGBA)
		pix := make([]byte, 0, 3*side*side)
		for row := range side {
			for at := part.Pix[row*part.Stride : row*part.Stride+4*side]; len(at) > 0; at = at[4:] {
				pix = append(pix, at[:3]...)
			}
		}
		file, err := encode(image.NewRGBA(image.Rect(0, 0, side, side)), pix, func() float64 { return 0 })
		if err != nil {
			return nil, err
		}
		files = append(files, file)
	}
	return files, nil
}

// encode saves packed RGB with noise, through big.
func encode(big *image.RGBA, pix []byte, noise func() float64) ([]byte, error) {
	for i := range len(pix) / 3 {
		n := noise()
		for c := range 3 {
			big.Pix[4*i+c] = byte(min(max(math.Round(float64(pix[3*i+c])+n), 0), 255))
		}
		big.Pix[4*i+3] = 255
	}
	var out bytes.Buffer
	err := jpeg.Encode(&out, big, &jpeg.Options{Quality: 85})
	return out.Bytes(), err
}
