package keras

import (
	"math"
	"slices"
	"strings"

	"github.com/effnet/effnet/pkg/model"
	"github.com/effnet/effnet/pkg/weights/state"
)

// head is what follows the network: a classifier, and what of it can be taken
// into the classifier.
type head struct {
	dense    *layer
	norms    []*layer // batch norms between pooling and classifier
	features int
	classes  int
}

// head sorts the layers with weights that the network leaves over.
func (n *network) head(v model.Variant) (*head, error) {
	h := &head{features: v.HeadChannels()}
	used := n.used()
	first, _ := n.ends()
	for i, l := range n.list {
		if used[l] || len(l.vars) == 0 || l.class == classNormalize {
			continue
		}
		switch {
		case n.ordered && i < first:
			return nil, state.Refuse("%s in front of the network is not known", l.title())
		case l.class == classNorm && (h.dense == nil || !n.ordered):
			h.norms = append(h.norms, l)
		case l.class == classDense && h.dense == nil:
			h.dense = l
		case l.class == classDense:
			return nil, state.Refuse("a head of more than one dense layer: %s and %s", h.dense.title(), l.title())
		default:
			return nil, state.Refuse("%s is not part of the network", l.title())
		}
	}
	if h.dense == nil {
		return nil, state.Refuse("the file has no classifier: it was saved without one (include_top=False)")
	}
	return h, h.measure(n)
}

// measure holds the head to the features that the network has.
func (h *head) measure(n *network) error {
	kernel, ok := h.dense.find("kernel")
	if !ok {
		return &model.ParamsError{Problems: []string{"tensor " + state.Quote(h.dense.name+"/kernel") + " is missing"}}
	}
	shape := kernel.data.Shape
	if len(shape) != 2 || shape[0] != h.features || shape[1] < 1 {
		return &model.ParamsError{Problems: []string{misshapen(kernel, []int{h.features, max(1, last(shape))})}}
	}
	h.classes = shape[1]
	if bias, ok := h.dense.find("bias"); ok && !slices.Equal(bias.data.Shape, []int{h.classes}) {
		return &model.ParamsError{Problems: []string{misshapen(bias, []int{h.classes})}}
	}
	for _, l := range h.norms {
		for _, stat := range statistics[2:] {
			if _, ok := l.find(stat[0]); !ok {
				return state.Refuse("%s has no %s", l.title(), stat[0])
			}
		}
		for _, t := range l.vars {
			if !slices.Equal(t.data.Shape, []int{h.features}) {
				return &model.ParamsError{Problems: []string{misshapen(t, []int{h.features})}}
			}
		}
		n.notes = append(n.notes, "batch norm "+state.Quote(l.name)+" folded into the classifier")
	}
	return nil
}

func last(shape []int) int {
	if len(shape) == 0 {
		return 0
	}
	return shape[len(shape)-1]
}

// load gives the classifier: weight [classes, features] and bias [classes].
func (h *head) load(params model.Params) error {
	kernel, _ := h.dense.find("kernel")
	values, err := kernel.values()
	if err != nil {
		return err
	}
	bias := make([]float32, h.classes)
	if b, ok := h.dense.find("bias"); ok {
		if bias, err = b.vector(h.classes); err != nil {
			return err
		}
	}
	weight := transposed(values, 1, h.features, h.classes)
	for i := len(h.norms) - 1; i >= 0; i-- {
		if err := h.fold(h.norms[i], weight, bias); err != nil {
			return err
		}
	}
	params["classifier.weight"] = model.Param{Shape: []int{h.classes, h.features}, Data: weight}
	params["classifier.bias"] = model.Param{Shape: []int{h.classes}, Data: bias}
	return nil
}

// fold takes a batch norm of the features into the classifier behind it.
func (h *head) fold(l *layer, weight, bias []float32) error {
	stats := map[string][]float32{}
	for _, stat := range statistics {
		t, ok := l.find(stat[0])
		if !ok { // scale=False, center=False
			stats[stat[0]] = slices.Repeat([]float32{map[string]float32{"gamma": 1}[stat[0]]}, h.features)
			continue
		}
		values, err := t.vector(h.features)
		if err != nil {
			return err
		}
		stats[stat[0]] = values
	}
	eps := l.epsilon()
	scale, offset := make([]float64, h.features), make([]float64, h.features)
	for i := range scale {
		variance := float64(stats["moving_variance"][i])
		if variance < 0 {
			return state.Refuse("tensor %s holds a negative variance", state.Quote(l.name+"/moving_variance"))
		}
		scale[i] = float64(stats["gamma"][i]) / math.Sqrt(variance+eps)
		offset[i] = float64(stats["beta"][i]) - float64(stats["moving_mean"][i])*scale[i]
	}
	for c := range bias {
		row := weight[c*h.features : (c+1)*h.features]
		sum := float64(bias[c])
		for i, w := range row {
			sum += float64(w) * offset[i]
			row[i] = float32(float64(w) * scale[i])
		}
		bias[c] = float32(sum)
	}
	return nil
}

// defaultEpsilon is that of Keras' batch norm.
const defaultEpsilon = 1e-3

func (l *layer) epsilon() float64 {
	if l.config != nil && l.config.Epsilon != nil {
		return *l.config.Epsilon
	}
	return defaultEpsilon
}

// isMaxPool tells the pooling that the family does not have.
func isMaxPool(l *layer) bool {
	return strings.HasPrefix(l.name, "max_pool") || strings.HasPrefix(l.class, "global_max_pool") || strings.HasPrefix(l.class, "max_pool")
}
