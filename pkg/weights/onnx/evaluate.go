package onnx

import (
	"math"
	"slices"
)

// evaluator computes a node whose inputs are all constants.
type evaluator func(w *walk, n *node, in arguments) (*constant, error)

// evaluators are what graphs compute weights, shapes and paddings with.
var evaluators map[string]evaluator

func init() {
	evaluators = map[string]evaluator{
		"Constant": constantNode, "ConstantOfShape": constantOfShape, "Shape": shapeOfConstant,
		"Identity": identityOfConstant, "Dropout": identityOfConstant, "Cast": castConstant, "CastLike": castConstantLike,
		"Reshape": reshapeConstant, "Unsqueeze": unsqueezeConstant, "Squeeze": squeezeConstant,
		"Transpose": transposeConstant, "Expand": expandConstant, "Concat": concatConstants,
		"Gather": gatherConstant, "Slice": sliceConstant, "Range": rangeConstant, "Clip": clipConstant,
		"Add": pairwise(func(a, b float64) float64 { return a + b }),
		"Sub": pairwise(func(a, b float64) float64 { return a - b }),
		"Mul": pairwise(func(a, b float64) float64 { return a * b }),
		"Pow": pairwise(math.Pow), "Min": pairwise(math.Min), "Max": pairwise(math.Max),
		"Div":  divideConstants,
		"Sqrt": elementwise(math.Sqrt), "Floor": elementwise(math.Floor), "Ceil": elementwise(math.Ceil), "Abs": elementwise(math.Abs),
		"Neg":        elementwise(func(a float64) float64 { return -a }),
		"Reciprocal": elementwise(func(a float64) float64 { return 1 / a }),
	}
}

// arguments are a node's inputs; those that were left out are nil.
type arguments struct {
	node *node
	list []*constant
}

// get gives input i with its elements ready.
func (a arguments) get(i int) (*constant, error) {
	if !a.has(i) {
		return nil, a.node.refuse("input %d is missing", i)
	}
	return a.list[i], a.list[i].load()
}

func (a arguments) has(i int) bool { return i < len(a.list) && a.list[i] != nil }

// integers gives input i as a list of integers.
func (a arguments) integers(i int) ([]int64, error) {
	c, err := a.get(i)
	if err != nil {
		return nil, err
	}
	if c.float || len(c.shape) > 1 {
		return nil, a.node.refuse("input %d is not a list of integers", i)
	}
	return c.ints, nil
}

// option is a list that is an attribute in older operator sets and input i in
// newer ones; nil where it is neither.
func (a arguments) option(name string, i int) ([]int64, error) {
	if a.has(i) {
		return a.integers(i)
	}
	list, _ := a.node.integers(name)
	return list, nil
}

func constantNode(w *walk, n *node, in arguments) (*constant, error) {
	if a := n.find("value"); a != nil && a.t != nil {
		return fromTensor(a.t), nil
	}
	if floats, ok := n.floats("value_floats"); ok {
		return &constant{shape: []int{len(floats)}, float: true, floats: floats}, nil
	}
	if ints, ok := n.integers("value_ints"); ok {
		return &constant{shape: []int{len(ints)}, ints: slices.Concat([]int64{}, ints)}, nil
	}
	if a := n.find("value_float"); a != nil {
		return &constant{shape: []int{}, float: true, floats: []float32{float32(a.f)}}, nil
	}
	if a := n.find("value_int"); a != nil {
		return &constant{shape: []int{}, ints: []int64{a.i}}, nil
	}
	return nil, n.refuse("its value is neither floats nor integers")
}

func constantOfShape(w *walk, n *node, in arguments) (*constant, error) {
	shape, err := in.shape(0)
	if err != nil {
		return nil, err
	}
	fill := &constant{shape: []int{1}, float: true, floats: []float32{0}}
	if a := n.find("value"); a != nil && a.t != nil {
		fill = fromTensor(a.t)
	}
	if fill.len() != 1 {
		return nil, n.refuse("its value is not one number")
	}
	return w.strided(n, fill, shape, 0, make([]int, len(shape)))
}

// shape is input i as a shape without open dimensions.
func (a arguments) shape(i int) ([]int, error) {
	list, err := a.integers(i)
	if err != nil {
		return nil, err
	}
	shape := make([]int, len(list))
	for d, size := range list {
		if size < 0 || size > maxElements || len(list) > maxRank {
			return nil, a.node.refuse("shape %v is too large", list)
		}
		shape[d] = int(size)
	}
	return shape, nil
}

