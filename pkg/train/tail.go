package train

import (
	"fmt"
	"iter"
	"maps"
	"runtime"
	"slices"

	"github.com/effnet/effnet/pkg/kernels"
	"github.com/effnet/effnet/pkg/model"
	"github.com/effnet/effnet/pkg/profile"
	"github.com/effnet/effnet/pkg/tensor"
)

// TailOptions say how a Tail is trained. The zero value is plain cross entropy on
// one thread.
type TailOptions struct {
	Threads int // goroutines that share the work of a batch; below 1 counts as 1
	// LabelSmoothing is the share of a label that goes to all classes evenly.
	LabelSmoothing float64
	// Dropout is the share of the pooled features that a step leaves out.
	Dropout float64
	// StochasticDepth is the share of pictures for which a step skips the last
	// block, where it has a residual; earlier blocks have smaller shares.
	StochasticDepth float64
	Seed            uint64 // of what is drawn, and of a new classifier
}

func (o TailOptions) validate() error {
	for _, share := range []struct {
		name  string
		value float64
	}{{"label smoothing", o.LabelSmoothing}, {"dropout", o.Dropout}, {"stochastic depth", o.StochasticDepth}} {
		if !(share.value >= 0 && share.value < 1) {
			return fmt.Errorf("%s of %v is not in [0, 1)", share.name, share.value)
		}
	}
	return nil
}

// Tail is the end of a network as something to train: blocks, head
// convolution, pooling, dropout and classifier, in float32. Batch norm stays as
// it is: an affine by the running statistics, folded into the convolutions,
// whose own weights get the gradients through it. It is not for use by several
// goroutines at once.
type Tail struct {
	variant model.Variant
	options TailOptions
	params  model.Params // as given
	start   string
	classes int

	parameters []*Parameter
	steps      []step
	input      *volume
	output     *volume // logits
	pass       pass
	gradients  gradPlanner
	memory     *kernels.Memory // of activations and gradients
	cleanup    runtime.Cleanup
	capacity   int  // pictures that memory is for
	packed     bool // the layers have the parameters' present values
}

// step is a layer between what it reads and what it writes.
type step struct {
	layer
	in, out *volume
}

// NewTail makes the end of v from its last blocks on, for pictures of prof's
// resolution. With all blocks the stem is part of it. The classifier of params
// is taken where it is for the given classes, else a new one is made; classes 1
// means a sigmoid for two. params is not modified; parameters in front of the
// tail are only kept for Params. The error is a *model.ParamsError where
// parameters are missing or misshapen.
func NewTail(v model.Variant, prof profile.Profile, params model.Params, blocks, classes int, set *kernels.Set, o TailOptions) (*Tail, error) {
	if err := prof.Validate(); err != nil {
		return nil, err
	}
	if err := o.validate(); err != nil {
		return nil, err
	}
	if all := len(v.Blocks()); blocks < 0 || blocks > all {
		return nil, fmt.Errorf("%s has %d blocks, not %d", v.Name, all, blocks)
	}
	if classes < 1 {
		return nil, fmt.Errorf("%d classes", classes)
	}
	steps, start := stepsFrom(v, prof, blocks, classes)
	if err := check(v, params, steps, classes); err != nil {
		return nil, err
	}
	t := &Tail{variant: v, options: o, params: params, start: start, classes: classes, memory: &kernels.Memory{}}
	t.pass = pass{set: set, team: newTeam(o.Threads), seed: o.Seed}
	b := &builder{tail: t, params: params, epsilon: prof.BNEps}
	b.build(steps)
	if b.err != nil {
		return nil, &model.ParamsError{Problems: []string{b.err.Error()}}
	}
	t.planGradients()
	return t, nil
}

// planGradients follows the backward pass: a gradient's memory is free again
// once its layer has run, or, where it is also a residual's, once what it is
// added to is known.
func (t *Tail) planGradients() {
	g := &t.gradients
	g.take(t.output)
	waiting := map[*volume]bool{}
	for _, s := range t.steps {
		if s.in.addend != nil && !s.in.noGrad {
			waiting[s.in.addend] = true
		}
	}
	for _, s := range slices.Backward(t.steps) {
		if !s.in.noGrad {
			g.take(s.in)
		}
		if !waiting[s.out] {
			g.release(s.out)
		}
		if s.in.addend != nil && !s.in.noGrad {
			g.release(s.in.addend)
		}
	}
}

// reserve takes memory for n pictures, unless there is enough.
func (t *Tail) reserve(n int) {
	t.pass.n = n
	if n <= t.capacity {
		return
	}
	if t.capacity > 0 {
		t.cleanup.Stop()
		t.memory.Release()
	}
	t.memory, t.capacity = &kernels.Memory{}, n
	for _, slot := range t.gradients.slots {
		slot.data = t.memory.Alloc(slot.values * n)
	}
	t.input.data = t.memory.Alloc(t.input.values(n))
	for _, s := range t.steps {
		s.out.data = t.memory.Alloc(s.out.values(n))
		s.reserve(&t.pass, t.memory, n)
	}
	for _, s := range t.steps {
		s.out.grad = s.out.slot.data
	}
	t.cleanup = runtime.AddCleanup(t, (*kernels.Memory).Release, t.memory)
}

// Start names the block after which the tail begins, for model.CompileUntil; ""
// where it begins with the picture.
func (t *Tail) Start() string { return t.start }

// InputShape is the shape of n pictures' input: what the block Start puts out,
// or the normalised pictures themselves.
func (t *Tail) InputShape(n int) tensor.Shape {
	return tensor.Shape{N: n, H: t.input.h, W: t.input.w, C: t.input.c}
}

// Classes is the number of logits of a picture.
func (t *Tail) Classes() int { return t.classes }

// Parameters goes over what is trained, in the order of the network.
func (t *Tail) Parameters() iter.Seq[*Parameter] { return slices.Values(t.parameters) }

// Changed tells that values of parameters are others than at the last step.
func (t *Tail) Changed() { t.packed = false }

// ZeroGradients forgets all gradients.
func (t *Tail) ZeroGradients() {
	for _, p := range t.parameters {
		clear(p.Grad)
	}
}

// Params is all parameters of the network by their canonical names, as
// model.Compile wants them: copies of what is trained, and the rest as it was
// given.
func (t *Tail) Params() model.Params {
	all := maps.Clone(t.params)
	for _, p := range t.parameters {
		all[p.Name] = model.Param{Shape: slices.Clone(p.Shape), Data: slices.Clone(p.Value)}
	}
	return all
}
