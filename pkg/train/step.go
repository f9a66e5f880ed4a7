package train

import (
	"context"
	"fmt"
	"runtime"
	"slices"

	"github.com/effnet/effnet/pkg/kernels"
	"github.com/effnet/effnet/pkg/tensor"
)

// Batch is pictures with their labels.
type Batch struct {
	X      *tensor.Tensor // of InputShape
	Labels []int          // one a picture, in [0, classes); 0 or 1 for a sigmoid
	// Weights says how much each picture counts; nil means 1.
	Weights []float32
	// Total is what the sum of weighted losses is divided by; 0 means the sum of
	// the weights. Whoever cuts a batch into several steps gives the whole
	// batch's.
	Total float64
	// Serial numbers the batch: with the seed it decides what dropout and
	// stochastic depth draw.
	Serial uint64
}

// weight is how much picture i counts.
func (b *Batch) weight(i int) float64 {
	if b.Weights == nil {
		return 1
	}
	return float64(b.Weights[i])
}

// total is what losses are divided by.
func (b *Batch) total() float64 {
	total := b.Total
	for i := range b.Labels {
		if b.Total == 0 {
			total += b.weight(i)
		}
	}
	return total
}

// Outcome is what a step saw.
type Outcome struct {
	Loss float64 // weighted, over Total
	Hits int     // pictures whose label had the largest logit
}

// Step computes the loss of a batch and adds its gradients to the parameters'.
// After an error of ctx the gradients are of no use.
func (t *Tail) Step(ctx context.Context, b Batch) (Outcome, error) {
	if err := t.check(b); err != nil {
		return Outcome{}, err
	}
	t.pass.train, t.pass.serial = true, b.Serial
	if err := t.forward(ctx, b.X); err != nil {
		return Outcome{}, err
	}
	outcome := t.lossGrad(b)
	for _, s := range slices.Backward(t.steps) {
		if err := ctx.Err(); err != nil {
			return Outcome{}, err
		}
		s.backward(&t.pass)
	}
	runtime.KeepAlive(t) // kernels hold plain addresses
	return outcome, nil
}

// Logits computes [N][classes] of a batch [N, H, W, C] without dropout.
func (t *Tail) Logits(ctx context.Context, x *tensor.Tensor) ([][]float32, error) {
	if err := t.checkInput(x); err != nil {
		return nil, err
	}
	t.pass.train = false
	if err := t.forward(ctx, x); err != nil {
		return nil, err
	}
	logits := make([][]float32, x.Shape.N)
	for i := range logits {
		logits[i] = make([]float32, t.classes)
		for c := range t.classes {
			logits[i][c] = t.output.data[t.output.plane(t.pass.n, c/kernels.Block, i)+c%kernels.Block]
		}
	}
	runtime.KeepAlive(t)
	return logits, nil
}

func (t *Tail) checkInput(x *tensor.Tensor) error {
	if s := x.Shape; s.N < 1 || s != t.InputShape(s.N) || len(x.Data) != s.Len() {
		return fmt.Errorf("input of shape %v, expected %v", s, t.InputShape(max(1, s.N)))
	}
	return nil
}

func (t *Tail) check(b Batch) error {
	if err := t.checkInput(b.X); err != nil {
		return err
	}
	n := b.X.Shape.N
	if len(b.Labels) != n || b.Weights != nil && len(b.Weights) != n {
		return fmt.Errorf("%d pictures with %d labels and %d weights", n, len(b.Labels), len(b.Weights))
	}
	if total := b.total(); !(total > 0) {
		return fmt.Errorf("weights sum up to nothing: %v", total)
	}
	for _, label := range b.Labels {
		if label < 0 || label >= max(2, t.classes) {
			return fmt.Errorf("label %d of %d classes", label, t.classes)
		}
	}
	return nil
}

// forward runs all layers over a batch.
func (t *Tail) forward(ctx context.Context, x *tensor.Tensor) error {
	t.reserve(x.Shape.N)
	t.pack()
	t.input.fill(t.pass.team, x.Data, x.Shape.N)
	for _, s := range t.steps {
		if err := ctx.Err(); err != nil {
			return err
		}
		s.forward(&t.pass)
	}
	return nil
}

// pack gives the layers the parameters' values after a change.
func (t *Tail) pack() {
	if t.packed {
		return
	}
	var work []func()
	for _, s := range t.steps {
		work = append(work, s.pack()...)
	}
	t.pass.team.run(len(work), func(_ *worker, i int) { work[i]() })
	t.packed = true
}

// lossGrad computes the loss and its gradient by the logits.
func (t *Tail) lossGrad(b Batch) Outcome {
	n, total := t.pass.n, b.total()
	l := loss{classes: t.classes, smoothing: t.options.LabelSmoothing}
	logits, grad := make([]float64, t.classes), make([]float64, t.classes)
	clear(t.output.grad[:t.output.values(n)])
	var o Outcome
	for i := range n {
		logitsOf(t.output, n, i, logits)
		value, hit := l.of(logits, b.Labels[i], grad)
		f := b.weight(i) / total
		o.Loss += value * f
		if hit {
			o.Hits++
		}
		for c, g := range grad {
			t.output.grad[t.output.plane(n, c/kernels.Block, i)+c%kernels.Block] = float32(g * f)
		}
	}
	return o
}
