package main

import (
	"math"

	"github.com/effnet/effnet/pkg/preprocess"
	"github.com/effnet/effnet/pkg/profile"
)

// onceRounded is what Read makes of an upright picture by the centre crop and
// bicubic interpolation, but with every sum in float64 and one rounding to a
// level at the end. It shows how much Pillow's rounding after each pass, which
// Read has too, changes by itself.
func onceRounded(p *preprocess.Picture, pr profile.Profile, dst []float32) {
	side := int(pr.Crop * float64(min(p.Width, p.Height)))
	res := pr.Resolution
	weights := bicubic(side, res)
	x0, y0 := (p.Width-side)/2, (p.Height-side)/2
	across := make([]float64, 3*side*res) // [side, res, 3]
	for y := range side {
		row := p.RGB.Pix[(y0+y)*p.RGB.Stride+4*x0:]
		for x, w := range weights {
			for i, v := range w.share {
				at := row[4*(w.first+i):]
				for c := range 3 {
					across[3*(y*res+x)+c] += v * float64(at[c])
				}
			}
		}
	}
	for y, w := range weights {
		for i := range 3 * res {
			sum := 0.0
			for k, v := range w.share {
				sum += v * across[3*res*(w.first+k)+i]
			}
			level := min(max(math.Round(sum), 0), 255) / 255
			dst[3*res*y+i] = float32((level - pr.Mean[i%3]) / pr.Std[i%3])
		}
	}
}

// taps are the samples that make an output.
type taps struct {
	first int
	share []float64
}

// bicubic spreads size samples over out outputs, as Pillow does.
func bicubic(size, out int) []taps {
	scale := float64(size) / float64(out)
	stretch := max(scale, 1)
	all := make([]taps, out)
	for i := range all {
		center := (float64(i) + 0.5) * scale
		first := max(0, int(center-2*stretch+0.5))
		sum := 0.0
		var share []float64
		for x := first; x < min(size, int(center+2*stretch+0.5)); x++ {
			d := math.Abs(float64(x)-center+0.5) / stretch
			v := 0.0
			switch {
			case d < 1:
				v = (1.5*d-2.5)*d*d + 1
			case d < 2:
				v = ((-0.5*d+2.5)*d-4)*d + 2
			}
			share = append(share, v)
			sum += v
		}
		for k := range share {
			share[k] /= sum
		}
		all[i] = taps{first, share}
	}
	return all
}
