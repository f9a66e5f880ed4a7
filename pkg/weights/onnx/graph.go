package onnx

import (
	"fmt"

	"github.com/effnet/effnet/pkg/weights/state"
)

// Limits of a file. The largest network of the family has 5000 nodes and 3000
// tensors, on whichever way it was exported.
const (
	maxRank     = 8
	maxElements = 1 << 28 // of a tensor
	maxNodes    = 1 << 16
	maxTensors  = 1 << 16
	maxValues   = 1 << 18 // inputs and outputs of all nodes
)

// Operator sets of the standard that are understood.
const minOpset, maxOpset = 9, 24

// Domains of operators. The standard has two names.
const (
	standardDomain  = ""
	standardAlias   = "ai.onnx"
	microsoftDomain = "com.microsoft" // of ONNX Runtime, in the files that it optimised
)

// modelFile is a ModelProto as far as it matters.
type modelFile struct {
	opset        int64
	nodes        []*node
	initializers []*tensor
	inputs       []valueInfo
	outputs      []valueInfo
	values       int  // inputs and outputs of nodes so far
	functions    bool // nodes may call functions of the file
}

// node is a NodeProto.
type node struct {
	index           int
	name, op        string
	domain          string
	inputs, outputs []string
	attributes      []attribute
}

// String names the node as messages do.
func (n *node) String() string {
	name := n.name
	if name == "" && len(n.outputs) > 0 {
		name = n.outputs[0]
	}
	op := n.op
	if n.domain != standardDomain {
		op = n.domain + "." + op
	}
	if len(op) > 40 || !printable(op) {
		op = state.Quote(op)
	}
	return fmt.Sprintf("node %s (%s)", state.Quote(name), op)
}

func printable(s string) bool {
	for _, c := range []byte(s) {
		if c <= ' ' || c >= 0x7f {
			return false
		}
	}
	return true
}

// refuse says what is wrong with the node.
func (n *node) refuse(format string, args ...any) error {
	return state.Refuse("%s: %s", n, fmt.Sprintf(format, args...))
}

// attribute is an AttributeProto.
type attribute struct {
	name     string
	kind     int64 // the number of its type, 0 where not told
	f        float64
	i        int64
	s        string
	t        *tensor
	floats   []byte // little-endian float32
	ints     []int64
	subgraph bool
	ref      string // attribute of the function that it stands for
}

// valueInfo is an input or output of the graph: its dimensions, -1 where they
// are not fixed. nil dims: nothing is known.
type valueInfo struct {
	name string
	dims []int64
}

func parseModel(data []byte) (*modelFile, error) {
	m := &modelFile{}
	var graph []byte
	graphs := 0
	err := fields(data, func(f field) error {
		switch f.num {
		case 7:
			var err error
			graph, err = f.message()
			graphs++
			return err
		case 8:
			return m.parseOpset(f)
		case 25:
			m.functions = true
		}
		return nil
	})
	switch {
	case err != nil:
		return nil, err
	case graphs != 1:
		return nil, state.Refuse("the ONNX file has %d graphs, expected one", graphs)
	case m.opset < minOpset || m.opset > maxOpset:
		return nil, state.Refuse("ONNX operator set %d is none of %d to %d", m.opset, minOpset, maxOpset)
	}
	return m, m.parseGraph(graph)
}

func (m *modelFile) parseOpset(f field) error {
	message, err := f.message()
	if err != nil {
		return err
	}
	var domain string
	var version int64
	err = fields(message, func(f field) error {
		switch f.num {
		case 1:
			return f.text(&domain)
		case 2:
			return f.integer(&version)
		}
		return nil
	})
	if domain == standardDomain || domain == standardAlias {
		m.opset = version
	}
	return err
}

