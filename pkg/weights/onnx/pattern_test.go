package onnx

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Other ways to say the same graph give the same parameters.
func TestPatterns(t *testing.T) {
	const old, lite, fresh = "torchvision_old_opset9", "timm_lite_new", "torchvision_new"
	for name, c := range map[string]struct {
		file   string
		change func(g graph)
	}{
		"SiLU as Swish": {fresh, func(g graph) {
			g.opset = 24
			g.eachSiLU(func(s, p *node) {
				p.op, p.inputs = "Swish", s.inputs[:1]
				g.remove(s)
			})
		}},
		"SiLU as QuickGelu": {fresh, func(g graph) {
			g.eachSiLU(func(s, p *node) {
				p.op, p.domain, p.inputs = "QuickGelu", microsoftDomain, s.inputs[:1]
				p.attributes = []attribute{float("alpha", 1)}
			})
		}},
		"ReLU6 by attributes": {lite, func(g graph) {
			g.opset = 10
			for range 15 {
				n := g.nth("Clip", 0)
				n.op, n.inputs, n.attributes = "Clip_", n.inputs[:1], []attribute{float("min", 0), float("max", 6)}
			}
			for _, n := range g.nodes {
				if n.op == "Clip_" {
					n.op = "Clip"
				}
			}
			r := g.nth("ReduceMean", 0)
			r.inputs = r.inputs[:1]
			r.set(ints("axes", 2, 3))
		}},
		"ReLU6 as Relu and Min": {lite, func(g graph) {
			g.floats("six", []int{}, 6)
			for range 15 {
				n := g.nth("Clip", 0)
				n.op, n.inputs = "Relu", n.inputs[:1]
				g.behind(n, "Min", []string{"six"})
			}
		}},
		"ReLU6 as Min and Max": {lite, func(g graph) {
			g.floats("six", []int{1}, 6)
			g.floats("nought", []int{}, 0)
			for range 15 {
				n := g.nth("Clip", 0)
				n.op, n.inputs = "Min", []string{"six", n.inputs[0]}
				g.behind(n, "Max", []string{"nought"})
			}
		}},
		"ReLU6 as FusedConv": {lite, func(g graph) {
			for range 15 {
				n := g.nth("Clip", 0)
				for _, c := range g.nodes {
					if c.outputs[0] == n.inputs[0] {
						c.op, c.domain, c.outputs = "FusedConv", microsoftDomain, n.outputs
						c.attributes = append(c.attributes, attribute{name: "activation", s: "Clip"},
							attribute{name: "activation_params", floats: []byte{0, 0, 0, 0, 0, 0, 0xc0, 0x40}})
					}
				}
				g.remove(n)
			}
		}},
		"SAME_UPPER": {lite, func(g graph) {
			for i := range 22 {
				n := g.nth("Conv", i)
				n.set(attribute{name: "auto_pad", s: "SAME_UPPER"})
				n.set(ints("pads", 0, 0, 0, 0))
			}
		}},
		"Pad before Conv, by attribute": {lite, func(g graph) {
			g.opset = 10
			for i := range 22 {
				n := g.nth("Conv", i)
				p, _ := n.integers("pads")
				if slices.Max(p) == 0 {
					continue
				}
				pad := newNode("Pad", []string{n.inputs[0]}, n.name+"_padded", ints("pads", 0, 0, p[0], p[1], 0, 0, p[2], p[3]))
				g.insert(n.index, pad)
				n.inputs[0] = pad.outputs[0]
				n.set(ints("pads", 0, 0, 0, 0))
			}
		}},
		"Pad with axes": {lite, func(g graph) {
			n := g.nth("Conv", 1)
			p, _ := n.integers("pads")
			pads, axes, zero := g.list("pads", p[1], p[0], p[3], p[2]), g.list("axes", -1, 2), g.floats("zero", []int{}, 0)
			pad := newNode("Pad", []string{n.inputs[0], pads, zero, axes}, "padded")
			g.insert(n.index, pad)
			n.inputs[0] = "padded"
			n.set(ints("pads", 0, 0, 0, 0))
		}},
		"AveragePool": {old, func(g graph) {
			n := g.nth("GlobalAveragePool", -1)
			n.op = "AveragePool"
			n.set(ints("kernel_shape", 2, 2))
			n.set(ints("strides", 1, 1))
		}},
		"ReduceMean without keepdims": {fresh, func(g graph) {
			n := g.nth("ReduceMean", -1)
			n.set(integer("keepdims", 0))
			g.remove(g.nth("Reshape", 0))
			g.nth("Gemm", 0).inputs[0] = n.outputs[0]
		}},
		"Squeeze for Flatten": {old, func(g graph) {
			n := g.nth("Flatten", 0)
			n.op, n.attributes = "Squeeze", []attribute{ints("axes", 3, 2)}
		}},
		"MatMul and Add": {old, func(g graph) {
			n := g.nth("Gemm", 0)
			weight, bias := g.transposed(n.inputs[1]), n.inputs[2]
			n.op, n.inputs, n.attributes = "MatMul", []string{n.inputs[0], weight}, nil
			g.behind(n, "Add", []string{bias})
		}},
		"Gemm without transB": {old, func(g graph) {
			n := g.nth("Gemm", 0)
			n.inputs[1] = g.transposed(n.inputs[1])
			n.set(integer("transB", 0))
		}},
		"Transpose of the weights": {old, func(g graph) {
			n := g.nth("Gemm", 0)
			weight := g.transposed(n.inputs[1])
			g.insert(0, newNode("Transpose", []string{weight}, "turned"))
			n.inputs[1] = "turned"
		}},
		"classifier as Conv": {old, func(g graph) {
			n, flatten := g.nth("Gemm", 0), g.nth("Flatten", 0)
			g.tensorOf(n.inputs[1]).shape = append(g.tensorOf(n.inputs[1]).shape, 1, 1)
			n.op, n.attributes, n.inputs[0] = "Conv", nil, flatten.inputs[0]
			g.remove(flatten)
			g.behind(n, "Flatten", nil)
		}},
		"squeeze-and-excitation as Gemm": {old, func(g graph) {
			reduce, expand := g.nth("Conv", 2), g.nth("Conv", 3)
			for _, n := range []*node{reduce, expand} {
				w := g.tensorOf(n.inputs[1])
				w.shape = w.shape[:2]
				n.op, n.attributes = "Gemm", []attribute{integer("transB", 1)}
			}
			g.behind(g.nth("GlobalAveragePool", 0), "Flatten", nil)
			g.behind(expand, "Unsqueeze", nil, ints("axes", 2, 3))
		}},
		"squeeze-and-excitation as MatMul, reshaped": {old, func(g graph) {
			reduce, expand := g.nth("Conv", 2), g.nth("Conv", 3)
			for _, n := range []*node{reduce, expand} {
				w := g.tensorOf(n.inputs[1])
				w.shape = w.shape[:2]
				n.op, n.attributes, n.inputs[1] = "MatMul", nil, g.transposed(n.inputs[1])
				bias := n.inputs[2]
				n.inputs = n.inputs[:2]
				g.behind(n, "Add", []string{bias})
			}
			g.list("flat", 0, -1)
			g.list("deep", -1, 8, 1, 1)
			g.behind(g.nth("GlobalAveragePool", 0), "Reshape", []string{"flat"})
			g.behind(g.nth("Add", 1), "Reshape", []string{"deep"})
		}},
		"dropout, casts and identities": {old, func(g graph) {
			g.behind(g.nth("Flatten", 0), "Dropout", nil)
			g.behind(g.nth("Conv", 5), "Identity", nil)
			g.behind(g.nth("Mul", 1), "Cast", nil, integer("to", 1))
		}},
		"NHWC and back": {old, func(g graph) {
			n := g.behind(g.nth("Mul", 0), "Transpose", nil, ints("perm", 0, 2, 3, 1))
			g.behind(n, "Transpose", nil, ints("perm", 0, 3, 1, 2))
		}},
		"bias as Add": {old, func(g graph) {
			n := g.nth("Conv", 0)
			g.tensorOf(n.inputs[2]).shape = []int{8, 1, 1}
			bias := n.inputs[2]
			n.inputs = n.inputs[:2]
			g.behind(n, "Add", []string{bias})
		}},
		"a node that nothing needs": {old, func(g graph) {
			g.insert(len(g.nodes), newNode("NonZero", []string{"nowhere"}, "nothing"))
		}},
		"an unused input": {old, func(g graph) {
			g.modelFile.inputs = append(g.inputs, valueInfo{name: "unused", dims: []int64{1}})
		}},
		"an initializer among the inputs": {old, func(g graph) {
			g.modelFile.inputs = append(g.inputs, valueInfo{name: g.initializers[0].name})
		}},
		"the domain ai.onnx": {old, func(g graph) { g.nodes[20].domain = standardDomain }},
		"a batch of 3":       {old, func(g graph) { g.inputs[0].dims[0] = 3 }},
	} {
		t.Run(name, func(t *testing.T) {
			want, err := open(t, c.file).read()
			if err != nil {
				t.Fatal(err)
			}
			g := open(t, c.file)
			c.change(g)
			got, err := g.read()
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want.Profile, got.Profile); diff != "" {
				t.Error(diff)
			}
			compare(t, name, got.Params, want.Params)
		})
	}
}

