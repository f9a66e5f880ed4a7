package onnx

import (
	"fmt"
	"slices"

	"github.com/effnet/effnet/pkg/profile"
	"github.com/effnet/effnet/pkg/weights/state"
)

// walk goes through the nodes in their order and gives every value a meaning:
// a constant, or a map with what makes it.
type walk struct {
	file       *modelFile
	resolution int // where the file leaves the input's size open
	values     map[string]value
	budget     int // elements that may still be computed
	input      *feature
	open       bool // the file leaves the input's size open
	notes      []string
}

// value is what a name of the graph stands for: a constant, or a map with the
// order of its axes. The zero value is an input that was left out.
type value struct {
	constant *constant
	feature  *feature
	axes     string
}

func (v value) absent() bool { return v.constant == nil && v.feature == nil }

// charge counts elements that are computed, so that a small file cannot ask
// for much work or memory.
func (w *walk) charge(n *node, elements int) error {
	if w.budget -= elements; w.budget < 0 {
		return n.refuse("the graph computes more than a file of its size needs")
	}
	return nil
}

// newWalk reads a graph whose input is resolution pixels a side, where the
// file does not say.
func newWalk(m *modelFile, size, resolution int) *walk {
	const some = 1 << 20
	return &walk{file: m, resolution: resolution, values: map[string]value{}, budget: size + some}
}

// output walks to the graph's first output and returns its value.
func (w *walk) output() (value, error) {
	if len(w.file.outputs) == 0 {
		return value{}, state.Refuse("the ONNX graph has no output")
	}
	name := w.file.outputs[0].name
	if n := len(w.file.outputs); n > 1 {
		w.note("of %d outputs the first, %s", n, state.Quote(name))
	}
	needed, err := w.needed(name)
	if err != nil {
		return value{}, err
	}
	if err := w.start(needed); err != nil {
		return value{}, err
	}
	for _, n := range w.file.nodes {
		if !needed.nodes[n.index] {
			continue
		}
		if err := w.step(n, needed); err != nil {
			return value{}, err
		}
	}
	v, ok := w.values[name]
	if !ok || v.feature == nil {
		return value{}, state.Refuse("output %s of the ONNX graph does not depend on its input", state.Quote(name))
	}
	return v, nil
}

// needs is what an output depends on.
type needs struct {
	nodes   []bool
	names   map[string]bool
	makerOf map[string]int // node that makes a value
}

// needed follows the graph back from an output. Every value has one maker.
func (w *walk) needed(output string) (*needs, error) {
	r := &needs{nodes: make([]bool, len(w.file.nodes)), names: map[string]bool{}, makerOf: map[string]int{}}
	for _, n := range w.file.nodes {
		for _, out := range n.outputs {
			if out == "" {
				continue
			}
			if _, twice := r.makerOf[out]; twice {
				return nil, n.refuse("its output %s is made twice", state.Quote(out))
			}
			r.makerOf[out] = n.index
		}
	}
	for open := []string{output}; len(open) > 0; {
		name := open[len(open)-1]
		open = open[:len(open)-1]
		if r.names[name] {
			continue
		}
		r.names[name] = true
		if i, ok := r.makerOf[name]; ok && !r.nodes[i] {
			r.nodes[i] = true
			open = append(open, w.file.nodes[i].inputs...)
		}
	}
	return r, nil
}

// start gives the initializers and the picture their values.
func (w *walk) start(needed *needs) error {
	for _, t := range w.file.initializers {
		_, twice := w.values[t.name]
		if i, made := needed.makerOf[t.name]; made || twice {
			if made {
				return w.file.nodes[i].refuse("its output %s is a tensor of the file too", state.Quote(t.name))
			}
			return state.Refuse("tensor %s is in the file twice", state.Quote(t.name))
		}
		w.values[t.name] = value{constant: fromTensor(t)}
	}
	for _, in := range w.file.inputs {
		if i, made := needed.makerOf[in.name]; made {
			return w.file.nodes[i].refuse("its output %s is an input of the graph too", state.Quote(in.name))
		}
		if _, given := w.values[in.name]; given || !needed.names[in.name] {
			continue
		}
		if w.input != nil {
			return state.Refuse("the ONNX graph has a second input %s, expected the picture alone", state.Quote(in.name))
		}
		v, err := w.picture(in)
		if err != nil {
			return err
		}
		w.values[in.name], w.input = v, v.feature
	}
	return nil
}