func (m *modelFile) parseGraph(message []byte) error {
	return fields(message, func(f field) error {
		switch f.num {
		case 1, 5, 11, 12, 15:
		default:
			return nil
		}
		part, err := f.message()
		if err != nil {
			return err
		}
		switch f.num {
		case 1:
			return m.parseNode(part)
		case 5:
			if len(m.initializers) == maxTensors {
				return state.Refuse("the ONNX file has more than %d tensors", maxTensors)
			}
			t, err := parseTensor(part)
			m.initializers = append(m.initializers, t)
			return err
		case 11:
			return parseValueInfo(part, &m.inputs)
		case 12:
			return parseValueInfo(part, &m.outputs)
		}
		return state.Refuse("the ONNX file has sparse tensors, which no network of the family needs")
	})
}

func (m *modelFile) parseNode(message []byte) error {
	if len(m.nodes) == maxNodes {
		return state.Refuse("the ONNX graph has more than %d nodes", maxNodes)
	}
	n := &node{index: len(m.nodes)}
	err := fields(message, func(f field) error {
		switch f.num {
		case 1, 2:
			if m.values++; m.values > maxValues {
				return state.Refuse("the ONNX graph has more than %d values", maxValues)
			}
			if f.num == 1 {
				return f.appendText(&n.inputs)
			}
			return f.appendText(&n.outputs)
		case 3:
			return f.text(&n.name)
		case 4:
			return f.text(&n.op)
		case 5:
			return n.parseAttribute(f)
		case 7:
			return f.text(&n.domain)
		}
		return nil
	})
	if n.domain == standardAlias {
		n.domain = standardDomain
	}
	m.nodes = append(m.nodes, n)
	return err
}

func (n *node) parseAttribute(f field) error {
	const most = 64
	message, err := f.message()
	if err != nil {
		return err
	}
	if len(n.attributes) == most {
		return n.refuse("more than %d attributes", most)
	}
	var a attribute
	err = fields(message, func(f field) error {
		switch f.num {
		case 1:
			return f.text(&a.name)
		case 2:
			return f.float(&a.f)
		case 3:
			return f.integer(&a.i)
		case 4:
			return f.text(&a.s)
		case 5:
			part, err := f.message()
			if err != nil {
				return err
			}
			a.t, err = parseTensor(part)
			return err
		case 6, 11:
			a.subgraph = true
		case 7:
			return f.appendFixed(&a.floats)
		case 8:
			return f.appendIntegers(&a.ints)
		case 20:
			return f.integer(&a.kind)
		case 21:
			return f.text(&a.ref)
		}
		return nil
	})
	n.attributes = append(n.attributes, a)
	return err
}

// parseValueInfo reads name and, through type, tensor_type and shape, the
// dimensions of a ValueInfoProto.
func parseValueInfo(message []byte, to *[]valueInfo) error {
	if len(*to) == maxTensors {
		return state.Refuse("the ONNX graph has more than %d inputs", maxTensors)
	}
	v := valueInfo{}
	err := fields(message, func(f field) error {
		switch f.num {
		case 1:
			return f.text(&v.name)
		case 2:
			return f.descend(1, func(f field) error { // tensor_type
				return f.descend(2, func(f field) error { // shape
					v.dims = []int64{}
					return f.descend(1, v.addDim)
				})
			})
		}
		return nil
	})
	*to = append(*to, v)
	return err
}

// descend calls visit for the fields of one number in an embedded message.
func (f field) descend(num int, visit func(f field) error) error {
	message, err := f.message()
	if err != nil {
		return err
	}
	return fields(message, func(f field) error {
		if int(f.num) != num {
			return nil
		}
		return visit(f)
	})
}

func (v *valueInfo) addDim(f field) error {
	if len(v.dims) == maxRank {
		return state.Refuse("%s has more than %d dimensions", state.Quote(v.name), maxRank)
	}
	dim := int64(-1)
	message, err := f.message()
	if err != nil {
		return err
	}
	err = fields(message, func(f field) error {
		if f.num == 1 {
			return f.integer(&dim)
		}
		return nil
	})
	v.dims = append(v.dims, dim)
	return err
}
