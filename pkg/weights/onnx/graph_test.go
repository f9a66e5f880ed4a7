package onnx

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/effnet/effnet/pkg/weights/state"
)

// graph is a file that a test changes before it is recognised.
type graph struct {
	*modelFile
	tb testing.TB
}

func open(tb testing.TB, name string) graph {
	tb.Helper()
	m, err := parseModel(load(tb, name))
	if err != nil {
		tb.Fatal(err)
	}
	return graph{m, tb}
}

func (g graph) read() (*state.Imported, error) { return g.imported(1<<20, state.Options{}) }

// nth is the n-th node of an operator; from the end for negative n.
func (g graph) nth(op string, n int) *node {
	g.tb.Helper()
	var found []*node
	for _, node := range g.nodes {
		if node.op == op {
			found = append(found, node)
		}
	}
	if n < 0 {
		n += len(found)
	}
	if n < 0 || n >= len(found) {
		g.tb.Fatalf("%d nodes %s", len(found), op)
	}
	return found[n]
}

// insert puts a node at a place of the order, and numbers all again.
func (g graph) insert(at int, n *node) {
	g.modelFile.nodes = slices.Insert(g.nodes, at, n)
	g.number()
}

func (g graph) number() {
	for i, n := range g.nodes {
		n.index = i
	}
}

// behind makes a node that takes the place of n's output; n gets another.
func (g graph) behind(n *node, op string, more []string, attributes ...attribute) *node {
	out := n.outputs[0]
	n.outputs[0] = fmt.Sprintf("%s_%d", out, len(g.nodes))
	added := newNode(op, append([]string{n.outputs[0]}, more...), out, attributes...)
	g.insert(n.index+1, added)
	return added
}

func (g graph) remove(n *node) {
	g.modelFile.nodes = slices.DeleteFunc(g.nodes, func(m *node) bool { return m == n })
	g.number()
}

func newNode(op string, inputs []string, output string, attributes ...attribute) *node {
	return &node{name: op + "_" + output, op: op, inputs: inputs, outputs: []string{output}, attributes: attributes}
}

func ints(name string, values ...int64) attribute { return attribute{name: name, ints: values} }

func integer(name string, value int64) attribute { return attribute{name: name, i: value} }

func float(name string, value float64) attribute { return attribute{name: name, f: value} }

// set replaces an attribute.
func (n *node) set(a attribute) {
	n.attributes = slices.DeleteFunc(n.attributes, func(b attribute) bool { return b.name == a.name })
	n.attributes = append(n.attributes, a)
}

// floats adds a tensor to the file.
func (g graph) floats(name string, shape []int, values ...float32) string {
	t := &tensor{name: name, typ: typeFloat, shape: shape}
	for _, v := range values {
		b := math.Float32bits(v)
		t.raw = append(t.raw, byte(b), byte(b>>8), byte(b>>16), byte(b>>24))
	}
	g.initializers = append(g.initializers, t)
	return name
}

func (g graph) list(name string, values ...int64) string {
	t := &tensor{name: name, typ: typeInt64, shape: []int{len(values)}}
	for _, v := range values {
		for range 8 {
			t.raw = append(t.raw, byte(v))
			v >>= 8
		}
	}
	g.initializers = append(g.initializers, t)
	return name
}

// tensorOf is the initializer of a name.
func (g graph) tensorOf(name string) *tensor {
	g.tb.Helper()
	for _, t := range g.initializers {
		if t.name == name {
			return t
		}
	}
	g.tb.Fatalf("no tensor %q", name)
	return nil
}

func (g graph) valuesOf(name string) []float32 {
	g.tb.Helper()
	values, err := g.tensorOf(name).floats()
	if err != nil {
		g.tb.Fatal(err)
	}
	return values
}

// transposed adds the transpose of a matrix of the file.
func (g graph) transposed(name string) string {
	t, values := g.tensorOf(name), g.valuesOf(name)
	rows, columns := t.shape[0], len(values)/t.shape[0]
	var out []float32
	for c := range columns {
		for r := range rows {
			out = append(out, values[r*columns+c])
		}
	}
	return g.floats(name+"_t", []int{columns, rows}, out...)
}

// eachSiLU calls f with every pair of nodes x·sigmoid(x).
func (g graph) eachSiLU(f func(sigmoid, product *node)) {
	for _, s := range slices.Clone(g.nodes) {
		if s.op != "Sigmoid" {
			continue
		}
		for _, p := range g.nodes {
			if p.op == "Mul" && slices.Contains(p.inputs, s.outputs[0]) && slices.Contains(p.inputs, s.inputs[0]) {
				f(s, p)
				break
			}
		}
	}
}
