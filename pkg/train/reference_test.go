package train

import (
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/effnet/effnet/pkg/kernels"
	"github.com/effnet/effnet/pkg/model"
	"github.com/effnet/effnet/pkg/profile"
)

// reference is a tail as naive loops in float64, forward only: what central
// differences are taken of.
type reference struct {
	steps   []model.Step
	params  map[string][]float64
	epsilon float64
	dropout func(i, channel int) float64
	loss    loss
	kept    []map[int]*array // by picture, of keep
}

func newReference(t *Tail, v model.Variant, prof profile.Profile, params model.Params, blocks int) *reference {
	steps, _ := stepsFrom(v, prof, blocks, t.classes)
	r := &reference{steps: steps, params: map[string][]float64{}, epsilon: prof.BNEps}
	r.loss = loss{classes: t.classes, smoothing: t.options.LabelSmoothing}
	for name, p := range params {
		for _, x := range p.Data {
			r.params[name] = append(r.params[name], float64(x))
		}
	}
	return r
}

// array is a picture's activations, [H·W·C].
type array struct {
	m    model.Map
	data []float64
}

func newArray(m model.Map) *array { return &array{m, make([]float64, m.H*m.W*m.C)} }

func activated(act kernels.Activation, x float64) float64 {
	switch act {
	case kernels.ReLU6:
		return min(max(x, 0), 6)
	case kernels.SiLU:
		return x / (1 + math.Exp(-x))
	}
	return x
}

// keep remembers all activations of a batch, for meanFrom.
func (r *reference) keep(b Batch) {
	r.kept = nil
	for i := range b.Labels {
		in := newArray(r.steps[0].In)
		for j := range in.data {
			in.data[j] = float64(b.X.Data[i*len(in.data)+j])
		}
		arrays := map[int]*array{in.m.ID: in}
		r.run(arrays, 0, i)
		r.kept = append(r.kept, arrays)
	}
}

// run computes the activations of picture i from a step on.
func (r *reference) run(arrays map[int]*array, first, i int) (logits []float64) {
	for _, s := range r.steps[first:] {
		out := r.step(s, arrays[s.In.ID], i)
		if s.Residual != nil {
			for j, v := range arrays[s.Residual.ID].data {
				out.data[j] += v
			}
		}
		arrays[s.Out.ID] = out
		logits = out.data
	}
	return logits
}

// meanFrom is the weighted loss of the batch that was kept, where only
// parameters from a step on have changed.
func (r *reference) meanFrom(first int, b Batch) float64 {
	total, sum := 0.0, 0.0
	grad := make([]float64, r.loss.classes)
	for i, label := range b.Labels {
		w := 1.0
		if b.Weights != nil {
			w = float64(b.Weights[i])
		}
		value, _ := r.loss.of(r.run(maps.Clone(r.kept[i]), first, i), label, grad)
		sum += w * value
		total += w
	}
	return sum / total
}

func (r *reference) step(s model.Step, in *array, i int) *array {
	switch s.Op {
	case model.SqueezeExcite:
		return r.squeezeExcite(s, in)
	case model.Pool:
		out := newArray(s.Out)
		for j, v := range in.data {
			out.data[j%in.m.C] += v / float64(in.m.Pixels())
		}
		return out
	case model.Linear:
		kept := newArray(s.In)
		for c, v := range in.data {
			kept.data[c] = v
			if r.dropout != nil {
				kept.data[c] *= r.dropout(i, c)
			}
		}
		return &array{s.Out, r.linear(s.Name, kept.data)}
	}
	return r.convolution(s, in)
}

// linear is a fully connected layer.
func (r *reference) linear(name string, in []float64) []float64 {
	out := append([]float64(nil), r.params[name+".bias"]...)
	w := r.params[name+".weight"]
	for i := range out {
		for j, v := range in {
			out[i] += w[i*len(in)+j] * v
		}
	}
	return out
}

