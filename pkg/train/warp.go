package train

import (
	"encoding/binary"
	"image"
	"math"

	"github.com/effnet/effnet/pkg/profile"
)

// Coordinates are whole numbers at the middles of pixels, in units of 2^-32 of a
// pixel.
const coordinateBits = 32

func fixed(x float64) int64 { return int64(math.Round(x * (1 << coordinateBits))) }

// warp samples a frame of src bilinearly at res × res pixels and writes levels
// from 0 to 255 to dst, [res·res·3].
func warp(src *image.NRGBA, f affine, res int, dst []float32) {
	w, h := src.Rect.Dx(), src.Rect.Dy()
	step := 1 / float64(res)
	dx, dy := fixed(f.xu*step), fixed(f.yu*step)
	u := 0.5*step - 0.5
	for row := range res {
		v := (float64(row)+0.5)*step - 0.5
		x, y := fixed(f.x0+f.xu*u+f.xv*v-0.5), fixed(f.y0+f.yu*u+f.yv*v-0.5)
		out := dst[row*res*3:][:res*3]
		first, last := inside(x, dx, w, res)
		top, bottom := inside(y, dy, h, res)
		if first, last = max(first, top), min(last, bottom); first >= last {
			first, last = res, res
		}
		sampleMirrored(src, x, y, dx, dy, out[:3*first])
		a, b := int64(first), int64(last)
		sample(src.Pix, src.Stride, x+a*dx, y+a*dy, dx, dy, out[3*first:3*last])
		sampleMirrored(src, x+b*dx, y+b*dy, dx, dy, out[3*last:])
	}
}

// inside is the range of i in 0 … n-1 for which start + i·step and the pixel
// after it lie in 0 … size-1.
func inside(start, step int64, size, n int) (first, last int) {
	end := int64(size-1) << coordinateBits // not inside any more
	in := func(i int) bool {
		x := start + int64(i)*step
		return x >= 0 && x < end
	}
	// What is inside is one piece, and a step is too short to jump over more than
	// a part of it: all but its ends are found by division.
	if step == 0 {
		if in(0) {
			return 0, n
		}
		return n, n
	}
	a, b := -start/step, (end-start)/step
	if step < 0 {
		a, b = b, a
	}
	clamp := func(i int64) int { return int(min(max(i, 0), int64(n))) }
	first, last = clamp(a-1), clamp(b+2)
	for first < last && !in(first) {
		first++
	}
	for first < last && !in(last-1) {
		last--
	}
	return first, last
}

// sample reads RGBA pixels along a line on which each has all four neighbours.
func sample(pix []byte, stride int, x, y, dx, dy int64, dst []float32) {
	for ; len(dst) >= 3; dst = dst[3:] {
		at := int(y>>coordinateBits)*stride + 4*int(x>>coordinateBits)
		t, b := pix[at:at+8:at+8], pix[at+stride:at+stride+8:at+stride+8]
		blend(spreadRGB(t), spreadRGB(t[4:]), spreadRGB(b), spreadRGB(b[4:]), x, y, dst)
		x, y = x+dx, y+dy
	}
}

// sampleMirrored reads src as if it were mirrored at its edges for ever.
func sampleMirrored(src *image.NRGBA, x, y, dx, dy int64, dst []float32) {
	w, h := src.Rect.Dx(), src.Rect.Dy()
	for ; len(dst) >= 3; dst = dst[3:] {
		ix, iy := int(x>>coordinateBits), int(y>>coordinateBits)
		x0, x1 := 4*mirrored(ix, w), 4*mirrored(ix+1, w)
		t, b := src.Pix[mirrored(iy, h)*src.Stride:], src.Pix[mirrored(iy+1, h)*src.Stride:]
		blend(spreadRGB(t[x0:]), spreadRGB(t[x1:]), spreadRGB(b[x0:]), spreadRGB(b[x1:]), x, y, dst)
		x, y = x+dx, y+dy
	}
}

// mirrored folds i to 0 … n-1; the edge pixels appear twice.
func mirrored(i, n int) int {
	if i %= 2 * n; i < 0 {
		i += 2 * n
	}
	if i >= n {
		i = 2*n - 1 - i
	}
	return i
}

// Three channels share a word, each in laneBits bits: a level of eight bits
// times a weight of weightBits.
const (
	laneBits   = 21
	weightBits = laneBits - 8
	lane       = 1<<laneBits - 1
)

// spreadRGB puts the channels of the pixel that p begins with into lanes.
func spreadRGB(p []byte) uint64 {
	v := uint64(binary.LittleEndian.Uint32(p))
	return v&0xff | v&0xff00<<(laneBits-8) | v&0xff0000<<(2*laneBits-16)
}

// blend weighs the pixels top left, top right, bottom left and bottom right by
// what x and y have behind the point.
func blend(tl, tr, bl, br uint64, x, y int64, dst []float32) {
	const one, mask, shift = 1 << weightBits, 1<<weightBits - 1, coordinateBits - weightBits
	fx, fy := uint64(x>>shift)&mask, uint64(y>>shift)&mask
	both := fx * fy >> weightBits
	sum := tl*(one-fx-fy+both) + tr*(fx-both) + bl*(fy-both) + br*both
	dst[0] = float32(int32(sum&lane)) * (1. / one)
	dst[1] = float32(int32(sum>>laneBits&lane)) * (1. / one)
	dst[2] = float32(int32(sum>>(2*laneBits))) * (1. / one)
}

// finish stretches the levels of dst, [res·res·3], about each channel's mean,
// keeps them from 0 to 255 and normalises them.
func finish(dst []float32, res int, pr profile.Profile, stretch float64, stretched bool) {
	means := [3]float64{}
	if stretched {
		means = channelMeans(dst, res)
	}
	var slope, offset, scale, shift [3]float32
	for c := range 3 {
		slope[c], offset[c] = 1, 0
		if stretched {
			slope[c], offset[c] = float32(stretch), float32(means[c]*(1-stretch))
		}
		scale[c], shift[c] = float32(1/(255*pr.Std[c])), float32(-pr.Mean[c]/pr.Std[c])
	}
	for i := 0; i+3 <= len(dst) && i < 3*res*res; i += 3 {
		p := dst[i : i+3 : i+3]
		p[0] = min(max(p[0]*slope[0]+offset[0], 0), 255)*scale[0] + shift[0]
		p[1] = min(max(p[1]*slope[1]+offset[1], 0), 255)*scale[1] + shift[1]
		p[2] = min(max(p[2]*slope[2]+offset[2], 0), 255)*scale[2] + shift[2]
	}
}

// channelMeans sums rows first, so that rounding stays small.
func channelMeans(levels []float32, res int) (means [3]float64) {
	for row := range res {
		var r, g, b float32
		line := levels[row*res*3:][:res*3]
		for i := 0; i+3 <= len(line); i += 3 {
			r, g, b = r+line[i], g+line[i+1], b+line[i+2]
		}
		means[0], means[1], means[2] = means[0]+float64(r), means[1]+float64(g), means[2]+float64(b)
	}
	for c := range means {
		means[c] /= float64(res * res)
	}
	return means
}
