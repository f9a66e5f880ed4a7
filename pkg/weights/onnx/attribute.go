package onnx

import (
	"encoding/binary"
	"math"
)

// find gives an attribute of the node, nil where it has none of that name.
func (n *node) find(name string) *attribute {
	for i := range n.attributes {
		if n.attributes[i].name == name {
			return &n.attributes[i]
		}
	}
	return nil
}

// integer is an attribute's value, or what it is without one.
func (n *node) integer(name string, otherwise int64) int64 {
	if a := n.find(name); a != nil {
		return a.i
	}
	return otherwise
}

func (n *node) float(name string, otherwise float64) float64 {
	if a := n.find(name); a != nil {
		return a.f
	}
	return otherwise
}

func (n *node) text(name, otherwise string) string {
	if a := n.find(name); a != nil {
		return a.s
	}
	return otherwise
}

// integers is a list attribute; false where the node has none.
func (n *node) integers(name string) ([]int64, bool) {
	if a := n.find(name); a != nil {
		return a.ints, true
	}
	return nil, false
}

func (n *node) floats(name string) ([]float32, bool) {
	a := n.find(name)
	if a == nil {
		return nil, false
	}
	values := make([]float32, len(a.floats)/4)
	for i := range values {
		values[i] = math.Float32frombits(binary.LittleEndian.Uint32(a.floats[4*i:]))
	}
	return values, true
}

// plain refuses attributes that hold graphs or stand for those of a function.
func (n *node) plain() error {
	for _, a := range n.attributes {
		switch {
		case a.subgraph:
			return n.refuse("it holds a graph of its own; export without control flow")
		case a.ref != "":
			return n.refuse("attribute %q stands for one of a function", a.name)
		}
	}
	return nil
}
