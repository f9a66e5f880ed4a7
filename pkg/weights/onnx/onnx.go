// Package onnx reads networks of the family from ONNX files, whoever exported
// them: the graph is followed from the picture to the logits and recognised by
// what it computes; names count for nothing.
//
// A file is hostile until proven otherwise. Its protobuf encoding is read
// within limits, nothing is executed but small arithmetic on shapes and
// weights, whose amount the file's size bounds, and no other file is opened.
package onnx

import "github.com/effnet/effnet/pkg/weights/state"

// Scheme is state.Imported.Scheme of what Read returns.
const Scheme = "onnx"

// Sniff tells whether data could be an ONNX file: a ModelProto that begins
// with its ir_version, as every exporter writes it.
func Sniff(data []byte) bool {
	if len(data) < 3 || data[0] != 1<<3 || data[1] == 0 || data[1] > 31 {
		return false
	}
	switch data[2] { // producer name and version, domain, version, doc, graph, opset
	case 2<<3 | 2, 3<<3 | 2, 4<<3 | 2, 5 << 3, 6<<3 | 2, 7<<3 | 2, 8<<3 | 2:
		return true
	}
	return false
}

// Read recognises the graph of an ONNX file as a network of the family and
// takes its weights, which may share data. Batch norm that was folded into a
// convolution becomes one of scale 1, which leaves the weights as they are.
// Every error is a *state.Error; where a node does not fit it names the first.
func Read(data []byte, o state.Options) (*state.Imported, error) {
	file, err := parseModel(data)
	if err != nil {
		return nil, err
	}
	return file.imported(len(data), o)
}

// imported recognises the graph of a file of size bytes. What depends on a
// picture's size that the file leaves open is computed first for some size,
// and again for that of the variant.
func (m *modelFile) imported(size int, o state.Options) (*state.Imported, error) {
	const some = 224
	w, net, err := m.read(size, some)
	if err != nil {
		return nil, err
	}
	resolution := w.input.h
	if w.open {
		resolution = 0
	}
	v, err := net.variant(o.Variant, resolution)
	if err != nil {
		return nil, err
	}
	if w.open {
		if w, net, err = m.read(size, v.Resolution); err != nil {
			return nil, err
		}
		w.note("resolution %d of the variant", v.Resolution)
	}
	p, assumed, err := net.profile(v, w.input.h)
	if err != nil {
		return nil, err
	}
	params, err := net.params(v, p.BNEps)
	if err != nil {
		return nil, err
	}
	return &state.Imported{
		Variant: v.Name, Profile: p, Params: params, Assumed: append(w.notes, assumed...), Scheme: Scheme,
	}, nil
}

func (m *modelFile) read(size, resolution int) (*walk, *network, error) {
	w := newWalk(m, size, resolution)
	out, err := w.output()
	if err != nil {
		return nil, nil, err
	}
	net, err := recognise(w.input, out.feature)
	if err == nil && (out.feature.op == opSoftmax || out.feature.op == opSigmoid) {
		w.note("%s at the end left out", out.feature.node.op)
	}
	return w, net, err
}
