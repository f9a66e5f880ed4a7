package keras

import (
	"slices"

	"github.com/effnet/effnet/pkg/model"
)

// streams are the layers of the network by their class, in their order: what
// is left where the names tell nothing.
type streams struct{ of map[string][]*layer }

// streamsOf takes the layers of the model that has the depthwise
// convolutions, without those of models around it.
func streamsOf(list []*layer) *streams {
	s := &streams{of: map[string][]*layer{}}
	i := slices.IndexFunc(list, func(l *layer) bool { return l.class == classDepthwise })
	if i < 0 {
		i = 0
	}
	for _, l := range list {
		if l.nested == list[i].nested && (!l.nested || l.top == list[i].top) {
			s.of[l.class] = append(s.of[l.class], l)
		}
	}
	return s
}

// zip gives each part of a variant the next layer of its class. Layers that
// are left over are parts without a name, which no variant has, but for batch
// norms: those may be of a head.
func (s *streams) zip(v model.Variant) map[part]*layer {
	taken := map[string]int{}
	found := map[part]*layer{}
	take := func(class string, p part) {
		if i := taken[class]; i < len(s.of[class]) {
			found[p] = s.of[class][i]
		}
		taken[class]++
	}
	for _, step := range steps(v) {
		switch step.Op {
		case model.Stem, model.Conv, model.Pointwise:
			take(classConv, part{unit: step.Name})
			take(classNorm, part{step.Name, true})
		case model.Depthwise:
			take(classDepthwise, part{unit: step.Name})
			take(classNorm, part{step.Name, true})
		case model.SqueezeExcite:
			take(classConv, part{unit: step.Name + ".reduce"})
			take(classConv, part{unit: step.Name + ".expand"})
		}
	}
	for _, class := range []string{classConv, classDepthwise} {
		for taken[class] < len(s.of[class]) {
			take(class, part{unit: s.of[class][taken[class]].name})
		}
	}
	return found
}
