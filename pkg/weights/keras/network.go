package keras

import (
	"slices"

	"github.com/effnet/effnet/pkg/model"
	"github.com/effnet/effnet/pkg/weights/state"
)

// network is a file's layers by what they are to a network.
type network struct {
	*layers

	parts   map[part]*layer // by names; empty where these tell nothing
	streams *streams        // by class and order instead
	notes   []string        // for Imported.Assumed
}

// newNetwork finds the network among the layers.
func newNetwork(l *layers) (*network, error) {
	n := &network{layers: l}
	var twice *layer
	if n.parts, twice = parts(l.list); twice != nil {
		return nil, state.Refuse("two layers named %s: more than one network in the file", state.Quote(twice.name))
	}
	if n.parts[part{unit: "stem"}] != nil {
		return n, nil
	}
	n.streams = streamsOf(l.list)
	convs, depthwise := len(n.streams.of[classConv]), len(n.streams.of[classDepthwise])
	if convs == 0 || depthwise == 0 {
		return nil, state.Refuse("not an EfficientNet: %d convolutions and %d depthwise ones, and no layer named stem_conv", convs, depthwise)
	}
	return n, nil
}

// imported gives variant, parameters and profile.
func (n *network) imported(o state.Options) (*state.Imported, error) {
	v, err := n.settle(o.Variant)
	if err != nil {
		return nil, err
	}
	h, err := n.head(v)
	if err != nil {
		return nil, err
	}
	if err := n.checkConfig(v, h.classes); err != nil {
		return nil, err
	}
	params, err := n.load(v, h)
	if err != nil {
		return nil, err
	}
	prof, err := n.profile(v, h.classes)
	if err != nil {
		return nil, err
	}
	return &state.Imported{
		Variant: v.Name, Profile: prof, Params: params, Assumed: n.notes, Scheme: n.scheme(v),
	}, nil
}

// settle decides the variant, asked for or recognised, and which layer is
// which part of it.
func (n *network) settle(asked string) (model.Variant, error) {
	if asked != "" {
		v, err := model.Lookup(asked)
		if err != nil {
			return v, err
		}
		return v, n.fit(v)
	}
	if n.streams == nil {
		if v, ok := model.Match(n.outline(), defaultSide(n.side)); ok {
			return v, n.fit(v)
		}
	}
	var nearest model.Variant
	least, of := -1, 0
	for _, v := range model.Variants() {
		found := n.parts
		if n.streams != nil {
			found = n.streams.zip(v)
		}
		p := len(problems(v, found))
		if p == 0 {
			return v, n.fit(v)
		}
		if least < 0 || p < least {
			nearest, least, of = v, p, len(expected(v))
		}
	}
	if n.streams != nil && 10*least > of {
		return nearest, state.Refuse("%d convolutions in an order that no network of the family has; --variant says which it is",
			len(n.streams.of[classConv])+len(n.streams.of[classDepthwise]))
	}
	if 10*least > of {
		return nearest, state.Refuse("not a network of the family: the nearest, %s, differs in %d of its %d tensors", nearest.Name, least, of)
	}
	return nearest, n.fit(nearest)
}

// fit holds the file to a variant.
func (n *network) fit(v model.Variant) error {
	if n.streams != nil {
		n.parts = n.streams.zip(v)
	}
	if p := problems(v, n.parts); len(p) > 0 {
		return &model.ParamsError{Problems: p}
	}
	return nil
}

// defaultSide is a resolution for networks of no table where the file does not
// tell it.
func defaultSide(side int) int {
	if side == 0 {
		return 224
	}
	return side
}

// outline is what names and shapes show of the blocks. What they do not show,
// the strides, all tables of the family have in common.
func (n *network) outline() model.Outline {
	strides := []int{1, 2, 2, 2, 1, 2, 1}
	o := model.Outline{Stem: n.channels("stem"), Head: n.channels("head"), Activation: silu}
	in := o.Stem
	for stage := range strides {
		for index := 0; ; index++ {
			b := model.Block{Stage: stage, Index: index, InChannels: in, Stride: 1, Op: model.MBConv}
			if index == 0 {
				b.Stride = strides[stage]
			}
			if !n.block(&b) {
				break
			}
			o.Blocks = append(o.Blocks, b)
			in = b.OutChannels
		}
	}
	return o
}

// block completes what is known of a block, false where there is none.
func (n *network) block(b *model.Block) bool {
	prefix := b.Name() + "."
	b.Expanded, b.OutChannels = b.InChannels, n.channels(prefix+"project")
	if n.parts[part{unit: prefix + "fused"}] != nil {
		b.Op, b.KernelSize = model.FusedMBConv, n.kernel(prefix+"fused")
		if b.OutChannels == 0 { // no expansion
			b.OutChannels = n.channels(prefix + "fused")
		} else {
			b.Expanded = n.channels(prefix + "fused")
		}
		return true
	}
	if n.parts[part{unit: prefix + "depthwise"}] == nil {
		return false
	}
	b.KernelSize = n.kernel(prefix + "depthwise")
	if c := n.channels(prefix + "expand"); c > 0 {
		b.Expanded = c
	}
	b.SEChannels = n.channels(prefix + "se.reduce")
	return true
}

// shape is that of a unit's kernel, of no extent where there is none.
func (n *network) shape(unit string) []int {
	if l := n.parts[part{unit: unit}]; l != nil {
		if k, ok := l.find("kernel"); ok && len(k.data.Shape) == 4 {
			return k.data.Shape
		}
	}
	return []int{0, 0, 0, 0}
}

func (n *network) channels(unit string) int { return n.shape(unit)[3] }

func (n *network) kernel(unit string) int { return n.shape(unit)[0] }

// used tells which layers are parts of the network.
func (n *network) used() map[*layer]bool {
	used := make(map[*layer]bool, len(n.parts))
	for _, l := range n.parts {
		used[l] = true
	}
	return used
}

// ends are the first and the last place of the network in the list.
func (n *network) ends() (first, last int) {
	used := n.used()
	is := func(l *layer) bool { return used[l] }
	first = slices.IndexFunc(n.list, is)
	for i, l := range n.list {
		if used[l] {
			last = i
		}
	}
	return first, last
}
