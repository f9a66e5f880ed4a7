package onnx

import (
	"math"
	"slices"
)

func convolve(w *walk, n *node, in []value) (value, error) {
	args, err := constantsOf(n, in)
	if err != nil {
		return value{}, err
	}
	v := in[0]
	if len(in) < 2 || len(in) > 3 || !args.has(1) {
		return value{}, n.refuse("%d inputs, expected a map, weights and perhaps a bias", len(in))
	}
	if v.axes != "NCHW" && !(v.feature.pooled && v.axes == "NC11") {
		return value{}, n.refuse("a map of shape %v, expected [N C H W]", v.dims())
	}
	weight := args.list[1]
	if !weight.float || len(weight.shape) != 4 || slices.Min(weight.shape) < 1 || weight.shape[2] != weight.shape[3] {
		return value{}, n.refuse("weights of shape %v, expected floats [out in kernel kernel]", weight.shape)
	}
	c := &convolution{weight: weight, out: weight.shape[0], inputs: weight.shape[1], kernel: weight.shape[2]}
	if err := c.attributes(n); err != nil {
		return value{}, err
	}
	if c.inputs*c.group != v.feature.c || c.out%c.group != 0 {
		return value{}, n.refuse("weights of shape %v and %d groups for %d channels", weight.shape, c.group, v.feature.c)
	}
	if c.bias, err = args.bias(2, c.out); err != nil {
		return value{}, err
	}
	if err := c.padding(n, v.feature); err != nil {
		return value{}, err
	}
	f := n.then(opConv, v.feature)
	f.c, f.conv = c.out, c
	f.h, f.w = c.size(f.h, c.pads.top+c.pads.bottom), c.size(f.w, c.pads.left+c.pads.right)
	if f.h == 0 || f.w == 0 {
		return value{}, n.refuse("a map of shape %v is smaller than the kernel %d", v.dims(), c.kernel)
	}
	return v.as(f), nil
}

// size is the number of outputs along a side, 0 where it is too short.
func (c *convolution) size(n, padded int) int {
	if n+padded < c.kernel {
		return 0
	}
	return (n+padded-c.kernel)/c.stride + 1
}

func (c *convolution) attributes(n *node) error {
	if shape, ok := n.integers("kernel_shape"); ok && !slices.Equal(shape, []int64{int64(c.kernel), int64(c.kernel)}) {
		return n.refuse("kernel_shape %v, but weights for %d×%d", shape, c.kernel, c.kernel)
	}
	if d, ok := n.integers("dilations"); ok && !slices.Equal(d, []int64{1, 1}) {
		return n.refuse("dilations %v, expected [1 1]", d)
	}
	c.stride = 1
	if s, ok := n.integers("strides"); ok {
		if len(s) != 2 || s[0] != s[1] || s[0] < 1 || s[0] > 2 {
			return n.refuse("strides %v, expected [1 1] or [2 2]", s)
		}
		c.stride = int(s[0])
	}
	group := n.integer("group", 1)
	if group < 1 || group > math.MaxInt32 {
		return n.refuse("group %d", group)
	}
	c.group = int(group)
	return nil
}

// bias is input i as [out], nil where it is left out.
func (a arguments) bias(i, out int) (*constant, error) {
	if !a.has(i) {
		return nil, nil
	}
	c := a.list[i]
	if !c.float || c.len() != out || len(c.shape) == 0 || c.shape[len(c.shape)-1] != out {
		return nil, a.node.refuse("a bias of shape %v, expected floats [%d]", c.shape, out)
	}
	return c, nil
}

// padding reads pads or works auto_pad out.
func (c *convolution) padding(n *node, in *feature) error {
	const most = 16
	switch auto := n.text("auto_pad", "NOTSET"); auto {
	case "NOTSET", "":
	case "VALID":
		return nil
	case "SAME_UPPER", "SAME_LOWER":
		c.pads.top, c.pads.bottom = samePads(in.h, c.kernel, c.stride)
		c.pads.left, c.pads.right = samePads(in.w, c.kernel, c.stride)
		if auto == "SAME_LOWER" {
			c.pads = pads{c.pads.bottom, c.pads.right, c.pads.top, c.pads.left}
		}
		return nil
	default:
		return n.refuse("auto_pad %q", auto)
	}
	p, ok := n.integers("pads")
	if !ok {
		return nil
	}
	if len(p) != 4 || slices.Min(p) < 0 || slices.Max(p) > most {
		return n.refuse("pads %v, expected four from 0 to %d", p, most)
	}
	c.pads = pads{int(p[0]), int(p[1]), int(p[2]), int(p[3])}
	return nil
}

// samePads is TensorFlow's padding: as much as ⌈n/stride⌉ outputs need, the
// odd pixel behind.
func samePads(n, kernel, stride int) (before, after int) {
	total := max(0, ((n+stride-1)/stride-1)*stride+kernel-n)
	return total / 2, total - total/2
}

