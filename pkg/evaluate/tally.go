// Package evaluate says how good a classifier is on pictures whose classes are
// known: accuracy with its uncertainty, figures of each class, what is taken for
// what, and whether probabilities can be believed.
//
//	t, err := evaluate.New(evaluate.Classes(m.Info()), evaluate.Options{})
//	…
//	err = t.Add(path, truth, result.Logits) // for every picture
//	…
//	figures := t.Figures()
//
// Of a picture a Tally keeps about two hundred bytes, whatever the number of
// classes.
package evaluate

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/effnet/effnet/pkg/classify"
	"github.com/effnet/effnet/pkg/weights"
)

const (
	topMore         = 5
	defaultMistakes = 24
)

// Options of a Tally. The zero value is good.
type Options struct {
	Temperature float64 // what the model divides logits by, as classify.Info has it; 0 stands for 1
	Mistakes    int     // how many of the worst to keep; 0: 24
}

// Tally counts what a model says of pictures. The same pictures in the same
// order give the same figures to the bit. It belongs to one goroutine.
type Tally struct {
	labels      []weights.Label // [classes]
	temperature float64
	pictures    int
	errors      int
	top1, top5  int
	classes     []count // [classes]
	confusion   Confusion
	sureness    []sureness
	nll         float64         // at the model's own temperature, summed
	grid        [points]float64 // of the negative log likelihood, summed
	mistakes    worst
}

// count is what is counted of a class.
type count struct{ pictures, predicted, right int }

// sureness is what is kept of a picture: how probable its prediction is at the
// model's own temperature and at those of the grid, and whether it is right.
type sureness struct {
	own   float32
	grid  [points]float32 // log Σ exp((z − max)/T), the negative log of the probability
	right bool
}

// Classes lists the labels that a model decides between: both, of a single
// output.
func Classes(info classify.Info) []weights.Label {
	if info.Classes != 1 {
		return info.Labels
	}
	other := info.Other
	if other.Name == "" {
		other.Name = "not " + info.Labels[0].Name
	}
	return []weights.Label{other, info.Labels[0]}
}

// New makes an empty tally of labels, those of Classes.
func New(labels []weights.Label, o Options) (*Tally, error) {
	if len(labels) < 2 {
		return nil, errors.New("fewer than two classes")
	}
	if err := weights.CheckTemperature(o.Temperature); err != nil {
		return nil, err
	}
	if o.Temperature == 0 {
		o.Temperature = 1
	}
	if o.Mistakes <= 0 {
		o.Mistakes = defaultMistakes
	}
	return &Tally{
		labels: labels, temperature: o.Temperature, classes: make([]count, len(labels)),
		confusion: newConfusion(len(labels)), mistakes: worst{most: o.Mistakes},
	}, nil
}

// Fail counts a picture that could not be classified.
func (t *Tally) Fail() { t.errors++ }

// Add counts a picture by its logits, [classes], or [1] of a single output that
// stands for the second of two classes. truth lists the classes that it is of;
// of several, any is right, and the picture counts for the one that the model
// says, else for the most probable of them. right tells whether the first
// prediction is. An error means that the arguments make no sense.
func (t *Tally) Add(path string, truth []int, logits []float32) (right bool, err error) {
	if len(logits) == 1 && len(t.labels) == 2 {
		logits = []float32{0, logits[0]}
	}
	if err := t.check(truth, logits); err != nil {
		return false, err
	}
	best := firstOf(logits, topMore)
	predicted := best[0]
	right = slices.Contains(truth, predicted)
	actual := predicted
	if !right {
		actual = likeliest(truth, logits)
	}
	t.pictures++
	t.classes[actual].pictures++
	t.classes[predicted].predicted++
	if right {
		t.top1++
		t.classes[actual].right++
	}
	if slices.ContainsFunc(best, func(c int) bool { return slices.Contains(truth, c) }) {
		t.top5++
	}
	t.confusion.add(actual, predicted)
	s := t.measure(logits, logits[predicted], truth, right)
	if !right {
		t.mistakes.add(Mistake{
			Path: path, Class: actual, Predicted: predicted, Confidence: float64(s.own),
			Probability: float64(s.own) * math.Exp(float64(logits[actual]-logits[predicted])/t.temperature),
		})
	}
	return right, nil
}

func (t *Tally) check(truth []int, logits []float32) error {
	if len(logits) != len(t.labels) {
		return fmt.Errorf("%d logits for %d classes", len(logits), len(t.labels))
	}
	if len(truth) == 0 {
		return errors.New("a picture without a class")
	}
	for _, c := range truth {
		if c < 0 || c >= len(t.labels) {
			return fmt.Errorf("class %d of %d", c, len(t.labels))
		}
	}
	for _, l := range logits {
		if math.IsNaN(float64(l)) || math.IsInf(float64(l), 0) {
			return errors.New("logits with NaN or infinity")
		}
	}
	return nil
}

// measure keeps how sure the model is.
func (t *Tally) measure(logits []float32, most float32, truth []int, right bool) *sureness {
	own, grid := logSums(logits, most, t.temperature)
	t.nll += own - logTruth(logits, most, truth, 1/t.temperature)
	s := sureness{own: float32(math.Exp(-own)), right: right}
	for g, v := range grid {
		s.grid[g] = float32(v)
		t.grid[g] += v - logTruth(logits, most, truth, inverse(g))
	}
	t.sureness = append(t.sureness, s)
	return &t.sureness[len(t.sureness)-1]
}

// firstOf lists the n classes of the highest logits, ties to the lower index.
func firstOf(logits []float32, n int) []int {
	best := make([]int, 0, n+1)
	for i, l := range logits {
		at := len(best)
		for at > 0 && logits[best[at-1]] < l {
			at--
		}
		if at < n {
			best = slices.Insert(best, at, i)
			best = best[:min(len(best), n)]
		}
	}
	return best
}

// likeliest is the one of classes with the highest logit.
func likeliest(classes []int, logits []float32) int {
	best := classes[0]
	for _, c := range classes[1:] {
		if logits[c] > logits[best] || logits[c] == logits[best] && c < best {
			best = c
		}
	}
	return best
}
