package model

import (
	"math"

	"github.com/effnet/effnet/pkg/kernels"
)

// Outline is what a set of weights shows of its network: the channels after
// stem and head, the activation and every block. Stage and Index of the blocks
// count for nothing, since weights do not say where a stage ends.
type Outline struct {
	Stem, Head int
	Activation kernels.Activation
	Blocks     []Block
}

// Outline is the variant's own.
func (v Variant) Outline() Outline {
	return Outline{v.StemChannels(), v.HeadChannels(), v.Activation, v.Blocks()}
}

// Agree is the number of leading blocks that two outlines have in common,
// which is -1 where already stem or activation differ.
func (o Outline) Agree(other Outline) int {
	if o.Stem != other.Stem || o.Activation != other.Activation {
		return -1
	}
	n := 0
	for n < min(len(o.Blocks), len(other.Blocks)) {
		a, b := o.Blocks[n], other.Blocks[n]
		a.Stage, a.Index = b.Stage, b.Index
		if a != b {
			break
		}
		n++
	}
	return n
}

// Equal tells whether two outlines are of the same network.
func (o Outline) Equal(other Outline) bool {
	return o.Head == other.Head && len(o.Blocks) == len(other.Blocks) && o.Agree(other) == len(o.Blocks)
}

// Match finds the variant of an outline: a row of the table, whose resolution
// may be another, or else a custom shape of the resolution given, or that of
// its base where none (0) is.
func Match(o Outline, resolution int) (Variant, bool) {
	for _, v := range variants {
		if v.Outline().Equal(o) {
			return v, true
		}
	}
	for _, base := range variants {
		if base.DepthMult != 1 || base.WidthMult != 1 || base.Activation != o.Activation {
			continue
		}
		depth, ok := multiplier(len(o.Blocks), func(m float64) int {
			v := base
			v.DepthMult = m
			return v.blockCount()
		})
		if !ok {
			continue
		}
		width, ok := multiplier(o.width(), func(m float64) int {
			v := base
			v.DepthMult, v.WidthMult = depth, m
			return v.width()
		})
		if !ok {
			continue
		}
		side := resolution
		if side == 0 {
			side = base.Resolution
		}
		if v, err := Scale(base, depth, width, side); err == nil && v.Outline().Equal(o) {
			return v, true
		}
	}
	return Variant{}, false
}

func (v Variant) blockCount() int {
	n := 0
	for i := range v.Stages {
		n += v.layers(i)
	}
	return n
}

// width is the sum of all channels, a measure that grows with the multiplier.
func (v Variant) width() int {
	n := v.StemChannels() + v.HeadChannels()
	for i, s := range v.Stages {
		n += v.layers(i) * v.channels(s.OutChannels)
	}
	return n
}

func (o Outline) width() int {
	n := o.Stem + o.Head
	for _, b := range o.Blocks {
		n += b.OutChannels
	}
	return n
}

// multiplier finds the simplest m with measure(m) = want, where measure never
// falls: 1, else the one with the fewest decimals.
func multiplier(want int, measure func(m float64) int) (float64, bool) {
	if measure(1) == want {
		return 1, true
	}
	least := firstMultiplier(func(m float64) bool { return measure(m) >= want })
	if measure(least) != want {
		return 0, false
	}
	for scale := 1.0; scale <= 1e6; scale *= 10 {
		if m := math.Ceil(least*scale) / scale; measure(m) == want {
			return m, true
		}
	}
	return least, true
}

// firstMultiplier is where reached becomes true, by bisection.
func firstMultiplier(reached func(m float64) bool) float64 {
	lo, hi := minMultiplier, float64(maxMultiplier)
	if reached(lo) {
		return lo
	}
	for range 64 {
		if m := lo + (hi-lo)/2; reached(m) {
			hi = m
		} else {
			lo = m
		}
	}
	return hi
}
