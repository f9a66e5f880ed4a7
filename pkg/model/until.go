package model

import (
	"fmt"
	"strings"

	"github.com/effnet/effnet/pkg/kernels"
	"github.com/effnet/effnet/pkg/profile"
	"github.com/effnet/effnet/pkg/tensor"
)

// CompileUntil is Compile for the network's beginning: the plan ends with the
// named block, "stages.5.3", or with "stem" or "head", the map before pooling.
// Its Run gives what that puts out as NHWC values of OutputShape. Parameters of
// later steps may be missing and are not looked at. A block that the variant
// does not have is an error.
func CompileUntil(v Variant, prof profile.Profile, params Params, set *kernels.Set, block string) (*Plan, error) {
	if err := prof.Validate(); err != nil {
		return nil, err
	}
	steps := Trace(v, prof.Padding, prof.Resolution, params.classes())
	end := endOf(steps, block)
	if end == 0 {
		return nil, fmt.Errorf("%s has no block %q", v.Name, block)
	}
	return compileSteps(v, prof, params, set, steps[:end])
}

// endOf is the number of steps up to the last one of a block, 0 where there is
// no such block.
func endOf(steps []Step, block string) int {
	for i := len(steps) - 1; i >= 0; i-- {
		if name := steps[i].Name; blockOf(name) == block && steps[i].Op != Pool && steps[i].Op != Linear {
			return i + 1
		}
	}
	return 0
}

// blockOf is the block of a step, "stages.5.3", or its own name outside of
// blocks.
func blockOf(step string) string {
	if parts := strings.SplitN(step, ".", 4); len(parts) == 4 {
		return strings.Join(parts[:3], ".")
	}
	return step
}

// OutputShape is the shape of what Run computes of n pictures: logits
// n×1×1×classes, or the activations of a plan of CompileUntil.
func (p *Plan) OutputShape(n int) tensor.Shape {
	return tensor.Shape{N: n, H: p.output.H, W: p.output.W, C: p.output.C}
}
