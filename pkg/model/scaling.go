package model

import (
	"fmt"
	"math"

	"github.com/effnet/effnet/pkg/profile"
)

// Bounds of a scaled variant.
const (
	minMultiplier, maxMultiplier = 0.01, 100 // relative to the base
	maxBlocks                    = 4096
	maxValues                    = 16e9 // of parameters, and of one activation map: 64 GB
)

// ShapeError is why a custom shape cannot be a network.
type ShapeError struct{ Msg string }

func (e *ShapeError) Error() string { return e.Msg }

func badShape(format string, args ...any) error { return &ShapeError{fmt.Sprintf(format, args...)} }

// custom is how a variant was scaled from a row of the table.
type custom struct {
	base         *Variant // nil: the variant is a row itself
	depth, width float64  // relative to base
}

// IsCustom tells whether the variant was scaled by Scale, so that nobody has
// published weights of it.
func (v Variant) IsCustom() bool { return v.custom.base != nil }

// Scale makes a variant deeper, wider and sharper: depth and width multiply
// what base has already, resolution is in pixels. Channels and layers are
// rounded as base's are. The error is a *ShapeError; nothing is allocated for
// a shape that is refused.
func Scale(base Variant, depth, width float64, resolution int) (Variant, error) {
	if base.IsCustom() {
		depth, width, base = depth*base.custom.depth, width*base.custom.width, *base.custom.base
	}
	for _, m := range []struct {
		what  string
		value float64
	}{{"depth", depth}, {"width", width}} {
		if !(m.value >= minMultiplier && m.value <= maxMultiplier) {
			return Variant{}, badShape("%s %v is not from %v to %v", m.what, m.value, minMultiplier, maxMultiplier)
		}
	}
	if resolution < profile.MinResolution || resolution > profile.MaxResolution {
		return Variant{}, badShape("resolution %d is not from %d to %d", resolution, profile.MinResolution, profile.MaxResolution)
	}
	if depth == 1 && width == 1 && resolution == base.Resolution {
		return base, nil
	}
	v := base
	v.custom = custom{base: &base, depth: depth, width: width}
	v.DepthMult *= depth
	v.WidthMult *= width
	v.Resolution = resolution
	v.Name = v.shapeName()
	return v, v.checkSize()
}

// checkSize counts blocks, parameters and the largest map before anything of
// their size exists.
func (v Variant) checkSize() error {
	blocks := 0
	for i := range v.Stages {
		blocks += v.layers(i)
	}
	if blocks > maxBlocks {
		return badShape("%d blocks are more than %d", blocks, maxBlocks)
	}
	params, largest := int64(0), int64(0)
	for _, s := range Trace(v, profile.Same, v.Resolution, 1) {
		params += s.Params()
		largest = max(largest, int64(s.Out.Pixels())*int64(s.Out.C))
	}
	const gigabyte = 1e9 / 4 // values
	if params > maxValues {
		return badShape("%.0f GB of parameters are more than %.0f GB", float64(params)/gigabyte, maxValues/gigabyte)
	}
	if largest > maxValues {
		return badShape("an activation map of %.0f GB is more than %.0f GB", float64(largest)/gigabyte, maxValues/gigabyte)
	}
	return nil
}

// Compound is how one coefficient φ scales depth by Alpha^φ, width by Beta^φ
// and resolution by Gamma^φ.
type Compound struct{ Alpha, Beta, Gamma float64 }

// PaperCompound is what the grid search of "EfficientNet: Rethinking Model
// Scaling for Convolutional Neural Networks" (section 3.3) found for B0.
var PaperCompound = Compound{Alpha: 1.2, Beta: 1.1, Gamma: 1.15}

// Growth is α·β²·γ², about how many times the MACs grow where φ grows by one.
func (c Compound) Growth() float64 { return c.Alpha * c.Beta * c.Beta * c.Gamma * c.Gamma }

// Scale scales base by φ. Multipliers are rounded to six decimals, the
// resolution to whole pixels. The error is a *ShapeError.
func (c Compound) Scale(base Variant, phi float64) (Variant, error) {
	for _, f := range []float64{c.Alpha, c.Beta, c.Gamma} {
		if !(f > 0 && f <= maxMultiplier) {
			return Variant{}, badShape("coefficients %v, %v, %v are not all above 0 and at most %v", c.Alpha, c.Beta, c.Gamma, maxMultiplier)
		}
	}
	resolution := math.Round(float64(base.Resolution) * math.Pow(c.Gamma, phi))
	if !(resolution >= profile.MinResolution && resolution <= profile.MaxResolution) {
		return Variant{}, badShape("φ %v gives the resolution %v, which is not from %d to %d",
			phi, resolution, profile.MinResolution, profile.MaxResolution)
	}
	return Scale(base, sixDecimals(math.Pow(c.Alpha, phi)), sixDecimals(math.Pow(c.Beta, phi)), int(resolution))
}

func sixDecimals(x float64) float64 { return math.Round(x*1e6) / 1e6 }
