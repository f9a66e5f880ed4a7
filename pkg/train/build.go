package train

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/effnet/effnet/pkg/kernels"
	"github.com/effnet/effnet/pkg/model"
	"github.com/effnet/effnet/pkg/profile"
)

// builder turns the steps of a network's end into layers.
type builder struct {
	tail    *Tail
	params  model.Params
	epsilon float64
	volumes map[int]*volume // by Map.ID
	err     error           // the first parameter that cannot be used
}

// stepsFrom is the steps after the network's first frozen blocks, and the name
// of the last frozen one; everything where blocks is all of them.
func stepsFrom(v model.Variant, prof profile.Profile, blocks, classes int) (steps []model.Step, start string) {
	steps = model.Trace(v, prof.Padding, prof.Resolution, classes)
	all := v.Blocks()
	if blocks == len(all) {
		return steps, ""
	}
	start = all[len(all)-blocks-1].Name()
	last := 0
	for i, s := range steps {
		if strings.HasPrefix(s.Name, start+".") {
			last = i
		}
	}
	return steps[last+1:], start
}

// check holds the parameters of the steps to their specs.
func check(v model.Variant, params model.Params, steps []model.Step, classes int) error {
	var problems []string
	for _, spec := range v.ParamSpecs(classes) {
		ours := slices.ContainsFunc(steps, func(s model.Step) bool { return strings.HasPrefix(spec.Name, s.Name+".") })
		if !ours || strings.HasPrefix(spec.Name, "classifier.") {
			continue
		}
		p, ok := params[spec.Name]
		if !ok {
			problems = append(problems, fmt.Sprintf("tensor %q is missing (expected shape %v)", spec.Name, spec.Shape))
		} else if !slices.Equal(p.Shape, spec.Shape) {
			problems = append(problems, fmt.Sprintf("tensor %q has shape %v, expected %v", spec.Name, p.Shape, spec.Shape))
		}
	}
	if problems != nil {
		return &model.ParamsError{Problems: problems}
	}
	return nil
}

func (b *builder) build(steps []model.Step) {
	b.volumes = map[int]*volume{}
	b.tail.input = b.newVolume(steps[0].In)
	b.tail.input.noGrad = true
	for _, s := range steps {
		b.step(s)
	}
	b.tail.output = b.volumes[steps[len(steps)-1].Out.ID]
}

func (b *builder) newVolume(m model.Map) *volume {
	b.volumes[m.ID] = &volume{h: m.H, w: m.W, c: m.C}
	return b.volumes[m.ID]
}

func (b *builder) step(s model.Step) {
	in, out := b.volumes[s.In.ID], b.newVolume(s.Out)
	var residual *volume
	if s.Residual != nil {
		residual = b.volumes[s.Residual.ID]
		residual.addend = out
	}
	apart := residual != nil && (s.Activation != kernels.None || b.tail.options.StochasticDepth > 0)
	sum := out
	if apart {
		out, residual = &volume{h: out.h, w: out.w, c: out.c}, nil
	}
	switch s.Op {
	case model.Stem, model.Conv:
		l := newConv(b.tail.pass.set, s, in, out)
		l.weight, l.norm, l.residual = b.parameter(s.Name+".conv.weight"), b.norm(s.Name), residual
		b.add(l, in, out)
	case model.Pointwise:
		l := &pointwise{in: in, out: out, act: s.Activation, residual: residual}
		l.weight, l.norm = b.parameter(s.Name+".conv.weight"), b.norm(s.Name)
		l.init(b.tail.pass.set)
		b.add(l, in, out)
	case model.Depthwise:
		l := newDepthwise(s, in, out)
		l.weight, l.norm = b.parameter(s.Name+".conv.weight"), b.norm(s.Name)
		b.add(l, in, out)
	case model.SqueezeExcite:
		b.squeezeExcite(s, in, out)
	case model.Pool:
		b.add(&pool{in: in, out: out}, in, out)
	case model.Linear:
		b.linear(s, in, out)
	default:
		panic(fmt.Sprintf("train: no layer computes %q", s.Op))
	}
	if apart {
		b.addResidual(s, out, sum)
	}
}

