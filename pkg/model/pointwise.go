package model

import "github.com/effnet/effnet/pkg/kernels"

// pointwise is a 1×1 convolution over a whole map.
type pointwise struct {
	step     Step
	weights  *kernels.Matrix
	runs     []kernels.Run
	in, out  bufferID
	residual bufferID
	// scaled holds the weights times the scales of squeeze-and-excitation, or
	// is noBuffer.
	scaled bufferID
}

// cacheBudget is how many values of the input a task should read at most, so
// that they stay in any L2 cache over all panels.
const cacheBudget = 256 << 10 / 4

// tasksPerThread keeps threads busy to the end of an operation.
const tasksPerThread = 4

// pointwise makes the operation of s; scaling marks that the squeeze-and-
// excitation before it scales the weights.
func (c *compiler) pointwise(s Step, scaling *squeezeExcite) {
	op := &pointwise{step: s, runs: s.In.runs(), in: c.input(s.In), residual: noBuffer, scaled: noBuffer}
	op.weights = c.matrix(s.Out.C, s.In.C, s.Out.Pixels())
	if s.Residual != nil {
		op.residual = c.input(*s.Residual)
	}
	if scaling != nil && scaling.scaled != noBuffer {
		op.scaled = scaling.scaled
		c.buffers.use(op.scaled, c.now())
	}
	op.out = c.output(s.Out)
	c.later(func() { op.weights.Pack(c.folded(s)) })
	if scaling != nil {
		scaling.project = op.weights
	}
	c.add(op)
}

func (op *pointwise) outcome() (Step, bufferID) { return op.step, op.out }

// pixels is how many pixels a task takes: a whole number of tiles, and about as
// many in the last task as in others, for all read the same weights.
func (op *pointwise) pixels(threads int) int {
	total, panels := op.step.Out.Pixels(), len(op.weights.Panels)
	n := min(total, cacheBudget/op.weights.K)
	if threads > 1 {
		n = min(n, total*panels/(tasksPerThread*threads))
	}
	unit := op.weights.TileRows
	n = max(n, unit)
	pieces := (total + n - 1) / n
	tiles := (total + pieces*unit - 1) / (pieces * unit)
	return tiles * unit
}

func (op *pointwise) tasks(threads int) int {
	n := op.pixels(threads)
	return (op.step.Out.Pixels() + n - 1) / n * len(op.weights.Panels)
}

func (op *pointwise) bind(*Workspace) {}

func (op *pointwise) run(w *worker, task int) {
	n := op.pixels(w.sharers)
	panels := len(op.weights.Panels)
	p := op.weights.Panels[task%panels]
	total := op.step.Out.Pixels()
	first := task / panels * n
	n = min(n, total-first)
	weights := op.weights
	if op.scaled != noBuffer {
		w.matrix = *weights
		w.matrix.Data = w.buffer(op.scaled)
		weights = &w.matrix
	}
	offset := (p.First*total + first) * kernels.Block
	a := &w.gemm
	a.Input(kernels.At(w.buffer(op.in), first*kernels.Block), op.runs)
	a.C, a.CStride = kernels.At(w.buffer(op.out), offset), total*kernels.Block*4
	a.Residual, a.Act = nil, op.step.Activation
	if op.residual != noBuffer {
		a.Residual = kernels.At(w.buffer(op.residual), offset)
	}
	w.set.GEMM(a, weights, p, 1, n, 0, 0)
}

// pool is the mean over all pixels; a task is a channel block.
type pool struct {
	step    Step
	in, out bufferID
}

func (c *compiler) pool(s Step) {
	op := &pool{step: s, in: c.input(s.In), out: c.output(s.Out)}
	c.plan.features, c.plan.pooled = s.Out, op.out
	c.add(op)
}

func (op *pool) outcome() (Step, bufferID) { return op.step, op.out }

func (op *pool) tasks(int) int { return kernels.Blocks(op.step.In.C) }

func (op *pool) bind(*Workspace) {}

func (op *pool) run(w *worker, task int) {
	n := op.step.In.Pixels()
	v := &w.vector
	v.X, v.N = kernels.At(w.buffer(op.in), task*n*kernels.Block), n
	v.Out, v.Scale = kernels.At(w.buffer(op.out), task*kernels.Block), 1/float32(n)
	w.set.Sum(v)
}

// linear is the classifier. It takes the features of all pictures of a batch
// at once, since its weights outnumber them by far: see stack.
type linear struct {
	step    Step
	product vectorProduct
}

func (c *compiler) linear(s Step) {
	c.input(s.In)
	op := &linear{step: s, product: c.vectorProduct(s.Name, s.In.C, s.Out.C)}
	c.plan.classifier = op
	c.add(op)
}

func (op *linear) outcome() (Step, bufferID) { return op.step, noBuffer }

func (op *linear) tasks(int) int { return len(op.product.Panels) }

func (op *linear) bind(*Workspace) {}

// linearRows keeps one call of a kernel short.
const linearRows = 28

func (op *linear) run(w *worker, task int) {
	s := &w.ws.stack
	p := op.product.Panels[task]
	a := &w.gemm
	a.CStride, a.Residual, a.Act = s.pictures*kernels.Block*4, nil, kernels.None
	for first := 0; first < s.pictures; first += linearRows {
		a.Input(kernels.At(s.features, first*kernels.Block), s.runs)
		a.C = kernels.At(s.logits, (p.First*s.pictures+first)*kernels.Block)
		w.set.GEMM(a, op.product.Matrix, p, 1, min(linearRows, s.pictures-first), 0, 0)
	}
}

// vectorProduct is a fully connected layer: a matrix product with one row.
type vectorProduct struct {
	*kernels.Matrix
	runs []kernels.Run
}

// vectorProduct makes the layer from the parameters name.weight and name.bias.
func (c *compiler) vectorProduct(name string, in, out int) vectorProduct {
	v := vectorProduct{c.matrix(out, in, 1), kernels.Runs(in, 0, kernels.Block*4)}
	c.later(func() {
		v.Pack(kernels.Weights{Values: c.values(name + ".weight"), Bias: c.values(name + ".bias"), Taps: 1})
	})
	return v
}

// run computes a panel of outputs; in and out are padded to whole channel
// blocks.
func (v vectorProduct) run(w *worker, p kernels.Panel, in, out []float32, act kernels.Activation) {
	a := &w.gemm
	a.Input(kernels.At(in, 0), v.runs)
	a.C, a.CStride = kernels.At(out, p.First*kernels.Block), kernels.Block*4
	a.Residual, a.Act = nil, act
	w.set.GEMM(a, v.Matrix, p, 1, 1, 0, 0)
}
