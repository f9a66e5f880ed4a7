package model

import (
	"strings"

	"github.com/effnet/effnet/pkg/kernels"
	"github.com/effnet/effnet/pkg/profile"
)

// Summary is what a variant costs for one picture of Resolution × Resolution
// pixels. Bytes are of float32.
type Summary struct {
	Variant             Variant
	Resolution, Classes int
	Cost
	ArenaBytes int64 // of all activations in a plan, which share memory
	Stages     []StageSummary
	Layers     []LayerSummary
}

// Cost is the price of a part of a network, or of the whole.
type Cost struct {
	Params          int64 // without running statistics, as torchvision counts
	MACs            int64 // multiply-adds
	ActivationBytes int64 // every step's output, as if nothing were reused
}

func (c *Cost) add(o Cost) {
	c.Params += o.Params
	c.MACs += o.MACs
	c.ActivationBytes += o.ActivationBytes
}

// WeightBytes is the size of the parameters.
func (c Cost) WeightBytes() int64 { return bytesPerValue * c.Params }

const bytesPerValue = 4

// Field is what one output pixel sees of the picture, in pixels of the
// picture: Size × Size of them, Jump apart from what its neighbour sees.
// Squeeze-and-excitation, which looks at all of a map, does not count.
type Field struct{ Size, Jump int }

// through is the field after a window of kernel pixels and a stride.
func (f Field) through(kernel, stride int) Field {
	return Field{Size: f.Size + (kernel-1)*f.Jump, Jump: f.Jump * stride}
}

// StageSummary is a stage, or one of the steps around the stages.
type StageSummary struct {
	Name                   string // "stem", "stages.0" …, "head", "pool", "classifier"
	Op                     string // a BlockOp, or the Op of the only step
	ExpandRatio            int    // of blocks
	SERatio                float64
	Kernel, Stride, Layers int // stride of the first block, number of blocks
	Out                    Map
	Cost
	Field Field
}

// LayerSummary is a step.
type LayerSummary struct {
	Step
	Cost  Cost
	Field Field
	// Operation is the operation of the plan that computes the step, named
	// after its last step.
	Operation string
	// Kernels names that operation's kernels and tiles, on its last step.
	Kernels string
	// ScalesWeights marks a squeeze-and-excitation that scales the weights of
	// the projection rather than the activations.
	ScalesWeights bool
}

// Summarize follows the forward pass of v and plans it for the kernels of set,
// without weights. Sizes must be as profile.Validate wants them, and classes
// at least 1.
func Summarize(v Variant, padding profile.Padding, resolution, classes int, set *kernels.Set) Summary {
	steps := Trace(v, padding, resolution, classes)
	c := &compiler{plan: &Plan{set: set, memory: &kernels.Memory{}, steps: steps}, dry: true}
	defer c.plan.memory.Release()
	c.operations()
	s := Summary{Variant: v, Resolution: resolution, Classes: classes}
	s.ArenaBytes = bytesPerValue * int64(c.buffers.plan().total)
	s.layers(steps, c.plan.operations, set)
	s.stages()
	return s
}

func (s *Summary) layers(steps []Step, operations []operation, set *kernels.Set) {
	field := Field{Size: 1, Jump: 1}
	for _, step := range steps {
		last, _ := operations[0].outcome()
		l := LayerSummary{Step: step, Operation: last.Name}
		switch step.Op {
		case SqueezeExcite:
			se, ok := operations[0].(*squeezeExcite)
			l.ScalesWeights = ok && se.scaled != noBuffer
		case Pool:
			field = field.through(step.In.H, step.In.H)
		case Stem, Conv, Depthwise:
			field = field.through(step.Kernel, step.Stride)
		}
		l.Field = field
		l.Cost = Cost{step.Params(), step.MACs(), bytesPerValue * int64(step.Out.Pixels()) * int64(step.Out.C)}
		s.Cost.add(l.Cost)
		s.Layers = append(s.Layers, l)
		if last.Name == step.Name {
			s.Layers[len(s.Layers)-1].Kernels = operations[0].kernels(set)
			operations = operations[1:]
		}
	}
}

// stages sums the layers up.
func (s *Summary) stages() {
	first, blocks := map[string]Block{}, map[string]int{}
	for _, b := range s.Variant.Blocks() {
		name := stageOf(b.Name())
		if blocks[name] == 0 {
			first[name] = b
		}
		blocks[name]++
	}
	for _, l := range s.Layers {
		name := stageOf(l.Name)
		if n := len(s.Stages); n == 0 || s.Stages[n-1].Name != name {
			stage := StageSummary{Name: name, Op: string(l.Op), Kernel: l.Kernel, Stride: l.Stride, Layers: 1}
			if b, ok := first[name]; ok {
				row := s.Variant.Stages[b.Stage]
				stage.Op, stage.ExpandRatio, stage.SERatio = string(b.Op), row.ExpandRatio, row.SERatio
				stage.Kernel, stage.Stride, stage.Layers = b.KernelSize, b.Stride, blocks[name]
			}
			s.Stages = append(s.Stages, stage)
		}
		stage := &s.Stages[len(s.Stages)-1]
		stage.Out, stage.Field = l.Out, l.Field
		stage.Cost.add(l.Cost)
	}
}

// stageOf cuts a step's name after the stage.
func stageOf(step string) string {
	if rest, ok := strings.CutPrefix(step, "stages."); ok {
		i, _, _ := strings.Cut(rest, ".")
		return "stages." + i
	}
	return step
}
