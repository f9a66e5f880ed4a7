package keras

import (
	"slices"

	"github.com/effnet/effnet/pkg/weights/hdf5"
	"github.com/effnet/effnet/pkg/weights/state"
)

// Classes of layers as Keras names them in snake case.
const (
	classConv      = "conv2d"
	classDepthwise = "depthwise_conv2d"
	classNorm      = "batch_normalization"
	classDense     = "dense"
	classRescaling = "rescaling"
	classNormalize = "normalization"
)

// layer is one layer of the flattened model.
type layer struct {
	name   string  // its own, such as "stem_conv"
	class  string  // in snake case; "" where the file does not tell
	config *config // nil where the file has none
	vars   []variable
	top    string // name of the outermost layer that holds it, or its own
	nested bool   // in a model within the model
}

// variable is one array of a layer.
type variable struct {
	kind string // "kernel", "gamma" …
	name string // in the file
	data *hdf5.Dataset
}

// find gives the variable of a kind.
func (l *layer) find(kind string) (variable, bool) {
	for _, v := range l.vars {
		if v.kind == kind {
			return v, true
		}
	}
	return variable{}, false
}

// title is how a message names the layer.
func (l *layer) title() string {
	if l.class == "" {
		return "layer " + state.Quote(l.name)
	}
	return "layer " + state.Quote(l.name) + " (" + l.class + ")"
}

// values loads a variable as float32.
func (v variable) values() ([]float32, error) {
	if v.data.Type.Size == 2 {
		a, err := v.data.Attribute("dtype")
		if err != nil {
			return nil, err
		}
		if a != nil {
			if text, err := a.Text(); err == nil && text == "bfloat16" {
				return v.data.BFloat16s()
			}
		}
	}
	return v.data.Float32s()
}

// vector loads a variable of n values; it does not share the file's bytes.
func (v variable) vector(n int) ([]float32, error) {
	if v.data.Len() != n {
		return nil, state.Refuse("tensor %s has shape %v, expected [%d]", state.Quote(v.name), v.data.Shape, n)
	}
	values, err := v.values()
	return slices.Clone(values), err
}

// layers is a model as a list.
type layers struct {
	list []*layer
	// ordered: the list is in the order of the forward pass. Otherwise it is so
	// within each class alone.
	ordered bool
	// complete: layers without weights are listed too, within nested models as
	// well.
	complete bool
	// configured: every layer has its config.
	configured bool
	side       int // pixels of the square input; 0 where the file does not tell
}

// kinds are the variables of a class in the order of Keras 3.
var kinds = map[string][]string{
	classConv:      {"kernel", "bias"},
	classDepthwise: {"kernel", "bias"},
	classDense:     {"kernel", "bias"},
	classNorm:      {"gamma", "beta", "moving_mean", "moving_variance"},
	classNormalize: {"mean", "variance", "count"},
}
