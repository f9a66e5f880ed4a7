package onnx

import (
	"math"
	"slices"
	"strings"
)

// operator computes a node of which at least one input is a map.
type operator func(w *walk, n *node, in []value) (value, error)

// operators are what networks of the family consist of.
var operators map[string]operator

func init() {
	operators = map[string]operator{
		"Conv": convolve, "com.microsoft.FusedConv": convolveFused, "Gemm": gemm, "MatMul": matMul, "Pad": padMap,
		"BatchNormalization": normalise, "Add": add, "Sub": subtract, "Mul": multiply, "Div": divide,
		"Sigmoid": sigmoid, "Swish": swish, "com.microsoft.QuickGelu": swish,
		"Clip": clip, "Relu": relu, "Min": bound, "Max": bound,
		"GlobalAveragePool": globalPool, "AveragePool": averagePool, "ReduceMean": reduceMean,
		"Softmax": softmax, "LogSoftmax": softmax,
		"Identity": pass, "Dropout": pass, "Cast": cast, "CastLike": castLike, "Shape": shapeOfMap,
		"Transpose": transposeMap, "Reshape": reshapeMap, "Flatten": flattenMap, "Squeeze": squeezeMap, "Unsqueeze": unsqueezeMap,
	}
}

// constantsOf checks that the first input is a map and gives the others, which
// must be constants.
func constantsOf(n *node, in []value) (arguments, error) {
	list := make([]*constant, len(in))
	for i, v := range in {
		if i > 0 && v.feature != nil {
			return arguments{}, n.refuse("input %d is computed from the picture, expected a constant", i)
		}
		list[i] = v.constant
	}
	if len(in) == 0 || in[0].feature == nil {
		return arguments{}, n.refuse("input 0 is not computed from the picture")
	}
	return arguments{n, list}, nil
}

func pass(w *walk, n *node, in []value) (value, error) {
	if _, err := constantsOf(n, in); err != nil {
		return value{}, err
	}
	return in[0], nil
}

func cast(w *walk, n *node, in []value) (value, error) {
	if _, float := floatTypes[dataType(n.integer("to", 0))]; !float {
		return value{}, n.refuse("it casts a map to the element type %d, expected floats", n.integer("to", 0))
	}
	return pass(w, n, in)
}

func castLike(w *walk, n *node, in []value) (value, error) {
	switch {
	case len(in) != 2:
		return value{}, n.refuse("%d inputs, expected two", len(in))
	case in[0].feature != nil:
		return in[0], nil
	case in[0].absent():
		return value{}, n.refuse("input 0 is missing")
	}
	if err := in[0].constant.load(); err != nil {
		return value{}, err
	}
	c, err := w.converted(n, in[0].constant, true)
	return value{constant: c}, err
}

func shapeOfMap(w *walk, n *node, in []value) (value, error) {
	if _, err := constantsOf(n, in); err != nil {
		return value{}, err
	}
	c, err := shapeRange(n, in[0].dims())
	return value{constant: c}, err
}

func normalise(w *walk, n *node, in []value) (value, error) {
	args, err := constantsOf(n, in)
	if err != nil {
		return value{}, err
	}
	v := in[0]
	if len(v.axes) < 2 || v.axes[1] != 'C' {
		return value{}, n.refuse("a map of shape %v, expected the channels second", v.dims())
	}
	if n.integer("training_mode", 0) != 0 || len(n.outputs) > 1 {
		w.note("batch norm was exported in training mode: its running mean and variance are used")
	}
	var vectors [4][]float32
	for i := range vectors {
		c, err := args.get(i + 1)
		if err != nil {
			return value{}, err
		}
		if !c.float || !slices.Equal(c.shape, []int{v.feature.c}) {
			return value{}, n.refuse("input %d has shape %v, expected [%d]", i+1, c.shape, v.feature.c)
		}
		vectors[i] = c.floats
	}
	norm := &batchNorm{vectors[0], vectors[1], vectors[2], vectors[3], tidy(n.float("epsilon", 1e-5))}
	if !(norm.epsilon > 0 && norm.epsilon < 1) {
		return value{}, n.refuse("epsilon %v, expected one from 0 to 1", norm.epsilon)
	}
	if err := w.charge(n, 2*v.feature.c); err != nil {
		return value{}, err
	}
	f := n.then(opAffine, v.feature)
	f.affine = &affine{make([]float64, f.c), make([]float64, f.c), norm}
	for i := range f.c {
		scale := float64(norm.gamma[i]) / math.Sqrt(float64(norm.variance[i])+norm.epsilon)
		f.affine.scale[i], f.affine.shift[i] = scale, float64(norm.beta[i])-float64(norm.mean[i])*scale
	}
	return v.as(f), nil
}

