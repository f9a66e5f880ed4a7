package onnx

import (
	"fmt"
	"slices"

	"github.com/effnet/effnet/pkg/kernels"
	"github.com/effnet/effnet/pkg/model"
	"github.com/effnet/effnet/pkg/weights/state"
)

// unit is a convolution with all that belongs to it: padding before, norm and
// activation behind.
type unit struct {
	conv    *feature
	in, out *feature // out is after the activation
	pads    pads
	affines []*affine
	act     kernels.Activation
}

// block is one block of a network and its convolutions in order: expand or
// fused, depthwise, project.
type block struct {
	model.Block
	first          *node
	expand, fused  *unit
	depthwise      *unit
	reduce, excite *unit // of squeeze-and-excitation
	project        *unit
}

// network is a graph as the family's forward pass.
type network struct {
	input      []*affine // normalisation of the picture
	inputNode  *node     // its last node
	stem, head *unit
	blocks     []*block
	classifier *unit
	outline    model.Outline
}

// recognise reads the maps from the picture to the output as a network of
// the family. The error names the first node that does not fit.
func recognise(in, out *feature) (*network, error) {
	if !link(out) || in == nil {
		return nil, state.Refuse("the output of the ONNX graph does not depend on its input")
	}
	net := &network{}
	x := in
	for len(x.users) == 1 && x.users[0].op == opAffine {
		x = x.users[0]
		net.input, net.inputNode = append(net.input, x.affine), x.node
	}
	var err error
	if net.stem, err = follow(x, "the stem's 3×3 convolution with stride 2"); err != nil {
		return nil, err
	}
	if c := net.stem.conv.conv; c.group != 1 || c.kernel != 3 || c.stride != 2 || net.stem.act == kernels.None {
		return nil, net.stem.unfit("the stem: a 3×3 convolution with stride 2, then SiLU or ReLU6")
	}
	if err := only(x, net.stem.first()); err != nil {
		return nil, err
	}
	x = net.stem.out
	for net.head == nil {
		if x, err = net.next(x); err != nil {
			return nil, err
		}
	}
	net.outline = model.Outline{Stem: net.stem.out.c, Head: net.head.out.c, Activation: net.stem.act}
	for _, b := range net.blocks {
		net.outline.Blocks = append(net.outline.Blocks, b.Block)
	}
	return net, net.finish(x, out)
}

// next reads a block, or the head, that begins at x.
func (net *network) next(x *feature) (*feature, error) {
	const expected = "a block, or the head"
	u, err := follow(x, expected)
	if err != nil {
		return nil, err
	}
	if u.isPointwise() && u.act != kernels.None && len(u.out.users) == 1 && u.out.users[0].op == opPool {
		net.head = u
		return u.out, only(x, u.first())
	}
	b := &block{first: u.conv.node}
	b.InChannels, b.Expanded, b.Op = x.c, x.c, model.MBConv
	switch {
	case u.isPointwise() && u.act != kernels.None:
		b.expand, b.Expanded = u, u.out.c
		if u, err = follow(u.out, "a depthwise convolution"); err != nil {
			return nil, err
		}
		if err := only(b.expand.out, u.first()); err != nil {
			return nil, err
		}
	case u.isFull():
		b.fused, b.Op = u, model.FusedMBConv
	}
	if b.fused == nil && !u.isDepthwise() {
		return nil, u.unfit(expected)
	}
	if u.act == kernels.None {
		return nil, u.unfit("an activation behind it")
	}
	b.KernelSize, b.Stride = u.conv.conv.kernel, u.conv.conv.stride
	y := u.out
	if b.fused == nil {
		b.depthwise = u
		if y, err = b.squeeze(y); err != nil {
			return nil, err
		}
	}
	last, err := b.projection(y)
	if err != nil {
		return nil, err
	}
	b.OutChannels = last.c
	first := b.start()
	net.blocks = append(net.blocks, b)
	return b.residual(x, first, last)
}

// projection reads the last convolution of a block. A fused convolution that
// no projection follows is a block of its own.
func (b *block) projection(y *feature) (*feature, error) {
	const expected = "the projection: a 1×1 convolution without activation"
	if b.fused != nil {
		b.Expanded = y.c
		u, err := follow(y, expected)
		if err != nil || !u.isPointwise() || u.act != kernels.None || len(y.users) != 1 {
			b.Expanded = b.InChannels
			return y, nil
		}
		b.project = u
		return u.out, nil
	}
	u, err := follow(y, expected)
	if err != nil {
		return nil, err
	}
	if !u.isPointwise() || u.act != kernels.None {
		return nil, u.unfit(expected)
	}
	b.project = u
	return u.out, only(y, u.first())
}

// start is what uses the block's input first.
func (b *block) start() *feature {
	for _, u := range []*unit{b.expand, b.fused} {
		if u != nil {
			return u.first()
		}
	}
	return b.depthwise.first()
}

// residual reads the sum of a block's input x and its last map, where the
// block has one.
func (b *block) residual(x, first, last *feature) (*feature, error) {
	has := len(last.users) == 1 && last.users[0].op == opSum && slices.Contains(last.users[0].from, x)
	if has != b.HasResidual() {
		if has {
			return nil, unfit(last.users[0], "no sum: the block changes the size of its map")
		}
		return nil, unfit(last, fmt.Sprintf("the sum with the block's input behind it, since its stride is 1 and both have %d channels", x.c))
	}
	if !has {
		return last, only(x, first)
	}
	return last.users[0], only(x, first, last.users[0])
}

