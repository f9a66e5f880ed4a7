package train

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/floats"
)

// logistic is the objective of multinomial logistic regression, or with one
// output of a sigmoid's, on features by their scaling:
//
//	Σ weight(label)·loss / Σ weight(label) + penalty/2 · Σ w²
//
// where biases have no penalty. A point is [outputs·width] weights, then
// [outputs] biases. Work is cut into the same pieces whatever the number of
// threads, and each sum is taken in one order.
type logistic struct {
	data    Samples
	width   int
	outputs int       // 1: a sigmoid
	classes int       // of labels
	weights []float64 // [classes] of a picture of each
	total   float64   // of all pictures' weights
	scaling scaling
	threads int
	penalty float64

	rows  int       // of a piece
	held  int       // the piece that x has; -1: none
	x     []float64 // [rows, width], scaled
	slope []float64 // [rows, outputs] of the loss by the logits
	loss  []float64 // [rows]
	point []float64 // the last one
	value float64   // there
	grad  []float64 // there
}

const (
	pieceValues = 1 << 23 // of x
	columns     = 128     // features whose gradient is one task
)

func newLogistic(data Samples, width, classes, outputs int, weights []float64, s scaling, threads int) *logistic {
	l := &logistic{
		data: data, width: width, outputs: outputs, classes: classes, weights: weights, scaling: s,
		threads: threads, held: -1,
	}
	for _, label := range data.Labels {
		l.total += weights[label]
	}
	l.rows = min(len(data.Labels), max(1, pieceValues/width))
	l.x = make([]float64, l.rows*width)
	l.slope = make([]float64, l.rows*outputs)
	l.loss = make([]float64, l.rows)
	l.grad = make([]float64, l.dim())
	return l
}

func (l *logistic) dim() int { return l.outputs * (l.width + 1) }

// at computes value and grad at a point, once.
func (l *logistic) at(point []float64) {
	if slices.Equal(point, l.point) {
		return
	}
	l.point = append(l.point[:0], point...)
	clear(l.grad)
	l.value = 0
	for piece := 0; piece*l.rows < len(l.data.Labels); piece++ {
		n := min(l.rows, len(l.data.Labels)-piece*l.rows)
		l.forward(piece, n, point)
		l.backward(n)
		for _, v := range l.loss[:n] {
			l.value += v
		}
	}
	scale := 1 / l.total
	l.value *= scale
	floats.Scale(scale, l.grad)
	w := point[:l.outputs*l.width]
	l.value += l.penalty / 2 * floats.Dot(w, w)
	floats.AddScaled(l.grad[:len(w)], l.penalty, w)
}

// forward fills slope and loss for the n rows of a piece.
func (l *logistic) forward(piece, n int, point []float64) {
	first := piece * l.rows
	fill := l.held != piece
	l.held = piece
	weights, biases := point[:l.outputs*l.width], point[l.outputs*l.width:]
	spread(l.threads, n, func(i int) {
		x := l.x[i*l.width:][:l.width]
		if fill {
			l.scaling.apply(x, l.data.X[(first+i)*l.width:])
		}
		z := l.slope[i*l.outputs:][:l.outputs]
		for c := range z {
			z[c] = floats.Dot(x, weights[c*l.width:][:l.width]) + biases[c]
		}
		label := l.data.Labels[first+i]
		l.loss[i] = l.weights[label] * lossSlope(z, label)
		floats.Scale(l.weights[label], z)
	})
}

// backward adds the gradient of n rows; each task has columns of its own.
func (l *logistic) backward(n int) {
	tasks := (l.width + columns - 1) / columns
	spread(l.threads, tasks+1, func(task int) {
		if task == tasks {
			biases := l.grad[l.outputs*l.width:]
			for i := range n {
				floats.Add(biases, l.slope[i*l.outputs:][:l.outputs])
			}
			return
		}
		from := task * columns
		to := min(from+columns, l.width)
		for i := range n {
			x := l.x[i*l.width+from : i*l.width+to]
			for c, slope := range l.slope[i*l.outputs:][:l.outputs] {
				floats.AddScaled(l.grad[c*l.width+from:c*l.width+to], slope, x)
			}
		}
	})
}

// lossSlope is the cross entropy of logits for a label; its slopes take their
// place. One logit is a sigmoid's, for the label 1 against 0.
func lossSlope(z []float64, label int) float64 {
	if len(z) == 1 {
		margin := z[0] // of the label's side
		if label == 0 {
			margin = -margin
		}
		z[0] = 1/(1+math.Exp(-z[0])) - float64(label)
		return math.Max(-margin, 0) + math.Log1p(math.Exp(-math.Abs(margin)))
	}
	largest := slices.Max(z)
	own := z[label] - largest
	sum := 0.0
	for c := range z {
		z[c] = math.Exp(z[c] - largest)
		sum += z[c]
	}
	floats.Scale(1/sum, z)
	z[label]--
	return math.Log(sum) - own
}

// predicted is the class of logits; ties go to the lower one.
func predicted(z []float64) int {
	if len(z) == 1 {
		if z[0] > 0 {
			return 1
		}
		return 0
	}
	return floats.MaxIdx(z)
}

// scaling brings the mean of each feature to 0 and the mean variance of all to
// 1. One factor for all keeps what the network makes of their sizes: a feature
// that hardly varies stays small beside the others, and small under a penalty.
// Features that are all alike become 0.
type scaling struct {
	mean   []float64 // [width]
	factor float64
}

func newScaling(data Samples, width int) scaling {
	const alike = 1e-6 // of the means: what rounding makes of equal values
	s := scaling{mean: make([]float64, width)}
	n := float64(len(data.Labels))
	for at, v := range data.X {
		s.mean[at%width] += float64(v) / n
	}
	squares := 0.0
	for at, v := range data.X {
		d := float64(v) - s.mean[at%width]
		squares += d * d
	}
	deviation := math.Sqrt(squares / n)
	if deviation > alike*floats.Norm(s.mean, 2) && deviation > math.SmallestNonzeroFloat32 {
		s.factor = math.Sqrt(float64(width)) / deviation
	}
	return s
}

func (s scaling) apply(dst []float64, x []float32) {
	mean, x := s.mean[:len(dst)], x[:len(dst)]
	for i := range dst {
		dst[i] = (float64(x[i]) - mean[i]) * s.factor
	}
}

// fold makes of a point the weights [outputs, width] and biases [outputs] for
// features as they come.
func (s scaling) fold(point []float64, outputs int) (weights, biases []float32) {
	width := len(s.mean)
	for c := range outputs {
		bias := point[outputs*width+c]
		for i, w := range point[c*width : (c+1)*width] {
			w *= s.factor
			bias -= w * s.mean[i]
			weights = append(weights, float32(w))
		}
		biases = append(biases, float32(bias))
	}
	return weights, biases
}