func shapeOfConstant(w *walk, n *node, in arguments) (*constant, error) {
	if !in.has(0) {
		return nil, n.refuse("input 0 is missing")
	}
	return shapeRange(n, in.list[0].shape)
}

// shapeRange is the dimensions from attribute start to end.
func shapeRange(n *node, dims []int) (*constant, error) {
	rank := int64(len(dims))
	start, end := n.integer("start", 0), n.integer("end", rank)
	if start < 0 {
		start += rank
	}
	if end < 0 {
		end += rank
	}
	start, end = min(max(start, 0), rank), min(max(end, 0), rank)
	list := []int64{}
	for d := start; d < end; d++ {
		list = append(list, int64(dims[d]))
	}
	return vectorOf(list...), nil
}

func identityOfConstant(w *walk, n *node, in arguments) (*constant, error) {
	if !in.has(0) {
		return nil, n.refuse("input 0 is missing")
	}
	return in.list[0], nil
}

func castConstant(w *walk, n *node, in arguments) (*constant, error) {
	c, err := in.get(0)
	if err != nil {
		return nil, err
	}
	to := dataType(n.integer("to", 0))
	_, float := floatTypes[to]
	if _, integer := integerSizes[to]; !float && !integer {
		return nil, n.refuse("it casts to the element type %d", to)
	}
	return w.converted(n, c, float)
}

// converted gives the elements as floats or as integers, towards zero. What
// is cast between floats keeps its precision.
func (w *walk) converted(n *node, c *constant, float bool) (*constant, error) {
	if c.float == float {
		return c, nil
	}
	out, err := w.result(n, c.shape, float)
	if err != nil {
		return nil, err
	}
	for i := range out.len() {
		out.set(i, c.at(i))
	}
	return out, nil
}

func castConstantLike(w *walk, n *node, in arguments) (*constant, error) {
	c, err := in.get(0)
	if err != nil {
		return nil, err
	}
	like, err := in.get(1)
	if err != nil {
		return nil, err
	}
	return w.converted(n, c, like.float)
}

func elementwise(f func(a float64) float64) evaluator {
	return func(w *walk, n *node, in arguments) (*constant, error) {
		a, err := in.get(0)
		if err != nil {
			return nil, err
		}
		out, err := w.result(n, a.shape, a.float)
		if err != nil {
			return nil, err
		}
		for i := range out.len() {
			out.set(i, f(a.at(i)))
		}
		return out, nil
	}
}

// pairwise takes two inputs; integers stay integers.
func pairwise(f func(a, b float64) float64) evaluator {
	return func(w *walk, n *node, in arguments) (*constant, error) {
		if len(in.list) != 2 {
			return nil, n.refuse("%d inputs, expected two", len(in.list))
		}
		a, err := in.get(0)
		if err != nil {
			return nil, err
		}
		b, err := in.get(1)
		if err != nil {
			return nil, err
		}
		shape := common(a.shape, b.shape)
		if a, err = w.broadcast(n, a, shape); err != nil {
			return nil, err
		}
		if b, err = w.broadcast(n, b, shape); err != nil {
			return nil, err
		}
		out, err := w.result(n, shape, a.float)
		if err != nil {
			return nil, err
		}
		for i := range out.len() {
			out.set(i, f(a.at(i), b.at(i)))
		}
		return out, nil
	}
}

// divideConstants truncates integers towards zero, as C does.
func divideConstants(w *walk, n *node, in arguments) (*constant, error) {
	return pairwise(func(a, b float64) float64 {
		if b == 0 && len(in.list) > 1 && !in.list[1].float {
			return 0
		}
		return a / b
	})(w, n, in)
}

func clipConstant(w *walk, n *node, in arguments) (*constant, error) {
	lo, hi, err := clipBounds(n, in)
	if err != nil {
		return nil, err
	}
	return elementwise(func(a float64) float64 { return min(max(a, lo), hi) })(w, n, in)
}

// clipBounds are attributes or inputs 1 and 2.
func clipBounds(n *node, in arguments) (lo, hi float64, err error) {
	lo, hi = n.float("min", math.Inf(-1)), n.float("max", math.Inf(1))
	for i, to := range []*float64{&lo, &hi} {
		if !in.has(i + 1) {
			continue
		}
		c, err := in.get(i + 1)
		if err != nil {
			return 0, 0, err
		}
		if c.len() != 1 {
			return 0, 0, n.refuse("a bound of shape %v, expected one number", c.shape)
		}
		*to = c.at(0)
	}
	return lo, hi, nil
}
