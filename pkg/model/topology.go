package model

import (
	"fmt"
	"strings"

	"github.com/effnet/effnet/pkg/kernels"
	"github.com/effnet/effnet/pkg/profile"
)

// Op is what a step computes.
type Op string

// The operators of the family. A convolution's batch norm and activation
// belong to its step.
const (
	Stem          Op = "stem"          // 3×3 convolution of the picture
	Conv          Op = "conv"          // k×k convolution
	Pointwise     Op = "pointwise"     // 1×1 convolution
	Depthwise     Op = "depthwise"     // k×k convolution of each channel
	SqueezeExcite Op = "squeezeexcite" // channels scaled by what their means say
	Pool          Op = "pool"          // mean over all pixels
	Linear        Op = "linear"        // fully connected
)

// Map is an activation map: the output of one step, H × W pixels of C channels.
// ID is its place in the list of maps; the picture is 0.
type Map struct{ ID, H, W, C int }

// Pixels is H·W.
func (m Map) Pixels() int { return m.H * m.W }

// runs is where the channels of a pixel lie in channel blocks.
func (m Map) runs() []kernels.Run { return kernels.Runs(m.C, 0, m.Pixels()*kernels.Block*4) }

// Step is one named operation of a network, in the order of the forward pass.
type Step struct {
	Name            string
	Op              Op
	In, Out         Map
	Kernel, Stride  int
	PadTop, PadLeft int
	Activation      kernels.Activation
	Hidden          int  // SqueezeExcite: channels between reduce and expand
	Residual        *Map // Pointwise, Conv: added to the output
}

// tracer follows a forward pass and writes down its steps instead of
// computing them.
type tracer struct {
	variant Variant
	padding profile.Padding
	steps   []Step
	maps    int
}

// Trace lists the steps of a variant for pictures of resolution × resolution
// pixels: the forward pass of the paper, each operation under its name.
func Trace(v Variant, padding profile.Padding, resolution, classes int) []Step {
	t := &tracer{variant: v, padding: padding}
	x := t.newMap(resolution, resolution, 3)
	x = t.conv("stem", Stem, x, v.StemChannels(), 3, 2)
	for _, b := range v.Blocks() {
		switch b.Op {
		case MBConv:
			x = t.mbconv(b, x)
		case FusedMBConv:
			x = t.fusedMBConv(b, x)
		}
	}
	x = t.pointwise("head", x, v.HeadChannels(), v.Activation)
	x = t.emit(Step{Name: "pool", Op: Pool, In: x}, 1, 1, x.C)
	t.emit(Step{Name: "classifier", Op: Linear, In: x}, 1, 1, classes)
	return t.steps
}

// mbconv is expand → depthwise → squeeze-and-excite → project → residual.
func (t *tracer) mbconv(b Block, in Map) Map {
	act := t.variant.Activation
	x := in
	if b.HasExpand() {
		x = t.pointwise(b.Name()+".expand", x, b.Expanded, act)
	}
	x = t.conv(b.Name()+".depthwise", Depthwise, x, b.Expanded, b.KernelSize, b.Stride)
	if b.SEChannels > 0 {
		x = t.emit(Step{Name: b.Name() + ".se", Op: SqueezeExcite, In: x, Hidden: b.SEChannels, Activation: act}, x.H, x.W, x.C)
	}
	x = t.pointwise(b.Name()+".project", x, b.OutChannels, kernels.None)
	t.residual(b, in)
	return x
}

// fusedMBConv is convolution → project → residual; without an expansion the
// convolution is the whole block.
func (t *tracer) fusedMBConv(b Block, in Map) Map {
	name := b.Name() + ".fused"
	if !b.HasExpand() {
		x := t.conv(name, Conv, in, b.OutChannels, b.KernelSize, b.Stride)
		t.residual(b, in)
		return x
	}
	x := t.conv(name, Conv, in, b.Expanded, b.KernelSize, b.Stride)
	x = t.pointwise(b.Name()+".project", x, b.OutChannels, kernels.None)
	t.residual(b, in)
	return x
}

// residual adds the block's input to the output of the last step.
func (t *tracer) residual(b Block, in Map) {
	if b.HasResidual() {
		t.steps[len(t.steps)-1].Residual = &in
	}
}

