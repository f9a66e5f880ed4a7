package onnx

import "slices"

// featureOp is what makes a map, in the terms of the network.
type featureOp int

const (
	opInput   featureOp = iota
	opPadded            // zeros around the map
	opConv              // convolution; a matrix product is one of 1×1
	opAffine            // scale and shift of every channel
	opClamp             // between lo and hi
	opSigmoid           //
	opSiLU              // x·sigmoid(x)
	opPool              // mean over all pixels
	opScaled            // a map, its channels multiplied by those of a second, pooled one
	opSum               // of two maps
	opSoftmax           // over the channels
)

// feature is a map [n,c,h,w] of the network and how it is made. How its axes
// lie in memory belongs to the value that names it.
type feature struct {
	op         featureOp
	node       *node // nil for the picture
	from       []*feature
	n, c, h, w int
	pooled     bool // has no pixels any more, h = w = 1
	pads       pads // opPadded
	conv       *convolution
	affine     *affine
	lo, hi     float64    // opClamp
	users      []*feature // that lead to the output, in the order of the file
}

// pads are the pixels added at each side.
type pads struct{ top, left, bottom, right int }

func (p pads) plus(q pads) pads {
	return pads{p.top + q.top, p.left + q.left, p.bottom + q.bottom, p.right + q.right}
}

// convolution has weights [out, in/group, kernel, kernel].
type convolution struct {
	weight      *constant
	bias        *constant // nil where there is none, else [out]
	out, inputs int       // inputs of one group
	kernel      int
	stride      int
	group       int
	pads        pads
}

// affine is scale·x + shift for each channel. A batch norm keeps its own
// numbers as well.
type affine struct {
	scale, shift []float64
	norm         *batchNorm
}

// batchNorm has vectors of one value a channel.
type batchNorm struct {
	gamma, beta, mean, variance []float32
	epsilon                     float64
}

// then is a feature made of others by a node, with the size of the first.
func (n *node) then(op featureOp, from ...*feature) *feature {
	f := *from[0]
	f.op, f.node, f.from = op, n, from
	f.conv, f.affine, f.users = nil, nil, nil
	return &f
}

// as is a value of f with the axes of v.
func (v value) as(f *feature) value { return value{feature: f, axes: v.axes} }

// dims are the sizes in the order of the axes. An axis '1' is there, but no
// part of the map.
func (v value) dims() []int {
	f := v.feature
	dims := make([]int, len(v.axes))
	for d, a := range v.axes {
		dims[d] = map[rune]int{'N': f.n, 'C': f.c, 'H': f.h, 'W': f.w, '1': 1}[a]
	}
	return dims
}

// channels spreads a constant that numpy's rules broadcast over v to one
// number for each channel.
func (w *walk) channels(n *node, v value, c *constant) ([]float64, error) {
	if err := c.load(); err != nil {
		return nil, err
	}
	lead := len(v.axes) - len(c.shape)
	for d, size := range c.shape {
		if lead < 0 || (size != 1 && (v.axes[lead+d] != 'C' || size != v.feature.c)) {
			return nil, n.refuse("a constant of shape %v for a map of shape %v, expected one number for each channel", c.shape, v.dims())
		}
	}
	if err := w.charge(n, v.feature.c); err != nil {
		return nil, err
	}
	values := make([]float64, v.feature.c)
	for i := range values {
		values[i] = c.at(min(i, c.len()-1))
	}
	return values, nil
}

// link fills users from an output back to the picture, and tells whether it
// is reached.
func link(out *feature) bool {
	seen := map[*feature]bool{out: true}
	reached := false
	for open := []*feature{out}; len(open) > 0; {
		f := open[len(open)-1]
		open = open[:len(open)-1]
		reached = reached || f.op == opInput
		for i, from := range f.from {
			if !slices.Contains(f.from[:i], from) {
				from.users = append(from.users, f)
			}
			if !seen[from] {
				seen[from] = true
				open = append(open, from)
			}
		}
	}
	for f := range seen {
		slices.SortFunc(f.users, func(a, b *feature) int { return a.node.index - b.node.index })
	}
	return reached
}
