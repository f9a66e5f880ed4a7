package resample

import (
	"math"

	"github.com/effnet/effnet/pkg/profile"
)

// filter is an interpolation kernel, zero beyond support at scale 1.
type filter struct {
	support float64
	at      func(x float64) float64
}

// filters are Pillow's. Products are rounded before they are added, which
// keeps every architecture from fusing them.
var filters = map[profile.Interpolation]filter{
	profile.Bilinear: {1, triangle},
	profile.Bicubic:  {2, cubic},
	profile.Lanczos:  {3, lanczos},
}

func triangle(x float64) float64 { return max(0, 1-math.Abs(x)) }

// cubic is Keys' kernel with a = −½.
func cubic(x float64) float64 {
	const a = -0.5
	x = math.Abs(x)
	switch {
	case x < 1:
		return float64(float64((float64((a+2)*x)-(a+3))*x)*x) + 1
	case x < 2:
		return (float64((float64((x-5)*x)+8)*x) - 4) * a
	}
	return 0
}

func lanczos(x float64) float64 {
	if x < -3 || x >= 3 {
		return 0
	}
	return sinc(x) * sinc(x/3)
}

func sinc(x float64) float64 {
	if x == 0 {
		return 1
	}
	x *= math.Pi
	return math.Sin(x) / x
}
