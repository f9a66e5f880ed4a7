package keras

import (
	"fmt"
	"slices"

	"github.com/effnet/effnet/pkg/kernels"
	"github.com/effnet/effnet/pkg/model"
	"github.com/effnet/effnet/pkg/profile"
	"github.com/effnet/effnet/pkg/weights/state"
)

const silu = kernels.SiLU

// scheme tells Keras' applications from the package efficientnet, whose
// networks begin with their first convolution.
func (n *network) scheme(v model.Variant) string {
	if second(v) || !n.complete || slices.ContainsFunc(n.list, (*layer).normalises) {
		return Keras
	}
	return Qubvel
}

func (l *layer) normalises() bool { return l.class == classRescaling || l.class == classNormalize }

// second tells EfficientNetV2, and small its B0 to B3, which have the
// normalisation of the first version.
func second(v model.Variant) bool { return v.Stages[0].Op == model.FusedMBConv }

func small(v model.Variant) bool { return second(v) && v.Stages[0].OutChannels == 16 }

// profile is how pictures are prepared and convolutions pad.
func (n *network) profile(v model.Variant, classes int) (profile.Profile, error) {
	p := profile.ImageNet(v.Resolution)
	p.Padding, p.BNEps = profile.Same, defaultEpsilon
	note := fmt.Sprintf("resolution %d, ", p.Resolution)
	if n.side >= profile.MinResolution && n.side <= profile.MaxResolution {
		p.Resolution, note = n.side, ""
	}
	if p.Crop = 1; !second(v) || small(v) {
		const around = 32
		p.Crop = float64(p.Resolution) / float64(p.Resolution+around)
	}
	n.note("%scrop %.3g and %s, as the published weights are evaluated", note, p.Crop, p.Interpolation)
	n.notePadding(v, p.Resolution)
	if err := n.epsilon(&p); err != nil {
		return p, err
	}
	input, err := n.input(v, classes)
	if err != nil {
		return p, err
	}
	p.Mean, p.Std = input.mean, input.std
	return p, input.check()
}

func (n *network) note(format string, args ...any) {
	n.notes = append(n.notes, fmt.Sprintf(format, args...))
}

// epsilon is that of the batch norms, which must have one in common.
func (n *network) epsilon(p *profile.Profile) error {
	first := true
	for q, l := range n.parts {
		if !q.norm || l.config == nil {
			continue
		}
		if eps := l.epsilon(); first {
			p.BNEps, first = eps, false
		} else if eps != p.BNEps {
			return state.Refuse("batch norms with the epsilons %v and %v", p.BNEps, eps)
		}
	}
	return nil
}