// squeeze reads squeeze-and-excitation, where y has it: pool, reduce, SiLU,
// expand, sigmoid, and the product with y.
func (b *block) squeeze(y *feature) (*feature, error) {
	i := slices.IndexFunc(y.users, func(f *feature) bool { return f.op == opPool })
	if i < 0 {
		return y, nil
	}
	mean := y.users[i]
	var err error
	if b.reduce, err = follow(mean, "the reduction of squeeze-and-excitation"); err != nil {
		return nil, err
	}
	if !b.reduce.isPointwise() || b.reduce.act == kernels.None {
		return nil, b.reduce.unfit("the reduction of squeeze-and-excitation, then its activation")
	}
	if b.excite, err = follow(b.reduce.out, "the expansion of squeeze-and-excitation"); err != nil {
		return nil, err
	}
	gate := b.excite.out
	if !b.excite.isPointwise() || b.excite.act != kernels.None || len(gate.users) != 1 || gate.users[0].op != opSigmoid {
		return nil, b.excite.unfit("the expansion of squeeze-and-excitation, then a sigmoid")
	}
	gate = gate.users[0]
	if len(gate.users) != 1 || gate.users[0].op != opScaled || gate.users[0].from[0] != y {
		return nil, unfit(gate, "a sigmoid that scales the map before squeeze-and-excitation")
	}
	b.SEChannels = b.reduce.out.c
	for _, err := range []error{
		only(y, mean, gate.users[0]), only(mean, b.reduce.first()), only(b.reduce.out, b.excite.first()),
	} {
		if err != nil {
			return nil, err
		}
	}
	return gate.users[0], nil
}

// finish reads pool and classifier behind the head.
func (net *network) finish(x, out *feature) error {
	const expected = "the classifier: a fully connected layer"
	mean := x.users[0]
	if mean == out {
		return unfit(mean, "the classifier behind it")
	}
	u, err := follow(mean, expected)
	if err != nil {
		return err
	}
	if err := only(mean, u.first()); err != nil {
		return err
	}
	if !u.isPointwise() || u.act != kernels.None {
		return u.unfit(expected)
	}
	net.classifier = u
	end := u.out
	switch {
	case end == out:
		return nil
	case len(end.users) != 1 || end.users[0] != out:
		return unfit(end.users[0], "the end of the network behind its classifier")
	case out.op == opSoftmax, out.op == opSigmoid && out.c == 1:
		return nil
	case out.op == opSigmoid:
		return unfit(out, fmt.Sprintf("a softmax over the %d classes", out.c))
	}
	return unfit(out, "the end of the network, or a softmax")
}

// follow reads the convolution that uses x, with what belongs to it.
func follow(x *feature, expected string) (*unit, error) {
	u := &unit{in: x}
	i := slices.IndexFunc(x.users, func(f *feature) bool { return f.op == opConv || f.op == opPadded })
	if i < 0 {
		if len(x.users) == 0 {
			return nil, unfit(x, expected+" behind it")
		}
		return nil, unfit(x.users[0], expected)
	}
	y := x.users[i]
	if y.op == opPadded {
		u.pads = y.pads
		if len(y.users) != 1 || y.users[0].op != opConv {
			return nil, unfit(y, "one convolution behind the padding")
		}
		y = y.users[0]
	}
	u.conv, u.pads = y, u.pads.plus(y.conv.pads)
	for len(y.users) == 1 && y.users[0].op == opAffine {
		y = y.users[0]
		u.affines = append(u.affines, y.affine)
	}
	if len(y.users) == 1 {
		switch next := y.users[0]; {
		case next.op == opSiLU:
			u.act, y = kernels.SiLU, next
		case next.op == opClamp && next.lo == 0 && next.hi == 6:
			u.act, y = kernels.ReLU6, next
		case next.op == opClamp:
			return nil, unfit(next, fmt.Sprintf("SiLU, or ReLU6; it keeps values from %v to %v", next.lo, next.hi))
		}
	}
	u.out = y
	return u, nil
}

// first is what uses the unit's input: the padding or the convolution.
func (u *unit) first() *feature {
	if f := u.conv.from[0]; f != u.in {
		return f
	}
	return u.conv
}

func (u *unit) isPointwise() bool {
	c := u.conv.conv
	return c.kernel == 1 && c.group == 1 && c.stride == 1 && u.pads == pads{}
}

func (u *unit) isFull() bool { return u.conv.conv.kernel > 1 && u.conv.conv.group == 1 }

func (u *unit) isDepthwise() bool {
	c := u.conv.conv
	return c.group > 1 && c.group == u.in.c && c.out == c.group
}

func (u *unit) unfit(expected string) error { return unfit(u.conv, expected) }

// only refuses maps that use x besides those that may.
func only(x *feature, may ...*feature) error {
	for _, f := range x.users {
		if !slices.Contains(may, f) {
			return unfit(f, "no other use of the map before it")
		}
	}
	return nil
}

func unfit(f *feature, expected string) error {
	if f.node == nil {
		return state.Refuse("the input of the ONNX graph: expected %s", expected)
	}
	return f.node.refuse("expected %s", expected)
}
