package train

import (
	"math"

	"github.com/effnet/effnet/pkg/kernels"
)

// loss is cross entropy with smoothed labels: a softmax over the classes, or
// with one output a sigmoid, whose labels are 0 and 1.
type loss struct {
	classes   int
	smoothing float64
}

// of is the loss of one picture and whether its label was predicted; the
// gradient by the logits goes to grad. Ties go to the lower class.
func (l loss) of(logits []float64, label int, grad []float64) (value float64, hit bool) {
	if l.classes == 1 {
		return l.binary(logits[0], label, grad)
	}
	best := 0
	for i, z := range logits {
		if z > logits[best] {
			best = i
		}
	}
	sum := 0.0
	for _, z := range logits {
		sum += math.Exp(z - logits[best])
	}
	log := math.Log(sum) + logits[best]
	for i, z := range logits {
		q := l.smoothing / float64(l.classes)
		if i == label {
			q += 1 - l.smoothing
		}
		value += q * (log - z)
		grad[i] = math.Exp(z-log) - q
	}
	return value, best == label
}

func (l loss) binary(z float64, label int, grad []float64) (value float64, hit bool) {
	q := float64(label)*(1-l.smoothing) + l.smoothing/2
	grad[0] = 1/(1+math.Exp(-z)) - q
	return math.Max(z, 0) + math.Log1p(math.Exp(-math.Abs(z))) - q*z, (z > 0) == (label == 1)
}

// logitsOf reads picture i of n from channel blocks.
func logitsOf(m *volume, n, i int, dst []float64) {
	for c := range dst {
		dst[c] = float64(m.data[m.plane(n, c/kernels.Block, i)+c%kernels.Block])
	}
}
