package train

// Average is an exponential running mean of a tail's parameters.
type Average struct {
	tail    *Tail
	decay   float64
	updates int
	values  [][]float32
}

// NewAverage begins with the parameters' present values. A decay of 0.999
// averages over about a thousand updates.
func NewAverage(t *Tail, decay float64) *Average {
	a := &Average{tail: t, decay: decay}
	for _, p := range t.parameters {
		a.values = append(a.values, append([]float32(nil), p.Value...))
	}
	return a
}

// Update takes the parameters' values in. The first updates count more, so that
// the mean soon forgets where it began: update n keeps at most (1+n)/(10+n).
func (a *Average) Update() {
	a.updates++
	n := float64(a.updates)
	rest := float32(1 - min(a.decay, (1+n)/(10+n)))
	a.tail.pieces(func(i, first, last int) {
		mean := a.values[i][first:last]
		for j, v := range a.tail.parameters[i].Value[first:last] {
			mean[j] += rest * (v - mean[j])
		}
	})
}

// Swap exchanges the mean with the parameters' values: once to evaluate or save
// the mean, once more to train on. Update is not for in between.
func (a *Average) Swap() {
	for i, p := range a.tail.parameters {
		for j, v := range p.Value {
			p.Value[j], a.values[i][j] = a.values[i][j], v
		}
	}
	a.tail.Changed()
}