// convolveFused is ONNX Runtime's convolution with an activation.
func convolveFused(w *walk, n *node, in []value) (value, error) {
	v, err := convolve(w, n, in)
	if err != nil {
		return value{}, err
	}
	switch activation := n.text("activation", ""); activation {
	case "":
		return v, nil
	case "Sigmoid":
		return v.as(n.then(opSigmoid, v.feature)), nil
	case "Relu":
		return clamp(n, v, 0, math.Inf(1)), nil
	case "Clip":
		if bounds, _ := n.floats("activation_params"); len(bounds) == 2 {
			return clamp(n, v, float64(bounds[0]), float64(bounds[1])), nil
		}
		return value{}, n.refuse("activation_params are not two bounds")
	default:
		return value{}, n.refuse("activation %q, expected Sigmoid or Clip", activation)
	}
}

// gemm is a fully connected layer on [N C].
func gemm(w *walk, n *node, in []value) (value, error) {
	args, err := constantsOf(n, in)
	if err != nil {
		return value{}, err
	}
	v := in[0]
	if v.axes != "NC" || n.integer("transA", 0) != 0 {
		return value{}, n.refuse("a map of shape %v, expected [N C]", v.dims())
	}
	if alpha, beta := n.float("alpha", 1), n.float("beta", 1); alpha != 1 || (beta != 1 && args.has(2)) {
		return value{}, n.refuse("alpha %v and beta %v, expected 1", alpha, beta)
	}
	v, err = w.linear(n, v, args, n.integer("transB", 0) != 0)
	if err != nil {
		return value{}, err
	}
	v.feature.conv.bias, err = args.bias(2, v.feature.c)
	return v, err
}

func matMul(w *walk, n *node, in []value) (value, error) {
	args, err := constantsOf(n, in)
	if err != nil {
		return value{}, err
	}
	if v := in[0]; len(v.axes) == 0 || v.axes[len(v.axes)-1] != 'C' {
		return value{}, n.refuse("a map of shape %v, expected the channels last", v.dims())
	}
	return w.linear(n, in[0], args, false)
}

// linear is a 1×1 convolution whose weights are the matrix of input 1, [in,out]
// or transposed.
func (w *walk) linear(n *node, v value, args arguments, transposed bool) (value, error) {
	matrix, err := args.get(1)
	if err != nil {
		return value{}, err
	}
	if !matrix.float || len(matrix.shape) != 2 || slices.Min(matrix.shape) < 1 {
		return value{}, n.refuse("weights of shape %v, expected a matrix of floats", matrix.shape)
	}
	inputs, out := matrix.shape[0], matrix.shape[1]
	if transposed {
		inputs, out = out, inputs
	}
	if inputs != v.feature.c {
		return value{}, n.refuse("weights of shape %v for %d channels", matrix.shape, v.feature.c)
	}
	if !transposed {
		if matrix, err = w.strided(n, matrix, []int{out, inputs}, 0, []int{1, out}); err != nil {
			return value{}, err
		}
	}
	f := n.then(opConv, v.feature)
	f.c = out
	f.conv = &convolution{weight: matrix, out: out, inputs: inputs, kernel: 1, stride: 1, group: 1}
	return v.as(f), nil
}

// padMap adds zeros around the pixels.
func padMap(w *walk, n *node, in []value) (value, error) {
	args, err := constantsOf(n, in)
	if err != nil {
		return value{}, err
	}
	v := in[0]
	list, err := args.option("pads", 1)
	if err != nil {
		return value{}, err
	}
	if mode := n.text("mode", "constant"); mode != "constant" {
		return value{}, n.refuse("mode %q, expected constant", mode)
	}
	fill := n.float("value", 0)
	if args.has(2) {
		c, err := args.get(2)
		if err != nil {
			return value{}, err
		}
		if c.len() != 1 {
			return value{}, n.refuse("a fill of shape %v", c.shape)
		}
		fill = c.at(0)
	}
	if fill != 0 {
		return value{}, n.refuse("it pads with %v, expected 0", fill)
	}
	axes := make([]int64, len(v.axes))
	for d := range axes {
		axes[d] = int64(d)
	}
	if args.has(3) {
		if axes, err = args.integers(3); err != nil {
			return value{}, err
		}
	}
	return padded(n, v, list, axes)
}

// padded adds list[i] before and list[len(axes)+i] after axis i.
func padded(n *node, v value, list, axes []int64) (value, error) {
	const most = 16
	if len(list) != 2*len(axes) {
		return value{}, n.refuse("pads %v for %d axes", list, len(axes))
	}
	if _, err := positions(n, axes, len(v.axes)); err != nil {
		return value{}, err
	}
	f := n.then(opPadded, v.feature)
	f.pads = pads{}
	for i, a := range axes {
		d, _ := axis(n, a, len(v.axes))
		before, after := list[i], list[len(axes)+i]
		letter := v.axes[d]
		if before < 0 || after < 0 || before > most || after > most || (before+after > 0 && letter != 'H' && letter != 'W') {
			return value{}, n.refuse("pads %v for a map of shape %v, expected up to %d pixels at its sides", list, v.dims(), most)
		}
		if letter == 'H' {
			f.pads.top, f.pads.bottom = int(before), int(after)
		}
		if letter == 'W' {
			f.pads.left, f.pads.right = int(before), int(after)
		}
	}
	if f.pads == (pads{}) {
		return v, nil
	}
	f.h += f.pads.top + f.pads.bottom
	f.w += f.pads.left + f.pads.right
	return v.as(f), nil
}
