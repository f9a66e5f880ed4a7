package onnx

import (
	"fmt"
	"math"

	"github.com/effnet/effnet/pkg/kernels"
	"github.com/effnet/effnet/pkg/model"
	"github.com/effnet/effnet/pkg/profile"
	"github.com/effnet/effnet/pkg/weights/state"
)

// padding is the convention that all convolutions follow.
func (net *network) padding() (p profile.Padding, either bool, err error) {
	same, symmetric := true, true
	for _, u := range net.units() {
		c, in := u.conv.conv, u.in
		half := c.kernel / 2
		var tf pads
		tf.top, tf.bottom = samePads(in.h, c.kernel, c.stride)
		tf.left, tf.right = samePads(in.w, c.kernel, c.stride)
		same = same && u.pads == tf
		symmetric = symmetric && u.pads == pads{half, half, half, half}
		if !same && !symmetric {
			return "", false, u.unfit(fmt.Sprintf("the padding %v of TensorFlow or %d at each side; it is %v", tf, half, u.pads))
		}
	}
	if symmetric {
		return profile.Symmetric, same, nil
	}
	return profile.Same, false, nil
}

// String gives the sides in the order of ONNX.
func (p pads) String() string { return fmt.Sprint([]int{p.top, p.left, p.bottom, p.right}) }

// profile is what the graph says of how pictures are prepared, and what of it
// is a guess.
func (net *network) profile(v model.Variant, resolution int) (profile.Profile, []string, error) {
	const around = 32 // of the evaluation of TensorFlow's weights
	p := profile.ImageNet(resolution)
	p.Crop = float64(resolution) / float64(resolution+around)
	p.BNEps = net.epsilon()
	padding, either, err := net.padding()
	if err != nil {
		return p, nil, err
	}
	p.Padding = padding
	var assumed []string
	if either {
		assumed = append(assumed, fmt.Sprintf("padding symmetric: at %d pixels TensorFlow's is the same", resolution))
	}
	if len(net.input) > 0 {
		if err := net.normalisation(&p); err != nil {
			return p, nil, err
		}
		assumed = append(assumed, fmt.Sprintf("%s, crop %.3g", p.Interpolation, p.Crop))
	} else {
		what := usual(v, &p)
		assumed = append(assumed, fmt.Sprintf("%s, %s, crop %.3g", what, p.Interpolation, p.Crop))
	}
	return p, assumed, nil
}

// usual sets the mean and deviation that published weights of the variant and
// its padding mostly have.
func usual(v model.Variant, p *profile.Profile) string {
	fill := func(mean, std float64) {
		for i := range 3 {
			p.Mean[i], p.Std[i] = mean, std
		}
	}
	switch {
	case v.Activation == kernels.ReLU6 && p.Padding == profile.Same:
		fill(127.0/255, 128.0/255)
		return "mean 127/255 and std 128/255 of EfficientNet-Lite"
	case large(v) && p.Padding == profile.Same, v.Name == "efficientnet-v2-l":
		fill(0.5, 0.5)
		return "mean and std 0.5"
	}
	return "mean and std of ImageNet"
}

// large tells V2-S, M, L and XL from the other variants.
func large(v model.Variant) bool {
	return v.Stages[0].Op == model.FusedMBConv && v.Stages[0].OutChannels == v.Stages[0].InChannels
}

// normalisation takes mean and deviation from what the graph does to the
// picture first. Its scale tells bytes from numbers up to 1.
func (net *network) normalisation(p *profile.Profile) error {
	const bytes = 0.1 // 1/std of numbers up to 1 is larger, of bytes smaller
	u := &unit{conv: &feature{c: 3}, affines: net.input}
	scale, shift := u.composed(nil)
	for i := range 3 {
		unit := 1.0
		if math.Abs(scale[i]) < bytes {
			unit = 255
		}
		p.Std[i], p.Mean[i] = tidy(1/(scale[i]*unit)), tidy(-shift[i]/(scale[i]*unit))
	}
	if err := p.Validate(); err != nil {
		return net.inputNode.refuse("expected a normalisation of the picture: %s", err)
	}
	return nil
}

// variant finds the variant of the network, or holds it to the one asked for.
func (net *network) variant(asked string, resolution int) (model.Variant, error) {
	if asked == "" {
		if v, ok := model.Match(net.outline, resolution); ok {
			return v, nil
		}
		return model.Variant{}, net.differs(net.nearest())
	}
	v, err := model.Lookup(asked)
	if err != nil {
		return v, state.Refuse("%s", err)
	}
	if !v.Outline().Equal(net.outline) {
		return v, net.differs(v)
	}
	return v, nil
}

// nearest is the row of the table with the most leading blocks in common.
func (net *network) nearest() model.Variant {
	var best model.Variant
	most := -2
	for _, v := range model.Variants() {
		if n := net.outline.Agree(v.Outline()); n > most {
			best, most = v, n
		}
	}
	return best
}

// differs names the first place where the network is not the variant.
func (net *network) differs(v model.Variant) error {
	want := v.Outline()
	n := net.outline.Agree(want)
	switch {
	case n < 0 && net.outline.Stem != want.Stem:
		return net.stem.conv.node.refuse("a stem of %d channels, expected %d for %s", net.outline.Stem, want.Stem, v.Name)
	case n < 0:
		return net.stem.out.node.refuse("its activation is not that of %s", v.Name)
	case n < len(net.blocks) && n < len(want.Blocks):
		return net.blocks[n].first.refuse("block %d is %s, expected %s for %s",
			n+1, describe(net.blocks[n].Block), describe(want.Blocks[n]), v.Name)
	case n < len(net.blocks):
		return net.blocks[n].first.refuse("block %d, expected the head after %d blocks of %s", n+1, n, v.Name)
	case n < len(want.Blocks):
		return net.head.conv.node.refuse("the head after %d blocks, expected %d of %s", n, len(want.Blocks), v.Name)
	}
	return net.head.conv.node.refuse("a head of %d channels, expected %d for %s", net.outline.Head, want.Head, v.Name)
}

func describe(b model.Block) string {
	text := fmt.Sprintf("%s %d→%d→%d, kernel %d, stride %d", b.Op, b.InChannels, b.Expanded, b.OutChannels, b.KernelSize, b.Stride)
	if b.SEChannels > 0 {
		text += fmt.Sprintf(", squeeze-and-excitation of %d", b.SEChannels)
	}
	return text
}
