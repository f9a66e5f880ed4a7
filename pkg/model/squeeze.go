package model

import "github.com/effnet/effnet/pkg/kernels"

// squeezeExcite finds the scale of every channel from the channels' means and
// applies it: to the weights of the projection where those are far fewer than
// the activations, else to the activations. A task is a panel of channels.
type squeezeExcite struct {
	step           Step
	reduce, expand vectorProduct
	sums           bufferID
	strips         int
	activations    bufferID
	scales         bufferID
	scaled         bufferID // the projection's weights, or noBuffer
	project        *kernels.Matrix
}

// weightsCost is how much longer it takes to scale a weight than an activation:
// it comes from L3 and goes elsewhere, while activations are still in L2.
const weightsCost = 3

// sumsOf is the key of a map's channel sums among a compiler's outputs.
func sumsOf(m Map) int { return -1 - m.ID }

func (c *compiler) squeezeExcite(s, project Step) {
	strip := c.plan.operations[c.now()-1].(*strip)
	op := &squeezeExcite{
		step: s, sums: strip.sums, strips: strip.strips, activations: c.input(s.In), scaled: noBuffer,
	}
	c.buffers.use(op.sums, c.now())
	op.reduce = c.vectorProduct(s.Name+".reduce", s.In.C, s.Hidden)
	op.expand = c.vectorProduct(s.Name+".expand", s.Hidden, s.In.C)
	op.scales = c.buffers.add(kernels.Blocks(s.In.C)*kernels.Block, c.now())
	if weightsCost*project.Out.C < project.Out.Pixels() {
		op.scaled = c.buffers.add(c.plan.set.NewMatrix(project.Out.C, project.In.C, project.Out.Pixels()).Values(), c.now())
	}
	c.outputs[s.Out.ID] = c.outputs[s.In.ID] // in place
	c.add(op)
	c.pointwise(project, op)
}

func (op *squeezeExcite) outcome() (Step, bufferID) {
	if op.scaled != noBuffer {
		return op.step, noBuffer
	}
	return op.step, op.activations
}

func (op *squeezeExcite) tasks(int) int { return len(op.expand.Panels) }

func (op *squeezeExcite) bind(ws *Workspace) {
	for _, w := range ws.workers {
		w.means = grown(w.means, kernels.Blocks(op.step.In.C)*kernels.Block)
		w.hidden = grown(w.hidden, kernels.Blocks(op.step.Hidden)*kernels.Block)
	}
}

func (op *squeezeExcite) run(w *worker, task int) {
	set := w.set
	if w.hiddenOwner != op || w.hiddenSerial != w.serial {
		op.squeeze(w)
		w.hiddenOwner, w.hiddenSerial = op, w.serial
	}
	scales := w.buffer(op.scales)
	p := op.expand.Panels[task]
	op.expand.run(w, p, w.hidden, scales, kernels.None)
	w.vector.X, w.vector.N = kernels.At(scales, p.First*kernels.Block), p.Vecs
	set.Sigmoid(&w.vector)
	if op.scaled != noBuffer {
		op.scaleWeights(w, p)
	} else {
		op.scaleActivations(w, p)
	}
}

// squeeze computes the hidden activations. Every worker does so for itself:
// they are few, and waiting for each other would take longer.
func (op *squeezeExcite) squeeze(w *worker) {
	v := &w.vector
	v.N, v.Scale = op.strips, 1/float32(op.step.In.Pixels())
	for b := range kernels.Blocks(op.step.In.C) {
		v.X = kernels.At(w.buffer(op.sums), b*op.strips*kernels.Block)
		v.Out = kernels.At(w.means, b*kernels.Block)
		w.set.Sum(v)
	}
	for _, p := range op.reduce.Panels {
		op.reduce.run(w, p, w.means, w.hidden, op.step.Activation)
	}
}

// scaleWeights writes the rows of the projection that read the panel's
// channels, scaled.
func (op *squeezeExcite) scaleWeights(w *worker, p kernels.Panel) {
	first := p.First * kernels.Block
	a := &w.scaleRows
	a.N = min(p.Vecs*kernels.Block, op.project.K-first)
	a.Factors = kernels.At(w.buffer(op.scales), first)
	for _, q := range op.project.Panels {
		a.Vecs = q.Vecs
		offset := q.Offset + first*q.Vecs*kernels.Block
		a.Src, a.Dst = kernels.At(op.project.Data, offset), kernels.At(w.buffer(op.scaled), offset)
		w.set.ScaleRows(a)
	}
}

func (op *squeezeExcite) scaleActivations(w *worker, p kernels.Panel) {
	n := op.step.In.Pixels()
	v := &w.vector
	v.N = n
	for b := p.First; b < p.First+p.Vecs; b++ {
		v.X = kernels.At(w.buffer(op.activations), b*n*kernels.Block)
		v.Out = kernels.At(w.buffer(op.scales), b*kernels.Block)
		w.set.Scale(v)
	}
}