// mapAndConstant tells the two inputs of an operation apart; false where both
// are maps.
func mapAndConstant(n *node, in []value) (m value, c *constant, swapped, ok bool, err error) {
	switch {
	case len(in) != 2 || in[0].absent() || in[1].absent():
		return value{}, nil, false, false, n.refuse("%d inputs, expected two", len(in))
	case in[0].feature == nil:
		return in[1], in[0].constant, true, true, nil
	case in[1].feature == nil:
		return in[0], in[1].constant, false, true, nil
	}
	return value{}, nil, false, false, nil
}

// scaled is v with a scale and a shift for each channel.
func (w *walk) scaled(n *node, v value, c *constant, with func(x float64) (scale, shift float64)) (value, error) {
	values, err := w.channels(n, v, c)
	if err != nil {
		return value{}, err
	}
	if err := w.charge(n, 2*len(values)); err != nil {
		return value{}, err
	}
	f := n.then(opAffine, v.feature)
	f.affine = &affine{scale: make([]float64, f.c), shift: make([]float64, f.c)}
	for i, x := range values {
		f.affine.scale[i], f.affine.shift[i] = with(x)
	}
	return v.as(f), nil
}

func add(w *walk, n *node, in []value) (value, error) {
	v, c, _, one, err := mapAndConstant(n, in)
	if err != nil {
		return value{}, err
	}
	if one {
		return w.scaled(n, v, c, func(x float64) (float64, float64) { return 1, x })
	}
	a, b := in[0], in[1]
	if a.axes != b.axes || !slices.Equal(a.dims(), b.dims()) {
		return value{}, n.refuse("it adds maps of shapes %v and %v", a.dims(), b.dims())
	}
	return a.as(n.then(opSum, a.feature, b.feature)), nil
}

func subtract(w *walk, n *node, in []value) (value, error) {
	v, c, swapped, one, err := mapAndConstant(n, in)
	switch {
	case err != nil:
		return value{}, err
	case !one:
		return value{}, n.refuse("it subtracts one map from another")
	case swapped:
		return w.scaled(n, v, c, func(x float64) (float64, float64) { return -1, x })
	}
	return w.scaled(n, v, c, func(x float64) (float64, float64) { return 1, -x })
}

func divide(w *walk, n *node, in []value) (value, error) {
	v, c, swapped, one, err := mapAndConstant(n, in)
	switch {
	case err != nil:
		return value{}, err
	case !one || swapped:
		return value{}, n.refuse("it divides by a map")
	}
	return w.scaled(n, v, c, func(x float64) (float64, float64) { return 1 / x, 0 })
}