func (b *builder) add(l layer, in, out *volume) {
	b.tail.steps = append(b.tail.steps, step{l, in, out})
}

// addResidual makes a residual's layer. The share of stochastic depth grows
// with the block's place, from 0 at the first to what is asked for at the last.
func (b *builder) addResidual(s model.Step, branch, out *volume) {
	blocks := b.tail.variant.Blocks()
	place := slices.IndexFunc(blocks, func(x model.Block) bool { return strings.HasPrefix(s.Name, x.Name()+".") })
	b.add(&add{
		branch: branch, in: b.volumes[s.Residual.ID], out: out, block: place,
		share: b.tail.options.StochasticDepth * float64(place) / float64(max(1, len(blocks)-1)),
	}, branch, out)
}

func (b *builder) squeezeExcite(s model.Step, in, out *volume) {
	l := newSqueezeExcite(in, out, s.Hidden, s.Activation)
	for _, part := range []struct {
		name  string
		layer *pointwise
	}{{".reduce", l.reduce}, {".expand", l.expand}} {
		part.layer.weight = b.parameter(s.Name + part.name + ".weight")
		part.layer.bias = b.parameter(s.Name + part.name + ".bias")
		part.layer.init(b.tail.pass.set)
	}
	b.add(l, in, out)
}

// linear makes dropout and classifier.
func (b *builder) linear(s model.Step, in, out *volume) {
	if share := b.tail.options.Dropout; share > 0 {
		kept := &volume{h: 1, w: 1, c: in.c}
		b.add(&dropout{in: in, out: kept, share: share}, in, kept)
		in = kept
	}
	l := &pointwise{in: in, out: out}
	l.weight, l.bias = b.classifier(s.Name+".weight", out.c, in.c), b.classifier(s.Name+".bias", out.c)
	l.init(b.tail.pass.set)
	b.add(l, in, out)
}

// parameter copies a parameter to be trained.
func (b *builder) parameter(name string) *Parameter {
	return b.newParameter(name, b.params[name].Shape, slices.Clone(b.values(name)))
}

// newParameter keeps values.
func (b *builder) newParameter(name string, shape []int, values []float32) *Parameter {
	p := &Parameter{
		Name: name, Shape: slices.Clone(shape), Value: values, Grad: make([]float32, len(values)),
		Decay: !strings.HasSuffix(name, ".bias"),
	}
	b.tail.parameters = append(b.tail.parameters, p)
	return p
}

// values gives the values of a tensor, as many as its shape says, and
// remembers the first that cannot be had or used.
func (b *builder) values(name string) []float32 {
	p := b.params[name]
	n := 1
	for _, d := range p.Shape {
		n *= d
	}
	values, err := p.Values()
	switch {
	case err != nil:
		err = fmt.Errorf("tensor %q: %w", name, err)
	case len(values) != n:
		err = fmt.Errorf("tensor %q has %d values, expected %d", name, len(values), n)
	case slices.ContainsFunc(values, func(v float32) bool { return v-v != 0 }):
		err = fmt.Errorf("tensor %q holds NaN or Inf", name)
	default:
		return values
	}
	if b.err == nil {
		b.err = err
	}
	return make([]float32, n)
}

// classifier is a parameter of the last layer: the given one where it has the
// shape, else new: weights uniform in ±1/√inputs by the seed, biases zero.
func (b *builder) classifier(name string, shape ...int) *Parameter {
	if p, ok := b.params[name]; ok && slices.Equal(p.Shape, shape) {
		return b.parameter(name)
	}
	values := make([]float32, shape[0])
	if len(shape) == 2 {
		values = model.Stream(name, b.tail.options.Seed, shape[0]*shape[1])
		for i := range values {
			values[i] /= float32(math.Sqrt(float64(shape[1])))
		}
	}
	return b.newParameter(name, shape, values)
}

func (b *builder) norm(name string) *norm { return newNorm(b.values, name, b.epsilon) }
