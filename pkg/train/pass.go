package train

import (
	"github.com/effnet/effnet/pkg/kernels"
)

// pass is what all layers share while a batch goes through.
type pass struct {
	set    *kernels.Set
	team   *team
	n      int  // pictures of the batch
	train  bool // dropout and stochastic depth apply
	serial uint64
	seed   uint64
	outer  outerMemory
}

// layer is one step of the network, on a batch.
type layer interface {
	// reserve takes memory for n pictures.
	reserve(p *pass, memory *kernels.Memory, n int)
	// pack lists what must be done after parameters have changed.
	pack() []func()
	// forward computes the output from the input.
	forward(p *pass)
	// backward adds to the gradients of the parameters and, where the input
	// wants one, computes its gradient. It may overwrite the output's.
	backward(p *pass)
}

// callBudget is about how many multiply-adds one call into assembly should do
// at most: it cannot be preempted.
const callBudget = 2 << 20

// chunkVectors is the vectors of a task that goes over values one by one.
const chunkVectors = 256

// activate writes act(pre) to out, N vectors; in place where they are the same.
func (p *pass) activate(w *worker, act kernels.Activation, out, pre []float32) {
	if act != kernels.SiLU {
		return
	}
	copy(out, pre)
	w.vector.X, w.vector.N = kernels.At(out, 0), len(out)/kernels.Block
	p.set.Silu(&w.vector)
}

// slope turns the gradient behind an activation, grad, into the one before it.
// out is what the activation gave, pre what SiLU was given.
func (p *pass) slope(w *worker, act kernels.Activation, grad, out, pre []float32) {
	a := &w.slope
	switch act {
	case kernels.ReLU6:
		a.D, a.X, a.N = kernels.At(grad, 0), kernels.At(out, 0), len(grad)/kernels.Block
		p.set.ReLU6Slope(a)
	case kernels.SiLU:
		const most = chunkVectors * kernels.Block
		for first := 0; first < len(grad); first += most {
			n := min(most, len(grad)-first)
			sigmoids := w.panel[:n]
			copy(sigmoids, pre[first:])
			w.vector.X, w.vector.N = kernels.At(sigmoids, 0), n/kernels.Block
			p.set.Sigmoid(&w.vector)
			a.D, a.X, a.S, a.N = kernels.At(grad, first), kernels.At(pre, first), kernels.At(sigmoids, 0), n/kernels.Block
			p.set.SiLUSlope(a)
		}
	}
}

// slopes is slope over a whole volume.
func (p *pass) slopes(act kernels.Activation, m *volume, pre []float32) {
	if act == kernels.None {
		return
	}
	const most = chunkVectors * kernels.Block
	total := m.values(p.n)
	p.team.run((total+most-1)/most, func(w *worker, task int) {
		first, last := task*most, min((task+1)*most, total)
		var before []float32
		if act == kernels.SiLU {
			before = pre[first:last]
		}
		p.slope(w, act, m.grad[first:last], m.data[first:last], before)
	})
}
