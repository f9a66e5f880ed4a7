package train

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/optimize"

	"github.com/effnet/effnet/pkg/classify"
	"github.com/effnet/effnet/pkg/model"
)

// HeadOptions say how FitHead works. The zero value is good.
type HeadOptions struct {
	Balance   bool      // rare classes count as much as frequent ones
	Sigmoid   bool      // one output for two classes; a high one means the second
	Penalties []float64 // to choose from, falling; nil: DefaultPenalties
	Threads   int       // 0: all the CPUs that the process may use
}

// DefaultPenalties are the factors of half the squared weights beside a mean
// loss, for features whose mean variance is 1: two a decade from 10 to 0.0001.
func DefaultPenalties() []float64 {
	var p []float64
	for e := 1.0; e >= -4; e -= 0.5 {
		p = append(p, math.Pow(10, e))
	}
	return p
}

// withoutChoice is the penalty where no validation picture can choose one.
const withoutChoice = 0.1

// Score is how well a classifier names pictures.
type Score struct {
	Pictures int
	Loss     float64 // mean cross entropy in nats, of classes as they weigh in training
	Accuracy float64 // share that the most probable class is right for
}

// Trial is a penalty and what came of it.
type Trial struct {
	Penalty              float64
	Iterations           int // of L-BFGS
	Training, Validation Score
}

// Head is a classifier for the features of a network.
type Head struct {
	Weight  []float32 // [Outputs, Width]
	Bias    []float32 // [Outputs]
	Outputs int       // the number of classes, or 1 for a sigmoid
	Width   int
	Trial           // the one that was chosen
	Trials  []Trial // all, in the order in which they were made
}

// FitHead fits a multinomial logistic regression to the training rows by L-BFGS,
// from the strongest penalty to the weakest, each from where the last one ended.
// The validation rows choose by their loss; when it has become worse twice the
// rest is left out. The same features give the same bits for any number of
// threads. The error is ctx's or a *classify.UsageError.
func FitHead(ctx context.Context, f *Features, classes int, o HeadOptions) (*Head, error) {
	penalties, err := o.check(f, classes)
	if err != nil {
		return nil, err
	}
	outputs := classes
	if o.Sigmoid {
		outputs = 1
	}
	s := newScaling(f.Training, f.Width)
	l := newLogistic(f.Training, f.Width, classes, outputs, classWeights(f.Training.Labels, classes, o.Balance), s, threadsOr(o.Threads))
	h := &Head{Outputs: outputs, Width: f.Width}
	point := make([]float64, l.dim())
	worse := 0
	for _, l.penalty = range penalties {
		iterations, err := l.minimise(ctx, point)
		if err != nil {
			return nil, err
		}
		trial := *h
		trial.Weight, trial.Bias = s.fold(point, outputs)
		trial.Trial = Trial{
			Penalty: l.penalty, Iterations: iterations,
			Training: trial.score(f.Training, l.weights, l.threads), Validation: trial.score(f.Validation, l.weights, l.threads),
		}
		h.Trials = append(h.Trials, trial.Trial)
		if worse++; h.Weight == nil || trial.Validation.Loss < h.Validation.Loss {
			h.Weight, h.Bias, h.Trial, worse = trial.Weight, trial.Bias, trial.Trial, 0
		}
		if worse == 2 {
			break
		}
	}
	return h, nil
}

func (o HeadOptions) check(f *Features, classes int) ([]float64, error) {
	wrong := func(format string, args ...any) ([]float64, error) {
		return nil, &classify.UsageError{Msg: fmt.Sprintf(format, args...)}
	}
	penalties := o.Penalties
	switch {
	case classes < 2:
		return wrong("%d classes, a head needs two or more", classes)
	case o.Sigmoid && classes != 2:
		return wrong("one output stands for two classes, there are %d", classes)
	case len(f.Training.Labels) == 0:
		return wrong("no picture to train with")
	case len(penalties) == 0:
		penalties = DefaultPenalties()
		if len(f.Validation.Labels) == 0 {
			penalties = []float64{withoutChoice}
		}
	}
	for _, p := range penalties {
		if !(p > 0) || math.IsInf(p, 1) {
			return wrong("a penalty of %v is not a positive number", p)
		}
	}
	return penalties, nil
}

