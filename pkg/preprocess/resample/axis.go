package resample

import (
	"math"

	"github.com/effnet/effnet/pkg/profile"
)

// precision is the number of fractional bits of a weight.
const precision = 22

// axis holds, for every output sample of one direction, where its input
// samples begin and what they weigh. No output has more than taps of them.
type axis struct {
	start  []int32
	weight [][]int32 // a slice an output, in units of 2^−precision
	taps   int
}

// newAxis spreads the interval from…to of size samples over out outputs. The
// bounds and weights are computed in the order and precision of Pillow's.
func newAxis(f profile.Interpolation, size int, from, to float32, out int) axis {
	if f == profile.Nearest {
		return nearestAxis(size, from, to, out)
	}
	kernel := filters[f]
	scale := float64(to-from) / float64(out)
	stretch := max(scale, 1)
	support := kernel.support * stretch
	inverse := 1 / stretch
	a := axis{start: make([]int32, out), weight: make([][]int32, out)}
	var w []float64
	for i := range out {
		center := float64(from) + float64((float64(i)+0.5)*scale)
		first := max(0, int(center-support+0.5))
		end := min(size, int(center+support+0.5))
		w = w[:0]
		sum := 0.0
		for x := first; x < end; x++ {
			v := kernel.at(float64((float64(x) - center + 0.5) * inverse))
			w = append(w, v)
			sum += v
		}
		a.set(i, first, fixed(w, sum))
	}
	return a
}

// fixed normalises the weights and rounds them, halves away from zero.
func fixed(w []float64, sum float64) []int32 {
	out := make([]int32, len(w))
	for i, v := range w {
		if sum != 0 {
			v /= sum
		}
		out[i] = int32(float64(v*(1<<precision)) + math.Copysign(0.5, v))
	}
	return out
}

// set enters output i without the zeros at its ends.
func (a *axis) set(i, first int, w []int32) {
	for len(w) > 1 && w[0] == 0 {
		first, w = first+1, w[1:]
	}
	for len(w) > 1 && w[len(w)-1] == 0 {
		w = w[:len(w)-1]
	}
	a.start[i], a.weight[i] = int32(first), w
	a.taps = max(a.taps, len(w))
}

// nearestAxis takes the sample under each output's centre, which it finds by
// adding the scale up, as Pillow does.
func nearestAxis(size int, from, to float32, out int) axis {
	a := axis{start: make([]int32, out), weight: make([][]int32, out), taps: 1}
	scale := float64(to-from) / float64(out)
	one := []int32{1 << precision}
	at := float64(from) + scale*0.5
	for i := range out {
		a.start[i], a.weight[i] = int32(min(int(at), size-1)), one
		at += scale
	}
	return a
}

// mirror makes a the axis of the same samples in the opposite order.
func (a *axis) mirror(size int) {
	for i, w := range a.weight {
		a.start[i] = int32(size) - a.start[i] - int32(len(w))
		turned := make([]int32, len(w))
		for j, v := range w {
			turned[len(w)-1-j] = v
		}
		a.weight[i] = turned
	}
}

// reverse puts the outputs in the opposite order.
func (a *axis) reverse() {
	for i, j := 0, len(a.start)-1; i < j; i, j = i+1, j-1 {
		a.start[i], a.start[j] = a.start[j], a.start[i]
		a.weight[i], a.weight[j] = a.weight[j], a.weight[i]
	}
}

// span is the interval of samples that have a weight.
func (a *axis) span() (first, end int) {
	first = math.MaxInt
	for i, s := range a.start {
		first, end = min(first, int(s)), max(end, int(s)+len(a.weight[i]))
	}
	return first, end
}

// digits splits a weight into low + high·2^15, both within 16 bits.
func digits(w int32) (low, high int16) { return int16(w & 0x7fff), int16(w >> 15) }
