package keras

import (
	"math"

	"github.com/effnet/effnet/pkg/model"
	"github.com/effnet/effnet/pkg/profile"
	"github.com/effnet/effnet/pkg/weights/state"
)

// affine is what the layers in front of the network make of a pixel: of a
// channel x in units of 0 to 1 it is (x - mean)/std.
type affine struct{ mean, std [3]float64 }

// pixels are 0 to 255.
func pixels() affine { return affine{std: all(1. / 255)} }

func all(x float64) [3]float64 { return [3]float64{x, x, x} }

// rescale multiplies and adds.
func (a *affine) rescale(scale, offset [3]float64) {
	for c := range 3 {
		a.std[c] /= scale[c]
		a.mean[c] -= offset[c] * a.std[c]
	}
}

// normalize takes away a mean and divides by a deviation, which Keras holds
// above its smallest number.
func (a *affine) normalize(mean, variance [3]float64) {
	const least = 1e-7
	for c := range 3 {
		a.mean[c] += mean[c] * a.std[c]
		a.std[c] *= max(math.Sqrt(variance[c]), least)
	}
}

// check refuses what no profile can say.
func (a affine) check() error {
	for c := range 3 {
		if !(a.std[c] > 0) || math.IsInf(a.std[c], 0) || math.IsNaN(a.mean[c]) || math.IsInf(a.mean[c], 0) {
			return state.Refuse("the layers in front of the network normalise channel %d with mean %v and std %v", c, a.mean[c], a.std[c])
		}
	}
	return nil
}

// input is the normalisation: what the layers in front of the network say, or
// what the applications of Keras have where the file shows layers, but not
// what they do.
func (n *network) input(v model.Variant, classes int) (affine, error) {
	if n.configured {
		return n.configuredInput(v)
	}
	norm, rescalings := n.normalizing()
	if norm != nil && len(norm.vars) > 0 {
		return n.firstVersion(norm, rescalings, classes)
	}
	a := pixels()
	switch {
	case norm != nil, !n.complete && small(v):
		a.rescale(all(1./255), all(0))
		a.normalize(imageNet())
	case rescalings > 0, !n.complete && second(v):
		a.rescale(all(1./128), all(-1))
	default:
		return n.unprepared(v), nil
	}
	if !n.complete {
		n.note("the network begins with its own normalisation, as include_preprocessing=True makes it")
	}
	return a, nil
}

func imageNet() (mean, variance [3]float64) {
	p := profile.ImageNet(profile.MinResolution)
	for c := range 3 {
		variance[c] = p.Std[c] * p.Std[c]
	}
	return p.Mean, variance
}

// unprepared is for networks without any normalisation of their own.
func (n *network) unprepared(v model.Variant) affine {
	a := pixels()
	if second(v) {
		n.note("mean and std 0.5, as Keras asks for without include_preprocessing")
		a.rescale(all(1/127.5), all(-1))
		return a
	}
	n.note("mean and std of ImageNet")
	a.rescale(all(1./255), all(0))
	a.normalize(imageNet())
	return a
}

// normalizing finds the Normalization layer and counts the Rescaling layers
// beside it, in the same model.
func (n *network) normalizing() (norm *layer, rescalings int) {
	for _, l := range n.list {
		if l.class == classNormalize && norm == nil {
			norm = l
		}
	}
	for _, l := range n.list {
		if l.class == classRescaling && (norm == nil || l.nested == norm.nested && (!l.nested || l.top == norm.top)) {
			rescalings++
		}
	}
	return norm, rescalings
}

// firstVersion is 1/255, the Normalization layer, and in networks that were
// built with weights="imagenet" a division by the square root of ImageNet's
// deviations: the published weights hold those where variances belong.
func (n *network) firstVersion(norm *layer, rescalings, classes int) (affine, error) {
	a := pixels()
	a.rescale(all(1./255), all(0))
	mean, variance, err := norm.moments()
	if err != nil {
		return a, err
	}
	a.normalize(mean, variance)
	published := true
	deviations := profile.ImageNet(profile.MinResolution).Std
	for c := range 3 {
		published = published && math.Abs(variance[c]-deviations[c]) < 1e-4
	}
	again := rescalings > 1
	if published && !again {
		const imageNetClasses = 1000
		again = !n.complete || classes == imageNetClasses
		what := "no second division by the deviations, which weights=\"imagenet\" has: the file lists none"
		if again {
			what = "a second division by the deviations, as weights=\"imagenet\" has it"
		}
		n.note("%s", what)
	}
	if again {
		var scale [3]float64
		for c := range 3 {
			scale[c] = 1 / math.Sqrt(deviations[c])
		}
		a.rescale(scale, all(0))
	}
	return a, nil
}

// moments are mean and variance of a Normalization layer, of its arrays or
// its configuration.
func (l *layer) moments() (mean, variance [3]float64, err error) {
	for _, m := range []struct {
		kind string
		of   func(*config) numbers
		into *[3]float64
	}{
		{"mean", func(c *config) numbers { return c.Mean }, &mean},
		{"variance", func(c *config) numbers { return c.Variance }, &variance},
	} {
		var list numbers
		if l.config != nil {
			list = m.of(l.config)
		}
		if t, ok := l.find(m.kind); ok && list == nil {
			if n := t.data.Len(); n != 1 && n != 3 {
				return mean, variance, state.Refuse("tensor %s has shape %v, expected [3]", state.Quote(t.name), t.data.Shape)
			}
			values, err := t.values()
			if err != nil {
				return mean, variance, err
			}
			for _, x := range values {
				list = append(list, float64(x))
			}
		}
		if *m.into, err = list.channels(l, m.kind); err != nil {
			return mean, variance, err
		}
	}
	return mean, variance, nil
}

// channels gives each channel its number; one number is for all of them.
func (n numbers) channels(l *layer, what string) ([3]float64, error) {
	switch len(n) {
	case 3:
		return [3]float64(n), nil
	case 1:
		return all(n[0]), nil
	}
	return [3]float64{}, state.Refuse("%s has %d numbers for its %s, expected 3", l.title(), len(n), what)
}