// multiply is a scale by constants, x·sigmoid(x), or the excitation of
// squeeze-and-excitation.
func multiply(w *walk, n *node, in []value) (value, error) {
	v, c, _, one, err := mapAndConstant(n, in)
	if err != nil {
		return value{}, err
	}
	if one {
		return w.scaled(n, v, c, func(x float64) (float64, float64) { return x, 0 })
	}
	for _, p := range [][2]value{{in[0], in[1]}, {in[1], in[0]}} {
		x, gate := p[0], p[1]
		if gate.feature.op != opSigmoid {
			continue
		}
		if gate.feature.from[0] == x.feature && gate.axes == x.axes {
			return x.as(n.then(opSiLU, x.feature)), nil
		}
		if gate.feature.pooled && gate.feature.c == x.feature.c && gate.feature.n == x.feature.n && alongside(x.axes, gate.axes) {
			return x.as(n.then(opScaled, x.feature, gate.feature)), nil
		}
	}
	return value{}, n.refuse("it multiplies maps of shapes %v and %v, expected x·sigmoid(x) or a scale for each channel", in[0].dims(), in[1].dims())
}

// alongside tells whether a pooled map broadcasts over the pixels of a map.
func alongside(axes, pooled string) bool {
	return strings.Map(func(a rune) rune {
		if a == 'H' || a == 'W' {
			return '1'
		}
		return a
	}, axes) == pooled
}

func sigmoid(w *walk, n *node, in []value) (value, error) {
	if _, err := constantsOf(n, in); err != nil {
		return value{}, err
	}
	return in[0].as(n.then(opSigmoid, in[0].feature)), nil
}

// swish is x·sigmoid(alpha·x) as one operator.
func swish(w *walk, n *node, in []value) (value, error) {
	if _, err := constantsOf(n, in); err != nil {
		return value{}, err
	}
	otherwise := 1.0
	if n.domain == microsoftDomain {
		otherwise = 1.702
	}
	if alpha := n.float("alpha", otherwise); alpha != 1 {
		return value{}, n.refuse("alpha %v, expected 1", alpha)
	}
	return in[0].as(n.then(opSiLU, in[0].feature)), nil
}

func clip(w *walk, n *node, in []value) (value, error) {
	args, err := constantsOf(n, in)
	if err != nil {
		return value{}, err
	}
	lo, hi, err := clipBounds(n, args)
	if err != nil {
		return value{}, err
	}
	return clamp(n, in[0], lo, hi), nil
}

func relu(w *walk, n *node, in []value) (value, error) {
	if _, err := constantsOf(n, in); err != nil {
		return value{}, err
	}
	return clamp(n, in[0], 0, math.Inf(1)), nil
}

// bound is Min or Max with a number.
func bound(w *walk, n *node, in []value) (value, error) {
	v, c, _, one, err := mapAndConstant(n, in)
	if err != nil {
		return value{}, err
	}
	if !one || c.len() != 1 || len(c.shape) > len(v.axes) {
		return value{}, n.refuse("expected a map and one number")
	}
	if err := c.load(); err != nil {
		return value{}, err
	}
	if n.op == "Min" {
		return clamp(n, v, math.Inf(-1), c.at(0)), nil
	}
	return clamp(n, v, c.at(0), math.Inf(1)), nil
}

// clamp joins with a clamp before it.
func clamp(n *node, v value, lo, hi float64) value {
	x := v.feature
	if x.op == opClamp {
		lo, hi = min(max(x.lo, lo), hi), min(max(x.hi, lo), hi)
		x = x.from[0]
	}
	f := n.then(opClamp, x)
	f.lo, f.hi = lo, hi
	return v.as(f)
}

func softmax(w *walk, n *node, in []value) (value, error) {
	if _, err := constantsOf(n, in); err != nil {
		return value{}, err
	}
	v := in[0]
	otherwise := int64(-1)
	if w.file.opset < 13 {
		otherwise = 1
	}
	d, err := axis(n, n.integer("axis", otherwise), len(v.axes))
	if err != nil {
		return value{}, err
	}
	if !v.feature.pooled || v.axes[d] != 'C' {
		return value{}, n.refuse("axis %d of a map of shape %v, expected the classes", d, v.dims())
	}
	return v.as(n.then(opSoftmax, v.feature)), nil
}
