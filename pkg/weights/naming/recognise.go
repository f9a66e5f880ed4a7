package naming

import (
	"cmp"
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
// and no other.
func (s source) exact(v model.Variant) bool {
	if !s.endsFit(v) {
		return false
	}
	list := units(v, s.scheme, s.prefix)
	list = list[:len(list)-1]
	for _, u := range list {
		if !u.fits(s.dict) {
			return false
		}
	}
	return s.convolutions() == len(list)
}

// endsFit compares the channels of stem and head, which costs little.
func (s source) endsFit(v model.Variant) bool {
	head, ok := s.dict.Lookup(s.scheme.headUnit(v, s.prefix, 0).conv + ".weight")
	return s.scheme.stemUnit(v, s.prefix).fits(s.dict) && ok && len(head.Shape) == 4 && head.Shape[0] == v.HeadChannels()
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
