package train

import (
	"fmt"
	"math"
)

// AdamWOptions are the constants of AdamW (Loshchilov and Hutter 2019). Zero
// values stand for the usual ones: 0.9, 0.999, 1e-8; no decay, no clipping.
type AdamWOptions struct {
	Beta1, Beta2, Epsilon float64
	// Decay is the share of a weight that a step takes off it, times the rate;
	// biases keep theirs.
	Decay float64
	// Clip is the largest length of all gradients together: longer ones are
	// shortened to it. 0 leaves them.
	Clip float64
}

// AdamW changes a tail's parameters by their gradients, as PyTorch's does.
type AdamW struct {
	tail          *Tail
	options       AdamWOptions
	steps         int
	first, second [][]float32 // running means of gradients and of their squares
}

// NewAdamW makes the optimiser of a tail's parameters.
func NewAdamW(t *Tail, o AdamWOptions) *AdamW {
	for _, d := range []struct {
		value *float64
		usual float64
	}{{&o.Beta1, 0.9}, {&o.Beta2, 0.999}, {&o.Epsilon, 1e-8}} {
		if *d.value == 0 {
			*d.value = d.usual
		}
	}
	a := &AdamW{tail: t, options: o}
	for _, p := range t.parameters {
		a.first = append(a.first, make([]float32, len(p.Value)))
		a.second = append(a.second, make([]float32, len(p.Value)))
	}
	return a
}

// piece is the values that one task of an optimiser changes.
const piece = 1 << 14

// pieces calls f for every piece of every parameter, from the team's workers.
func (t *Tail) pieces(f func(parameter, first, last int)) {
	type place struct{ parameter, first, last int }
	var places []place
	for i, p := range t.parameters {
		for first := 0; first < len(p.Value); first += piece {
			places = append(places, place{i, first, min(first+piece, len(p.Value))})
		}
	}
	t.pass.team.run(len(places), func(_ *worker, task int) {
		f(places[task].parameter, places[task].first, places[task].last)
	})
}

// Step changes the parameters once at a rate and returns the length of all
// gradients together, before clipping. Where that is no finite number it is an
// error and nothing changes.
func (a *AdamW) Step(rate float64) (float64, error) {
	length := a.tail.gradientLength()
	if math.IsNaN(length) || math.IsInf(length, 0) {
		return length, fmt.Errorf("the gradients' length is %v", length)
	}
	a.steps++
	u := a.update(rate)
	if a.options.Clip > 0 && length > a.options.Clip {
		u.clip = float32(a.options.Clip / length)
	}
	a.tail.pieces(func(i, first, last int) {
		p := a.tail.parameters[i]
		u := u
		if !p.Decay {
			u.keep = 1
		}
		u.apply(p.Value[first:last], p.Grad[first:last], a.first[i][first:last], a.second[i][first:last])
	})
	a.tail.Changed()
	return length, nil
}

// update is the constants of one step.
type update struct {
	clip                       float32 // factor of the gradient
	keep                       float32 // factor of the weight
	beta1, rest1, beta2, rest2 float32
	rate                       float32 // with the correction of the first mean
	root                       float32 // factor of the second's root
	epsilon                    float32
}

func (a *AdamW) update(rate float64) update {
	o := a.options
	return update{
		clip: 1, keep: float32(1 - rate*o.Decay),
		beta1: float32(o.Beta1), rest1: float32(1 - o.Beta1), beta2: float32(o.Beta2), rest2: float32(1 - o.Beta2),
		rate:    float32(rate / (1 - math.Pow(o.Beta1, float64(a.steps)))),
		root:    float32(1 / math.Sqrt(1-math.Pow(o.Beta2, float64(a.steps)))),
		epsilon: float32(o.Epsilon),
	}
}

func (u update) apply(value, grad, first, second []float32) {
	grad, first, second = grad[:len(value)], first[:len(value)], second[:len(value)]
	for i, w := range value {
		g := grad[i] * u.clip
		m := u.beta1*first[i] + u.rest1*g
		v := u.beta2*second[i] + u.rest2*g*g
		first[i], second[i] = m, v
		root := float32(math.Sqrt(float64(v)))
		value[i] = w*u.keep - u.rate*m/(root*u.root+u.epsilon)
	}
}

// gradientLength is the root of the sum of all gradients' squares.
func (t *Tail) gradientLength() float64 {
	sum := 0.0
	for _, p := range t.parameters {
		for _, g := range p.Grad {
			sum += float64(g) * float64(g)
		}
	}
	return math.Sqrt(sum)
}