func TestNormalisationOfBothUnits(t *testing.T) {
	for name, c := range map[string]struct{ ops, values []any }{
		"bytes": {[]any{"Mul", "Sub", "Div"}, []any{
			[]float32{1. / 255}, []float32{0.485, 0.456, 0.406}, []float32{0.229, 0.224, 0.225},
		}},
		"up to 1": {[]any{"Sub", "Div"}, []any{[]float32{0.485, 0.456, 0.406}, []float32{0.229, 0.224, 0.225}}},
		"bytes at once": {[]any{"Sub", "Mul"}, []any{
			[]float32{123.675, 116.28, 103.53}, []float32{1 / 58.395, 1 / 57.12, 1 / 57.375},
		}},
		"turned twice": {[]any{"Mul", "Sub", "Mul", "Div"}, []any{
			[]float32{-1}, []float32{-0.485, -0.456, -0.406}, []float32{-1}, []float32{0.229, 0.224, 0.225},
		}},
	} {
		g := open(t, "torchvision_new")
		first := g.nodes[0]
		previous := g.inputs[0].name
		var added []*node
		for i, op := range c.ops {
			values := c.values[i].([]float32)
			constant := g.floats(fmt.Sprint("constant", i), []int{1, len(values), 1, 1}, values...)
			n := newNode(op.(string), []string{previous, constant}, fmt.Sprint("normalised", i))
			previous, added = n.outputs[0], append(added, n)
		}
		first.inputs[0] = previous
		g.modelFile.nodes = append(added, g.nodes...)
		g.number()
		in, err := g.read()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if in.Profile.Mean != [3]float64{0.485, 0.456, 0.406} || in.Profile.Std != [3]float64{0.229, 0.224, 0.225} {
			t.Errorf("%s: mean %v, std %v", name, in.Profile.Mean, in.Profile.Std)
		}
		if diff := cmp.Diff([]string{"bicubic, crop 0.667"}, in.Assumed); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}
