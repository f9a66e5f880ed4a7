package model

import (
	"math"

	"github.com/effnet/effnet/pkg/profile"
)

// Scaling is a way to make a variant larger by one number.
type Scaling string

// The ways that the paper compares: all of depth, width and resolution by φ,
// or one of them alone.
const (
	CompoundScaling   Scaling = "compound"
	DepthScaling      Scaling = "depth"
	WidthScaling      Scaling = "width"
	ResolutionScaling Scaling = "resolution"
)

// Scalings lists the ways.
var Scalings = []Scaling{CompoundScaling, DepthScaling, WidthScaling, ResolutionScaling}

// MACs is the number of multiply-adds for one picture of the variant's own
// resolution.
func (v Variant) MACs(classes int) int64 {
	n := int64(0)
	for _, s := range Trace(v, profile.Same, v.Resolution, classes) {
		n += s.MACs()
	}
	return n
}

// axis is a way of scaling with its number: the range to look in, and the
// number that changes nothing.
type axis struct {
	low, neutral, high float64
	scale              func(x float64) (Variant, error)
}

func (c Compound) axis(base Variant, s Scaling) axis {
	switch s {
	case DepthScaling:
		return axis{minMultiplier, 1, maxMultiplier, func(x float64) (Variant, error) { return Scale(base, x, 1, base.Resolution) }}
	case WidthScaling:
		return axis{minMultiplier, 1, maxMultiplier, func(x float64) (Variant, error) { return Scale(base, 1, x, base.Resolution) }}
	case ResolutionScaling:
		own := float64(base.Resolution)
		return axis{profile.MinResolution / own, 1, profile.MaxResolution / own, func(x float64) (Variant, error) {
			return Scale(base, 1, 1, int(math.Round(x*own)))
		}}
	}
	const most = 100
	return axis{-most, 0, most, func(x float64) (Variant, error) { return c.Scale(base, x) }}
}

// Reach scales base in one way until it has as near as possible to the given
// multiply-adds, all rounding included, and returns the number that does it:
// φ, or the multiplier of depth, width or resolution. The coefficients matter
// to CompoundScaling alone; the error is a *ShapeError where they are wrong.
func (c Compound) Reach(base Variant, s Scaling, macs int64, classes int) (x float64, v Variant, err error) {
	a := c.axis(base, s)
	if v, err = a.scale(a.neutral); err != nil {
		return 0, v, err
	}
	x = a.neutral
	off := func(v Variant) int64 { return abs(v.MACs(classes) - macs) }
	best := off(v)
	low, high := a.low, a.high
	const steps = 48
	for range steps {
		middle := (low + high) / 2
		tried, err := a.scale(middle)
		less := middle < a.neutral // of a shape that cannot be
		if err == nil {
			if o := off(tried); o < best {
				x, v, best = middle, tried, o
			}
			less = tried.MACs(classes) < macs
		}
		if less {
			low = middle
		} else {
			high = middle
		}
	}
	x, v = a.shorten(x, v, classes)
	return x, v, nil
}

// shorten rounds x to the fewest decimals that leave the multiply-adds.
func (a axis) shorten(x float64, v Variant, classes int) (float64, Variant) {
	want := v.MACs(classes)
	for _, unit := range []float64{1, 10, 100, 1e3, 1e4, 1e5} {
		rounded := math.Round(x*unit) / unit
		if short, err := a.scale(rounded); err == nil && short.MACs(classes) == want {
			return rounded, short
		}
	}
	return x, v
}

func abs(n int64) int64 { return max(n, -n) }
