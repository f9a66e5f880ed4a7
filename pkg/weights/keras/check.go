package keras

import (
	"slices"
	"strings"

	"github.com/effnet/effnet/pkg/model"
	"github.com/effnet/effnet/pkg/profile"
	"github.com/effnet/effnet/pkg/weights/state"
)

// silent are classes of layers that do nothing when a network is used, or
// nothing that counts before a picture is prepared.
var silent = map[string]bool{
	"input_layer": true, "dropout": true, "spatial_dropout2d": true, "fixed_dropout": true, "gaussian_noise": true,
	"gaussian_dropout": true, "alpha_dropout": true, "activity_regularization": true,
}

func isSilent(l *layer) bool { return silent[l.class] || strings.HasPrefix(l.class, "random_") }

// configuredInput follows the configuration from the picture to the network.
func (n *network) configuredInput(v model.Variant) (affine, error) {
	a := pixels()
	first, _ := n.ends()
	prepared := false
	for _, l := range n.list[:first] {
		switch {
		case l.class == classRescaling:
			scale, err := l.config.Scale.channels(l, "scale")
			if err != nil {
				return a, err
			}
			offset, err := l.config.Offset.channels(l, "offset")
			if err != nil {
				return a, err
			}
			a.rescale(scale, offset)
			prepared = true
		case l.class == classNormalize:
			mean, variance, err := l.moments()
			if err != nil {
				return a, err
			}
			if l.config.Invert {
				return a, state.Refuse("%s is inverted", l.title())
			}
			a.normalize(mean, variance)
			prepared = true
		case l.class == "resizing", l.class == "center_crop":
			n.note("%s in front of the network left out: pictures come in its resolution", l.title())
		case isSilent(l), l.class == "activation" && l.isLinear(), l.class == "zero_padding2d" && strings.HasPrefix(l.name, "stem_conv_pad"):
		default:
			return a, state.Refuse("%s in front of the network is not known", l.title())
		}
	}
	if !prepared {
		return n.unprepared(v), nil
	}
	return a, nil
}

func (l *layer) isLinear() bool { return l.config.Activation == "" || l.config.Activation == "linear" }

func (l *layer) isSwish() bool {
	return l.config.Activation == "swish" || l.config.Activation == "silu"
}

// checkConfig holds what arrays do not show to the variant: strides,
// activations, pooling and head.
func (n *network) checkConfig(v model.Variant, classes int) error {
	for _, l := range n.list {
		if isMaxPool(l) {
			return state.Refuse("%s: the family takes means", l.title())
		}
	}
	if !n.configured {
		return nil
	}
	for _, s := range steps(v) {
		if err := n.checkStep(s); err != nil {
			return err
		}
	}
	first, last := n.ends()
	if err := n.checkBody(n.list[first:last]); err != nil {
		return err
	}
	return n.checkHead(n.list[last+1:], classes)
}

// inner are the classes of layers within the network.
var inner = map[string]bool{
	classConv: true, classDepthwise: true, classNorm: true, "zero_padding2d": true, "global_average_pooling2d": true, "reshape": true,
	"add": true, "multiply": true,
}

// functions are classes of layers that compute what their configuration does
// not say; the first ports wrote the activation and the means so.
var functions = map[string]bool{"lambda": true, "tf_op_lambda": true, "swish": true, "drop_connect": true}

func (n *network) checkBody(list []*layer) error {
	noted := false
	for _, l := range list {
		switch {
		case l.class == "activation" && !l.isSwish():
			return state.Refuse("%s applies %s, expected swish", l.title(), state.Quote(string(l.config.Activation)))
		case l.class == "activation", inner[l.class], isSilent(l):
		case !functions[l.class]:
			return state.Refuse("%s within the network is not known", l.title())
		case !noted:
			n.note("%s and its like compute what the family has in their place", l.title())
			noted = true
		}
	}
	return nil
}

// notePadding says where ZeroPadding2D layers pad other than "same" does at
// the resolution: those of a model without a fixed input are for even sizes.
func (n *network) notePadding(v model.Variant, resolution int) {
	pads := map[*layer]*layer{} // the padding in front of a convolution
	var pad *layer
	for _, l := range n.list {
		switch l.class {
		case "zero_padding2d":
			pad = l
		case classConv, classDepthwise:
			pads[l], pad = pad, nil
		}
	}
	for _, s := range model.Trace(v, profile.Same, resolution, 1) {
		p := pads[n.parts[part{unit: s.Name}]]
		if p == nil || s.Stride != 2 || p.config == nil {
			continue
		}
		all := max(0, (s.Out.H-1)*s.Stride+s.Kernel-s.In.H)
		want := numbers{float64(s.PadTop), float64(all - s.PadTop), float64(s.PadLeft), float64(all - s.PadLeft)}
		if got := p.config.Padding.numbers; got != nil && !slices.Equal(got, want) {
			n.note("padding same, although %s pads by %v at %d pixels", p.title(), got, s.In.H)
			return
		}
	}
}

func (n *network) checkStep(s model.Step) error {
	is := func(unit string, act string) error {
		l := n.parts[part{unit: unit}]
		if got := string(l.config.Activation); got != act && !(act == "swish" && l.isSwish()) && !(act == "linear" && l.isLinear()) {
			return state.Refuse("%s applies %s, expected %s", l.title(), state.Quote(got), act)
		}
		for _, d := range l.config.Dilation {
			if d != 1 {
				return state.Refuse("%s is dilated", l.title())
			}
		}
		for _, stride := range l.config.Strides {
			if want := max(1, s.Stride); stride != want {
				return state.Refuse("%s has the strides %v, expected %d", l.title(), l.config.Strides, want)
			}
		}
		return nil
	}
	switch s.Op {
	case model.Stem, model.Conv, model.Pointwise, model.Depthwise:
		return is(s.Name, "linear")
	case model.SqueezeExcite:
		if err := is(s.Name+".reduce", "swish"); err != nil {
			return err
		}
		return is(s.Name+".expand", "sigmoid")
	}
	return nil
}

// checkHead follows the configuration from the last batch norm to the
// probabilities.
func (n *network) checkHead(list []*layer, classes int) error {
	const (
		activate = iota
		pool
		classify
		finish
	)
	at := activate
	for _, l := range list {
		act := string(l.config.Activation)
		final := slices.Contains([]string{"softmax", "sigmoid", "linear", ""}, act)
		switch {
		case isSilent(l), at == classify && (l.class == classNorm || l.class == "flatten" || l.class == "activation" && l.isLinear()):
		case at == activate && l.class == "activation" && l.isSwish():
			at = pool
		case at == pool && l.class == "global_average_pooling2d":
			at = classify
		case at == classify && l.class == classDense && final:
			at = finish
			n.noteSigmoid(l, classes)
		case at == finish && l.class == "activation" && final:
			n.noteSigmoid(l, classes)
		case at == finish && l.class == "softmax":
		case l.class == classDense || l.class == "activation":
			return state.Refuse("%s applies %s behind the network, which is not known", l.title(), state.Quote(act))
		default:
			return state.Refuse("%s behind the network is not known", l.title())
		}
	}
	if at != finish {
		return state.Refuse("the configuration ends before a classifier")
	}
	return nil
}

// noteSigmoid says where classes were not meant to exclude each other.
func (n *network) noteSigmoid(l *layer, classes int) {
	if l.config.Activation == "sigmoid" && classes > 1 {
		n.note("probabilities are a softmax, although %s applies a sigmoid to each class", l.title())
	}
}