func (t *tracer) pointwise(name string, in Map, channels int, act kernels.Activation) Map {
	return t.emit(Step{Name: name, Op: Pointwise, In: in, Kernel: 1, Stride: 1, Activation: act}, in.H, in.W, channels)
}

func (t *tracer) conv(name string, op Op, in Map, channels, kernel, stride int) Map {
	top, h := pad(t.padding, in.H, kernel, stride)
	left, w := pad(t.padding, in.W, kernel, stride)
	return t.emit(Step{
		Name: name, Op: op, In: in, Kernel: kernel, Stride: stride, PadTop: top, PadLeft: left,
		Activation: t.variant.Activation,
	}, h, w, channels)
}

func (t *tracer) emit(s Step, h, w, c int) Map {
	s.Out = t.newMap(h, w, c)
	t.steps = append(t.steps, s)
	return s.Out
}

func (t *tracer) newMap(h, w, c int) Map {
	m := Map{ID: t.maps, H: h, W: w, C: c}
	t.maps++
	return m
}

// pad is the padding before the first of n inputs and the number of outputs.
// TensorFlow's "same" pads as much as ⌈n/stride⌉ outputs need, the odd pixel
// behind; PyTorch's models pad ⌊kernel/2⌋ on both sides.
func pad(p profile.Padding, n, kernel, stride int) (before, out int) {
	if p == profile.Same {
		out = (n + stride - 1) / stride
		return max(0, (out-1)*stride+kernel-n) / 2, out
	}
	before = kernel / 2
	return before, (n+2*before-kernel)/stride + 1
}

// ParamSpecs lists the tensors of the variant with a classifier of the given
// number of outputs, in the order of the network.
func (v Variant) ParamSpecs(classes int) []ParamSpec {
	return specsOf(Trace(v, profile.Same, v.Resolution, classes))
}

func specsOf(steps []Step) []ParamSpec {
	var specs []ParamSpec
	for _, s := range steps {
		specs = append(specs, s.params()...)
	}
	return specs
}

// params lists the tensors of one step.
func (s Step) params() []ParamSpec {
	weight := func(name string, shape ...int) ParamSpec {
		p := ParamSpec{Name: s.Name + name, Shape: shape}
		p.FanIn = p.Len() / shape[0]
		return p
	}
	bias := func(name string, n int) ParamSpec {
		return ParamSpec{Name: s.Name + name, Shape: []int{n}, FanIn: 1}
	}
	in, out := s.In.C, s.Out.C
	switch s.Op {
	case Stem, Conv, Pointwise, Depthwise:
		if s.Op == Depthwise {
			in = 1
		}
		specs := []ParamSpec{weight(".conv.weight", out, in, s.Kernel, s.Kernel)}
		for _, stat := range []string{"weight", "bias", "mean", "variance"} {
			specs = append(specs, bias(".norm."+stat, out))
		}
		return specs
	case SqueezeExcite:
		return []ParamSpec{
			weight(".reduce.weight", s.Hidden, in, 1, 1), bias(".reduce.bias", s.Hidden),
			weight(".expand.weight", in, s.Hidden, 1, 1), bias(".expand.bias", in),
		}
	case Linear:
		return []ParamSpec{weight(".weight", out, in), bias(".bias", out)}
	case Pool:
		return nil
	}
	panic(fmt.Sprintf("model: no parameters known for %q", s.Op))
}

// Params is the number of values that training learns: weights, biases and the
// scales and offsets of batch norm, not its running statistics.
func (s Step) Params() int64 {
	n := int64(0)
	for _, p := range s.params() {
		if !strings.HasSuffix(p.Name, ".norm.mean") && !strings.HasSuffix(p.Name, ".norm.variance") {
			n += int64(p.Len())
		}
	}
	return n
}

// MACs is the number of multiply-adds of the step.
func (s Step) MACs() int64 {
	out := int64(s.Out.Pixels()) * int64(s.Out.C)
	switch s.Op {
	case Stem, Conv, Pointwise:
		return out * int64(s.Kernel*s.Kernel*s.In.C)
	case Depthwise:
		return out * int64(s.Kernel*s.Kernel)
	case SqueezeExcite:
		return 2 * int64(s.Hidden) * int64(s.In.C)
	case Linear:
		return out * int64(s.In.C)
	}
	return 0
}
