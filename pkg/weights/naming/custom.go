package naming

import (
	"fmt"
	"math"
	"strings"

	"github.com/effnet/effnet/pkg/model"
)

// custom finds width and depth of a variant of no table: the roundest pair
// that gives the dict's shapes.
func (s source) custom() (model.Variant, bool) {
	blocks := -1 // each has one convolution of several pixels, as the stem
	for _, t := range s.dict.Tensors {
		if len(t.Shape) == 4 && t.Shape[2] > 1 && strings.HasPrefix(t.Name, s.prefix) {
			blocks++
		}
	}
	for _, base := range model.Variants() {
		if base.WidthMult != 1 || base.DepthMult != 1 {
			continue
		}
		depths := depths(base, blocks)
		if len(depths) == 0 {
			continue
		}
		for _, w := range s.widths(base) {
			for _, d := range depths {
				if v, err := model.Scale(base, d, w, base.Resolution); err == nil && s.exact(v) {
					return v, true
				}
			}
		}
	}
	return model.Variant{}, false
}

// widths lists what scales base's stem and head to the dict's, the roundest of
// those that give the same channels everywhere.
func (s source) widths(base model.Variant) []float64 {
	head, ok := s.dict.Lookup(s.scheme.headUnit(base, s.prefix, 0).conv + ".weight")
	if !ok || len(head.Shape) != 4 {
		return nil
	}
	const divisor = 8 // of channels: rounding moves them by less
	out := float64(base.Stages[len(base.Stages)-1].OutChannels)
	got := float64(head.Shape[1])
	return rounded((got-divisor)/out, (got+divisor)/out, func(w float64) string {
		v, err := model.Scale(base, 1, w, base.Resolution)
		if err != nil || !s.endsFit(v) {
			return ""
		}
		var channels []int
		for _, b := range v.Blocks() {
			channels = append(channels, b.OutChannels)
		}
		return fmt.Sprint(channels)
	})
}

// depths lists what makes base as many blocks, the roundest of those that give
// the same stages.
func depths(base model.Variant, blocks int) []float64 {
	const deepest = 20
	return rounded(0, deepest, func(d float64) string {
		layers, n := make([]int, len(base.Stages)), 0
		for i, stage := range base.Stages {
			layers[i] = stage.NumLayers
			if !base.FixedEnds || i > 0 && i < len(base.Stages)-1 {
				layers[i] = int(math.Ceil(float64(stage.NumLayers) * d))
			}
			n += layers[i]
		}
		if n != blocks {
			return ""
		}
		return fmt.Sprint(layers)
	})
}

// rounded lists numbers of (low, high] with at most three decimals, those of
// fewer decimals first: of all with the same effect one, of no effect none.
func rounded(low, high float64, effect func(float64) string) []float64 {
	var list []float64
	seen := map[string]bool{"": true}
	for _, scale := range []int{10, 100, 1000} {
		for k := int(math.Floor(max(low, 0)*float64(scale))) + 1; float64(k) <= high*float64(scale); k++ {
			if scale > 10 && k%10 == 0 {
				continue // has fewer decimals
			}
			x := float64(k) / float64(scale)
			if e := effect(x); !seen[e] {
				seen[e] = true
				list = append(list, x)
			}
		}
	}
	return list
}
