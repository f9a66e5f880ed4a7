package explain

import (
	"image/color"
	"math"
	"sync"
)

// ramp is the colour of heat from 0 to 1 in 256 steps, from a dark violet over
// red to a light yellow. Steps are equal in OKLab (Ottosson, "A perceptual color
// space for image processing", 2020), and every one is lighter than the last.
var ramp = sync.OnceValue(func() *[256]color.NRGBA {
	const fine = 8192
	var path [fine + 1][3]float64
	var length [fine + 1]float64
	for i := range path {
		path[i] = rampAt(float64(i) / fine)
		if i > 0 {
			length[i] = length[i-1] + distance(path[i], path[i-1])
		}
	}
	var table [256]color.NRGBA
	at := 0
	for i := range table {
		want := length[fine] * float64(i) / 255
		for at < fine && length[at] < want {
			at++
		}
		table[i] = encoded(linearRGB(path[at]))
	}
	return &table
})

// rampAt is a point of the ramp in OKLab: lightness and hue go evenly, the
// chroma is what the screen can show, up to a limit.
func rampAt(t float64) [3]float64 {
	const darkest, lightest = 0.2, 0.95
	const violet, yellow = 295.0, 465.0 // degrees
	const most = 0.19
	hue := (violet + (yellow-violet)*t) * math.Pi / 180
	lab := func(chroma float64) [3]float64 {
		return [3]float64{darkest + (lightest-darkest)*t, chroma * math.Cos(hue), chroma * math.Sin(hue)}
	}
	low, high := 0.0, most
	for range 40 {
		if mid := (low + high) / 2; shown(linearRGB(lab(mid))) {
			low = mid
		} else {
			high = mid
		}
	}
	return lab(low)
}

func distance(a, b [3]float64) float64 {
	return math.Sqrt((a[0]-b[0])*(a[0]-b[0]) + (a[1]-b[1])*(a[1]-b[1]) + (a[2]-b[2])*(a[2]-b[2]))
}

// linearRGB turns OKLab to linear sRGB.
func linearRGB(lab [3]float64) [3]float64 {
	cube := func(a, b float64) float64 {
		v := lab[0] + a*lab[1] + b*lab[2]
		return v * v * v
	}
	l, m, s := cube(0.3963377774, 0.2158037573), cube(-0.1055613458, -0.0638541728), cube(-0.0894841775, -1.2914855480)
	return [3]float64{
		4.0767416621*l - 3.3077115913*m + 0.2309699292*s,
		-1.2684380046*l + 2.6097574011*m - 0.3413193965*s,
		-0.0041960863*l - 0.7034186147*m + 1.7076147010*s,
	}
}

// shown tells whether sRGB has the colour.
func shown(rgb [3]float64) bool {
	for _, v := range rgb {
		if v < 0 || v > 1 {
			return false
		}
	}
	return true
}

// encoded is a linear colour in sRGB's 8 bits.
func encoded(rgb [3]float64) color.NRGBA {
	var b [3]byte
	for i, v := range rgb {
		if v <= 0.0031308 {
			v *= 12.92
		} else {
			v = 1.055*math.Pow(v, 1/2.4) - 0.055
		}
		b[i] = byte(math.Round(255 * min(max(v, 0), 1)))
	}
	return color.NRGBA{b[0], b[1], b[2], 255}
}
