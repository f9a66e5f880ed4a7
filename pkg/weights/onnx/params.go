package onnx

import (
	"math"
	"slices"

	"github.com/effnet/effnet/pkg/model"
)

// foldedEpsilon is the profile's epsilon where batch norm is folded into every
// convolution. As a power of two it leaves 1 − ε exact, so that a norm of that
// variance has the scale 1.
const foldedEpsilon = 1.0 / 1024

// epsilon is that of the network's first batch norm.
func (net *network) epsilon() float64 {
	for _, u := range net.units() {
		for _, a := range u.affines {
			if a.norm != nil {
				return a.norm.epsilon
			}
		}
	}
	return foldedEpsilon
}

// units lists the convolutions that have a norm, in the order of the network.
func (net *network) units() []*unit {
	list := []*unit{net.stem}
	for _, b := range net.blocks {
		for _, u := range []*unit{b.expand, b.fused, b.depthwise, b.project} {
			if u != nil {
				list = append(list, u)
			}
		}
	}
	return append(list, net.head)
}

// writer fills the canonical parameters.
type writer struct {
	params  model.Params
	epsilon float64
	err     error
}

// params are those of variant v, whose blocks the network's are.
func (net *network) params(v model.Variant, epsilon float64) (model.Params, error) {
	to := &writer{params: model.Params{}, epsilon: epsilon}
	to.unit("stem", net.stem)
	for i, place := range v.Blocks() {
		b, name := net.blocks[i], place.Name()
		to.unit(name+".expand", b.expand)
		to.unit(name+".fused", b.fused)
		to.unit(name+".depthwise", b.depthwise)
		to.plain(name+".se.reduce", b.reduce, 1, 1)
		to.plain(name+".se.expand", b.excite, 1, 1)
		to.unit(name+".project", b.project)
	}
	to.unit("head", net.head)
	to.plain("classifier", net.classifier)
	return to.params, to.err
}

func (to *writer) vector(name string, values []float32) {
	to.params[name] = model.Param{Shape: []int{len(values)}, Data: values}
}

// param is a constant as a parameter, still to be loaded where it lies in the
// file.
func (c *constant) param(shape ...int) model.Param {
	if c.floats == nil {
		return model.Param{Shape: shape, Load: c.file.floats}
	}
	return model.Param{Shape: shape, Data: c.floats}
}

// bias gives the convolution's bias, nil where it has none or only zeros.
func (to *writer) bias(u *unit) []float32 {
	c := u.conv.conv.bias
	if c == nil {
		return nil
	}
	if err := c.load(); err != nil {
		to.err = err
		return nil
	}
	if !slices.ContainsFunc(c.floats, func(b float32) bool { return b != 0 }) {
		return nil
	}
	return c.floats
}

// unit writes a convolution and its norm. Weights stay as the file has them.
func (to *writer) unit(name string, u *unit) {
	if u == nil || to.err != nil {
		return
	}
	c := u.conv.conv
	to.params[name+".conv.weight"] = c.weight.param(c.out, c.inputs, c.kernel, c.kernel)
	norm := to.norm(u, to.bias(u))
	to.vector(name+".norm.weight", norm.gamma)
	to.vector(name+".norm.bias", norm.beta)
	to.vector(name+".norm.mean", norm.mean)
	to.vector(name+".norm.variance", norm.variance)
}

// norm is the batch norm that has the effect of the bias and all that scales
// and shifts the convolution's output.
func (to *writer) norm(u *unit, bias []float32) batchNorm {
	n := u.conv.c
	if len(u.affines) == 1 && u.affines[0].norm != nil {
		norm := *u.affines[0].norm
		norm.mean = mapped(n, func(i int) float64 { return float64(norm.mean[i]) - at(bias, i) })
		if shift := norm.epsilon - to.epsilon; shift != 0 {
			variance := norm.variance
			norm.variance = mapped(n, func(i int) float64 { return float64(variance[i]) + shift })
		}
		return norm
	}
	scale, shift := u.composed(bias)
	return batchNorm{
		gamma:    mapped(n, func(i int) float64 { return scale[i] }),
		beta:     mapped(n, func(i int) float64 { return shift[i] }),
		mean:     make([]float32, n),
		variance: mapped(n, func(int) float64 { return 1 - to.epsilon }),
	}
}

func mapped(n int, value func(i int) float64) []float32 {
	out := make([]float32, n)
	for i := range out {
		out[i] = float32(value(i))
	}
	return out
}

// at is an element, 0 where there are none.
func at(values []float32, i int) float64 {
	if values == nil {
		return 0
	}
	return float64(values[i])
}

// composed is the bias and all affines as one.
func (u *unit) composed(bias []float32) (scale, shift []float64) {
	scale, shift = make([]float64, u.conv.c), make([]float64, u.conv.c)
	for i := range scale {
		scale[i], shift[i] = 1, at(bias, i)
		for _, a := range u.affines {
			scale[i], shift[i] = a.scale[i]*scale[i], a.scale[i]*shift[i]+a.shift[i]
		}
	}
	return scale, shift
}

// plain writes a layer without norm, of weights [out, in] and shape, and its
// bias.
func (to *writer) plain(name string, u *unit, shape ...int) {
	if u == nil || to.err != nil {
		return
	}
	c := u.conv.conv
	shape = append([]int{c.out, c.inputs}, shape...)
	weight := c.weight.param(shape...)
	scale, shift := u.composed(to.bias(u))
	if slices.ContainsFunc(scale, func(s float64) bool { return s != 1 }) {
		if to.err = c.weight.load(); to.err != nil {
			return
		}
		values := mapped(len(c.weight.floats), func(i int) float64 { return float64(c.weight.floats[i]) * scale[i/c.inputs] })
		weight = model.Param{Shape: shape, Data: values}
	}
	to.params[name+".weight"] = weight
	to.vector(name+".bias", mapped(c.out, func(i int) float64 { return shift[i] }))
}

// tidy is the short decimal that float32 arithmetic made x from, else x itself.
func tidy(x float64) float64 {
	if x == 0 {
		return 0 // not -0
	}
	for scale := 10.0; scale <= 1e6; scale *= 10 {
		if short := math.Round(x*scale) / scale; math.Abs(short-x) <= 2e-7*math.Abs(x) {
			return short
		}
	}
	return x
}
