package naming

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"github.com/effnet/effnet/pkg/model"
	"github.com/effnet/effnet/pkg/weights/state"
)

// source is where in a dict the tensors of a network are.
type source struct {
	dict   *state.Dict
	scheme scheme
	prefix string   // before every name: "module.", "model._orig_mod."
	others []string // prefixes of further networks in the same dict
}

// locate finds the scheme and the prefix by the stem's convolution. Of several
// networks in one dict the averaged one comes first.
func locate(d *state.Dict) (source, bool) {
	for _, s := range schemes {
		found := source{dict: d, scheme: s}
		var prefixes []string
		for _, t := range d.Tensors {
			prefix, ok := strings.CutSuffix(t.Name, s.stem+".weight")
			if ok && (prefix == "" || strings.HasSuffix(prefix, ".")) && isStem(t.Shape) {
				prefixes = append(prefixes, prefix)
			}
		}
		if len(prefixes) == 0 {
			continue
		}
		slices.SortStableFunc(prefixes, func(a, b string) int { return cmp.Compare(rank(a), rank(b)) })
		found.prefix, found.others = prefixes[0], prefixes[1:]
		return found, true
	}
	return source{}, false
}

// isStem tells whether a shape could be of a convolution of a picture.
func isStem(shape []int) bool {
	return len(shape) == 4 && shape[1] == 3 && shape[2] == 3 && shape[3] == 3
}

func rank(prefix string) int {
	if strings.Contains(prefix, "ema") {
		return 0
	}
	return 1
}

// exact tells whether every convolution of a variant is there with its shape,
// and no other: one that is wider or deeper has other shapes of its last.
func (s source) exact(v model.Variant) bool {
	list := units(v, s.scheme, s.prefix)
	n := len(list)
	if !list[n-2].fits(s.dict) || !list[0].fits(s.dict) {
		return false
	}
	for _, u := range list[:n-1] {
		if !u.fits(s.dict) {
			return false
		}
	}
	return s.convolutions() == n-1
}

// convolutions counts the weights of four dimensions.
func (s source) convolutions() int {
	n := 0
	for _, t := range s.dict.Tensors {
		if len(t.Shape) == 4 && strings.HasPrefix(t.Name, s.prefix) {
			n++
		}
	}
	return n
}

// recognise finds the one variant whose convolutions are those of the dict:
// of the table, else of a custom width and depth.
func (s source) recognise() (model.Variant, error) {
	var found []string
	var variant model.Variant
	for _, v := range model.Variants() {
		if s.exact(v) {
			found, variant = append(found, v.Name), v
		}
	}
	if len(found) > 1 {
		return variant, state.Refuse("the shapes fit %s: say which with --variant", strings.Join(found, " and "))
	}
	if len(found) == 1 {
		return variant, nil
	}
	if v, ok := s.custom(); ok {
		return v, nil
	}
	nearest, alike, of := s.nearest()
	if 10*alike < 9*of {
		return nearest, state.Refuse("not a network of the family: the nearest, %s, has %d of its %d convolutions in the file",
			nearest.Name, alike, of)
	}
	return nearest, nil
}

// nearest is the variant that shares most convolutions with the dict, and how
// many of how many.
func (s source) nearest() (best model.Variant, alike, of int) {
	share := -1.0
	theirs := s.convolutions()
	for _, v := range model.Variants() {
		list := units(v, s.scheme, s.prefix)
		list = list[:len(list)-1]
		n := 0
		for _, u := range list {
			if u.fits(s.dict) {
				n++
			}
		}
		if x := float64(2*n) / float64(len(list)+theirs); x > share {
			best, alike, of, share = v, n, len(list), x
		}
	}
	return best, alike, of
}

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
		widths, depths := s.widths(base), depths(base, blocks)
		for _, w := range widths {
			for _, d := range depths {
				if v, err := model.Scale(base, d, w, base.Resolution); err == nil && s.exact(v) {
					return v, true
				}
			}
		}
	}
	return model.Variant{}, false
}

// widths lists what could have scaled base's last stage to what the head's
// convolution takes.
func (s source) widths(base model.Variant) []float64 {
	list := units(base, s.scheme, s.prefix)
	head, ok := s.dict.Lookup(list[len(list)-2].conv + ".weight")
	if !ok || len(head.Shape) != 4 {
		return nil
	}
	const divisor = 8
	out := float64(base.Stages[len(base.Stages)-1].OutChannels)
	got := float64(head.Shape[1])
	return rounded((got-divisor)/out, (got+divisor)/out, func(w float64) bool {
		c := w * out // the rule of rounding decides in exact
		return math.Abs(c-got) <= divisor
	})
}

// depths lists what could have made base as many blocks.
func depths(base model.Variant, blocks int) []float64 {
	const deepest = 20
	return rounded(0, deepest, func(d float64) bool {
		n := 0
		for i, stage := range base.Stages {
			if base.FixedEnds && (i == 0 || i == len(base.Stages)-1) {
				n += stage.NumLayers
				continue
			}
			n += int(math.Ceil(float64(stage.NumLayers) * d))
		}
		return n == blocks
	})
}

// rounded lists the numbers of (low, high] with at most three decimals that
// fit, those of fewer decimals first.
func rounded(low, high float64, fits func(float64) bool) []float64 {
	var list []float64
	for _, scale := range []int{10, 100, 1000} {
		for k := int(math.Floor(max(low, 0)*float64(scale))) + 1; float64(k) <= high*float64(scale); k++ {
			if scale > 10 && k%10 == 0 {
				continue // has fewer decimals
			}
			if x := float64(k) / float64(scale); fits(x) {
				list = append(list, x)
			}
		}
	}
	return list
}