func (r *reference) squeezeExcite(s model.Step, in *array) *array {
	means := make([]float64, in.m.C)
	for j, v := range in.data {
		means[j%in.m.C] += v / float64(in.m.Pixels())
	}
	hidden := r.linear(s.Name+".reduce", means)
	for j := range hidden {
		hidden[j] = activated(s.Activation, hidden[j])
	}
	gates := r.linear(s.Name+".expand", hidden)
	out := newArray(s.Out)
	for j, v := range in.data {
		out.data[j] = v / (1 + math.Exp(-gates[j%in.m.C]))
	}
	return out
}

func (r *reference) convolution(s model.Step, in *array) *array {
	out := newArray(s.Out)
	w := r.params[s.Name+".conv.weight"]
	stat := func(name string, c int) float64 { return r.params[s.Name+".norm."+name][c] }
	k := s.Kernel
	for o := range s.Out.C {
		scale := stat("weight", o) / math.Sqrt(stat("variance", o)+r.epsilon)
		offset := stat("bias", o) - stat("mean", o)*scale
		for y := range s.Out.H {
			for x := range s.Out.W {
				sum := 0.0
				for t := range k * k {
					iy, ix := y*s.Stride-s.PadTop+t/k, x*s.Stride-s.PadLeft+t%k
					if iy < 0 || iy >= in.m.H || ix < 0 || ix >= in.m.W {
						continue
					}
					pixel := in.data[(iy*in.m.W+ix)*in.m.C:][:in.m.C]
					if s.Op == model.Depthwise {
						pixel = pixel[o : o+1]
					}
					for c, v := range pixel {
						sum += w[(o*len(pixel)+c)*k*k+t] * v
					}
				}
				out.data[(y*s.Out.W+x)*s.Out.C+o] = activated(s.Activation, sum*scale+offset)
			}
		}
	}
	return out
}

// tinyVariants are networks with every kind of step, of few channels whose
// number fills no block.
func tinyVariants() []model.Variant {
	base := model.Variant{Stem: 8, Head: 40, WidthMult: 1, DepthMult: 1, Resolution: 33, RoundLimit: 0.9}
	v1, lite, v2 := base, base, base
	v1.Name, v1.Activation = "tiny-v1", kernels.SiLU
	v1.Stages = []model.Stage{
		{Op: model.MBConv, ExpandRatio: 1, KernelSize: 3, Stride: 1, InChannels: 8, OutChannels: 8, NumLayers: 2, SERatio: 0.25},
		{Op: model.MBConv, ExpandRatio: 3, KernelSize: 5, Stride: 2, InChannels: 8, OutChannels: 24, NumLayers: 2, SERatio: 0.25},
		{Op: model.MBConv, ExpandRatio: 2, KernelSize: 3, Stride: 2, InChannels: 24, OutChannels: 16, NumLayers: 1, SERatio: 0.25},
	}
	lite.Name, lite.Activation = "tiny-lite", kernels.ReLU6
	for _, s := range v1.Stages {
		s.SERatio = 0
		lite.Stages = append(lite.Stages, s)
	}
	v2.Name, v2.Activation = "tiny-v2", kernels.SiLU
	v2.Stages = []model.Stage{
		{Op: model.FusedMBConv, ExpandRatio: 1, KernelSize: 3, Stride: 1, InChannels: 8, OutChannels: 8, NumLayers: 2},
		{Op: model.FusedMBConv, ExpandRatio: 3, KernelSize: 3, Stride: 2, InChannels: 8, OutChannels: 24, NumLayers: 2},
		{Op: model.MBConv, ExpandRatio: 2, KernelSize: 3, Stride: 2, InChannels: 24, OutChannels: 40, NumLayers: 2, SERatio: 0.25},
	}
	return []model.Variant{v1, lite, v2}
}

// stepOf is the step that a parameter belongs to.
func (r *reference) stepOf(name string) int {
	return slices.IndexFunc(r.steps, func(s model.Step) bool { return strings.HasPrefix(name, s.Name+".") })
}