// classWeights are ones, or with balance such that each class weighs the same.
func classWeights(labels []int, classes int, balance bool) []float64 {
	counts := make([]float64, classes)
	for _, label := range labels {
		counts[label]++
	}
	weights := make([]float64, classes)
	for c, n := range counts {
		weights[c] = 1
		if balance && n > 0 {
			weights[c] = float64(len(labels)) / (float64(classes) * n)
		}
	}
	return weights
}

// minimise moves point to the least value of l.
func (l *logistic) minimise(ctx context.Context, point []float64) (iterations int, err error) {
	l.point = nil // the penalty is another one
	problem := optimize.Problem{
		Func:   func(x []float64) float64 { l.at(x); return l.value },
		Grad:   func(grad, x []float64) { l.at(x); copy(grad, l.grad) },
		Status: func() (optimize.Status, error) { return optimize.NotTerminated, ctx.Err() },
	}
	settings := &optimize.Settings{
		GradientThreshold: 1e-6,
		MajorIterations:   500,
		Converger:         &optimize.FunctionConverge{Relative: 1e-7, Absolute: 1e-12, Iterations: 5},
	}
	result, err := optimize.Minimize(problem, point, settings, &optimize.LBFGS{Store: 10, GradStopThreshold: 1e-9})
	if ctx.Err() != nil {
		return 0, ctx.Err()
	}
	if result == nil {
		return 0, err
	}
	// A line search that finds no lower value ends where rounding hides it.
	ends := []error{
		optimize.ErrLinesearcherFailure, optimize.ErrNoProgress, optimize.ErrNonDescentDirection, optimize.ErrLinesearcherBound,
	}
	if err != nil && !slices.ContainsFunc(ends, func(end error) bool { return errors.Is(err, end) }) {
		return 0, err
	}
	copy(point, result.X)
	return result.MajorIterations, nil
}

// logits of one row of features go to z, [Outputs].
func (h *Head) logits(x []float32, z []float64) {
	for c := range z {
		w := h.Weight[c*h.Width:][:h.Width]
		sum := float64(h.Bias[c])
		for i, v := range x[:h.Width] {
			sum += float64(v) * float64(w[i])
		}
		z[c] = sum
	}
}

// score holds the head to rows of features; weights are of the classes.
func (h *Head) score(data Samples, weights []float64, threads int) Score {
	n := len(data.Labels)
	if n == 0 {
		return Score{}
	}
	losses, hits := make([]float64, n), make([]bool, n)
	spread(threads, n, func(i int) {
		z := make([]float64, h.Outputs)
		h.logits(data.X[i*h.Width:], z)
		hits[i] = predicted(z) == data.Labels[i]
		losses[i] = lossSlope(z, data.Labels[i])
	})
	right, loss, total := 0, 0.0, 0.0
	for i, label := range data.Labels {
		if hits[i] {
			right++
		}
		loss += weights[label] * losses[i]
		total += weights[label]
	}
	return Score{Pictures: n, Loss: loss / total, Accuracy: float64(right) / float64(n)}
}

// Params are a network's parameters with this head as its classifier; base is
// not modified.
func (h *Head) Params(base model.Params) model.Params {
	params := make(model.Params, len(base)+2)
	for name, p := range base {
		params[name] = p
	}
	params["classifier.weight"] = model.Param{Shape: []int{h.Outputs, h.Width}, Data: h.Weight}
	params["classifier.bias"] = model.Param{Shape: []int{h.Outputs}, Data: h.Bias}
	return params
}
