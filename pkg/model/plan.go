package model

import (
	"fmt"
	"runtime"
	"slices"
	"sync"

	"github.com/effnet/effnet/internal/cpu"
	"github.com/effnet/effnet/pkg/kernels"
	"github.com/effnet/effnet/pkg/profile"
)

// Plan is a compiled network: packed weights, operations in order, the place
// of every buffer. It is immutable; any number of Workspaces may run it at the
// same time.
type Plan struct {
	variant    Variant
	set        *kernels.Set
	steps      []Step
	operations []operation
	buffers    bufferPlan
	memory     *kernels.Memory // of the weights
	resolution int
	features   Map      // after pooling
	pooled     bufferID // of features, or noBuffer where the plan ends before
	classifier *linear  // the last operation, or nil where the plan ends before
	output     Map      // of the last step
}

// operation is one or several fused steps, cut into tasks that do not depend
// on each other. Results do not depend on how the tasks are cut or shared.
type operation interface {
	// outcome is the step whose output the operation leaves behind, and the
	// buffer that holds it.
	outcome() (Step, bufferID)
	// tasks is how many tasks there are for a number of threads.
	tasks(threads int) int
	// bind prepares what the operation keeps in a workspace.
	bind(ws *Workspace)
	// run does one task.
	run(w *worker, task int)
	// kernels names the kernels and the shape of their tiles.
	kernels(set *kernels.Set) string
}

// Compile folds batch norm, packs the weights for the kernels of set and
// plans the buffers of a variant. The classifier has as many outputs as its
// weights; params is not kept. The error is a *ParamsError where the
// parameters do not fit the variant.
func Compile(v Variant, prof profile.Profile, params Params, set *kernels.Set) (*Plan, error) {
	if err := prof.Validate(); err != nil {
		return nil, err
	}
	steps := Trace(v, prof.Padding, prof.Resolution, params.classes())
	return compileSteps(v, prof, params, set, steps)
}

// compileSteps makes the plan of a network's first steps.
func compileSteps(v Variant, prof profile.Profile, params Params, set *kernels.Set, steps []Step) (*Plan, error) {
	if err := params.check(specsOf(steps), v.ParamSpecs(params.classes())); err != nil {
		return nil, err
	}
	p := &Plan{
		memory: &kernels.Memory{}, variant: v, set: set, resolution: prof.Resolution,
		steps: steps, output: steps[len(steps)-1].Out, pooled: noBuffer,
	}
	c := &compiler{plan: p, params: params, epsilon: prof.BNEps}
	c.operations()
	parallel(c.packing)
	if len(c.problems) > 0 {
		p.memory.Release()
		slices.Sort(c.problems)
		return nil, &ParamsError{Problems: c.problems}
	}
	p.buffers = c.buffers.plan()
	runtime.AddCleanup(p, (*kernels.Memory).Release, p.memory)
	return p, nil
}

// Variant is the network that was compiled.
func (p *Plan) Variant() Variant { return p.variant }

// Classes is the number of logits of one picture, or of channels where the plan
// ends before the classifier.
func (p *Plan) Classes() int { return p.output.C }

// Features is the number of channels before the classifier.
func (p *Plan) Features() int { return p.features.C }

// Resolution is the side of the square input in pixels.
func (p *Plan) Resolution() int { return p.resolution }

// Tier names the instruction set whose kernels the plan uses.
func (p *Plan) Tier() cpu.Tier { return p.set.Tier }

// Steps lists the operations of the network in order.
func (p *Plan) Steps() []Step { return append([]Step(nil), p.steps...) }

// compiler turns steps into operations.
type compiler struct {
	plan    *Plan
	params  Params
	epsilon float64
	buffers bufferPlanner
	outputs map[int]bufferID // by Map.ID
	packing []func()
	dry     bool // only sizes are asked for: no memory for matrices

	mutex    sync.Mutex
	problems []string // with parameters that are loaded while they are packed
}

// operations fuses what produces a depthwise convolution's input into it and
// lets squeeze-and-excitation reach into the projection that follows.
func (c *compiler) operations() {
	c.outputs = map[int]bufferID{}
	steps := c.plan.steps
	for i := 0; i < len(steps); i++ {
		switch s := steps[i]; s.Op {
		case Stem:
			if opAt(steps, i+1) == Depthwise && !isAdded(s.Out, steps) {
				i++
				c.strip(&s, steps[i], opAt(steps, i+1) == SqueezeExcite)
			} else {
				c.stemConv(s)
			}
		case Conv:
			if byWinograd(s) {
				c.winograd(s)
			} else {
				c.conv(s)
			}
		case Pointwise:
			if opAt(steps, i+1) == Depthwise && !isAdded(s.Out, steps) {
				i++
				c.strip(&s, steps[i], opAt(steps, i+1) == SqueezeExcite)
			} else {
				c.pointwise(s, nil)
			}
		case Depthwise:
			c.strip(nil, s, opAt(steps, i+1) == SqueezeExcite)
		case SqueezeExcite:
			i++
			c.squeezeExcite(s, steps[i])
		case Pool:
			c.pool(s)
		case Linear:
			c.linear(s)
		default:
			panic(fmt.Sprintf("model: no operation computes %q", s.Op))
		}
	}
}

// opAt is the operator of step i, none behind the last.
func opAt(steps []Step, i int) Op {
	if i < len(steps) {
		return steps[i].Op
	}
	return ""
}

// isAdded tells whether a step adds the map to its output.
func isAdded(m Map, steps []Step) bool {
	return slices.ContainsFunc(steps, func(s Step) bool { return s.Residual != nil && s.Residual.ID == m.ID })
}

func (c *compiler) add(op operation) { c.plan.operations = append(c.plan.operations, op) }

// now is the index of the operation that is being made.
func (c *compiler) now() int { return len(c.plan.operations) }

// output makes the buffer of a map.
func (c *compiler) output(m Map) bufferID {
	id := c.buffers.add(kernels.Blocks(m.C)*kernels.Block*m.Pixels(), c.now())
	c.outputs[m.ID] = id
	return id
}

// input is the buffer of a map that the current operation reads.
func (c *compiler) input(m Map) bufferID {
	id, ok := c.outputs[m.ID]
	if !ok {
		panic(fmt.Sprintf("model: map %d was never stored", m.ID))
	}
	c.buffers.use(id, c.now())
	return id
}

// matrix takes memory for weights; all of a plan lie in the order of their use.
func (c *compiler) matrix(outputs, inputs, cols int) *kernels.Matrix {
	m := c.plan.set.NewMatrix(outputs, inputs, cols)
	if !c.dry {
		m.Allocate(c.plan.memory)
	}
	return m
}

// later queues the packing of weights.
func (c *compiler) later(f func()) { c.packing = append(c.packing, f) }

// parallel runs all of work on the processors that there are.
func parallel(work []func()) {
	var wg sync.WaitGroup
	queue := make(chan func(), len(work))
	for _, f := range work {
		queue <- f
	}
	close(queue)
	for range min(len(work), runtime.GOMAXPROCS(0)) {
		wg.Go(func() {
			for f := range queue {
				f()
			}
		})
	}
	wg.Wait()
}