// picture is the graph's input: [N,3,H,W] or [N,H,W,3]. Sizes that the file
// leaves open are 1 for N and the walk's resolution for H and W.
func (w *walk) picture(in valueInfo) (value, error) {
	expected := func() (value, error) {
		return value{}, state.Refuse("input %s of the ONNX graph has shape %v, expected [N 3 H W] or [N H W 3] with H = W from %d to %d",
			state.Quote(in.name), in.dims, profile.MinResolution, profile.MaxResolution)
	}
	if len(in.dims) != 4 {
		return expected()
	}
	axes := "NCHW"
	if in.dims[1] != 3 && in.dims[3] == 3 {
		axes = "NHWC"
	}
	f := &feature{op: opInput, n: 1, c: 3, h: w.resolution, w: w.resolution}
	for d, size := range in.dims {
		to := map[byte]*int{'N': &f.n, 'C': &f.c, 'H': &f.h, 'W': &f.w}[axes[d]]
		switch {
		case size > 0 && size <= profile.MaxResolution:
			*to = int(size)
		case size > 0 || size < -1:
			return expected()
		case axes[d] == 'H' || axes[d] == 'W':
			w.open = true
		}
	}
	if f.c != 3 || f.h != f.w || f.h < profile.MinResolution {
		return expected()
	}
	return value{feature: f, axes: axes}, nil
}

// step computes one node.
func (w *walk) step(n *node, needed *needs) error {
	if err := n.plain(); err != nil {
		return err
	}
	inputs := make([]value, len(n.inputs))
	fixed := true
	for i, name := range n.inputs {
		if name == "" {
			continue
		}
		v, ok := w.values[name]
		if !ok {
			if _, made := needed.makerOf[name]; made {
				return n.refuse("its input %s is made only later: the graph is not in order, or has a cycle", state.Quote(name))
			}
			return n.refuse("its input %s is made nowhere", state.Quote(name))
		}
		inputs[i] = v
		fixed = fixed && v.feature == nil
	}
	if len(n.outputs) == 0 {
		return n.refuse("it has no output")
	}
	v, err := w.compute(n, inputs, fixed)
	if err != nil {
		return err
	}
	w.values[n.outputs[0]] = v
	return nil
}

// compute looks the operator up: those that compute constants, or those of
// the network.
func (w *walk) compute(n *node, inputs []value, fixed bool) (value, error) {
	key := n.op
	if n.domain != standardDomain {
		key = n.domain + "." + n.op
	}
	if fixed {
		if evaluate, ok := evaluators[key]; ok {
			constants := make([]*constant, len(inputs))
			for i, v := range inputs {
				constants[i] = v.constant
			}
			c, err := evaluate(w, n, arguments{n, constants})
			return value{constant: c}, err
		}
		return value{}, n.refuse("unknown operator on constants")
	}
	operate, ok := operators[key]
	switch {
	case ok:
		return operate(w, n, inputs)
	case n.domain == nchwcDomain:
		return value{}, n.refuse("weights are in the layout of one kind of processor; save what ONNX Runtime optimised at level extended at most")
	case n.domain != standardDomain && w.file.functions:
		return value{}, n.refuse("it may be a function of the file: inline functions first (onnx.inliner)")
	}
	return value{}, n.refuse("no network of the family has this operator")
}

const nchwcDomain = "com.microsoft.nchwc"

// note keeps a choice for Imported.Assumed, once.
func (w *walk) note(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if !slices.Contains(w.notes, text) {
		w.notes = append(w.notes, text)
	}
}
