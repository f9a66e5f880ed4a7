package train

import (
	"context"
	"fmt"
	"math"
	"os"
	"time"

	"github.com/effnet/effnet/pkg/classify"
	"github.com/effnet/effnet/pkg/model"
	"github.com/effnet/effnet/pkg/preprocess"
	"github.com/effnet/effnet/pkg/tensor"
)

// DivergedError is why training could not go on: gradients that are no numbers.
type DivergedError struct {
	Step int // from 1
	Err  error
}

func (e *DivergedError) Error() string {
	return fmt.Sprintf("training diverged at step %d: %s; a lower rate of learning may help", e.Step, e.Err)
}

// Unwrap gives the cause.
func (e *DivergedError) Unwrap() error { return e.Err }

// tuner is the epochs of a run.
type tuner struct {
	*training
	tail       *Tail
	optimiser  *AdamW
	average    *Average // nil: the weights themselves are evaluated
	schedule   Schedule
	frozen     *front
	feed       *feed
	validation *validation
	weights    []float64 // [classes] of a picture of each
	part       int       // pictures that pass through the tail at once
	recipe     string

	progress progress
	best     model.Params // State of the tail at progress.Best
	saved    time.Time
	clock    clock
	missed   map[string]bool // pictures that were told of
}

// progress is where the epochs are, beside the tensors.
type progress struct {
	Epoch   int     `json:"epoch"` // that are done
	Batch   int     `json:"batch"` // that are done of the next one
	Running running `json:"running"`
	Start   Score   `json:"start"`
	History []Epoch `json:"history"` // [Epoch]
	Best    int     `json:"best"`    // of History, from 1; 0 is the head
}

// running sums over the batches of an epoch.
type running struct {
	Pictures int     `json:"pictures"`
	Hits     int     `json:"hits"`
	Loss     float64 `json:"loss"`
	Rate     float64 `json:"rate"` // of the last step
}

func (r running) score() Score {
	if r.Pictures == 0 {
		return Score{}
	}
	n := float64(r.Pictures)
	return Score{Pictures: r.Pictures, Loss: r.Loss / n, Accuracy: float64(r.Hits) / n}
}

// waited is the epochs since the best one.
func (p *progress) waited() int { return p.Epoch - p.Best }

func newTuner(ctx context.Context, r *training) (*tuner, error) {
	t := &tuner{training: r, missed: map[string]bool{}}
	threads, blocks := threadsOr(r.o.Base.Threads), r.o.Unfreeze
	if blocks == AllBlocks {
		blocks = len(r.variant.Blocks())
	}
	var err error
	classes := r.o.outputs(len(r.dataset.Classes))
	if t.tail, err = NewTail(r.variant, r.base.Profile, r.params, blocks, classes, r.set, r.o.tail(threads)); err != nil {
		return nil, &classify.ModelError{Model: r.from, Err: err}
	}
	t.optimiser = NewAdamW(t.tail, AdamWOptions{Decay: r.o.Decay, Clip: r.o.Clip})
	if r.o.Average > 0 {
		t.average = NewAverage(t.tail, r.o.Average)
	}
	labels := make([]int, len(r.dataset.Training))
	for i, p := range r.dataset.Training {
		labels[i] = p.Class
	}
	t.weights = classWeights(labels, len(r.dataset.Classes), r.o.Balance)
	t.part = t.tail.picturesAtOnce(r.o.Batch)
	t.recipe = r.o.recipe(r.setup, r.dataset, r.result.Head)
	if err := t.freeze(threads); err != nil {
		return nil, err
	}
	t.validation = newValidation(t.frozen, r.dataset.Validation, t.weights, t.part, t.miss)
	if err := t.begin(ctx); err != nil {
		t.close()
		return nil, err
	}
	return t, nil
}

// freeze compiles what comes before the tail.
func (t *tuner) freeze(threads int) error {
	f := &front{
		profile: t.base.Profile, crop: t.o.Base.Crop, decoding: t.decoding(), augment: t.o.Augment, values: t.tail.InputShape(1).Len(),
	}
	if f.crop == "" {
		f.crop = preprocess.Center
	}
	f.augment.Crop = f.crop
	if start := t.tail.Start(); start != "" {
		var err error
		if f.plan, err = model.CompileUntil(t.variant, t.base.Profile, t.params, t.set, start); err != nil {
			return &classify.ModelError{Model: t.from, Err: err}
		}
	}
	f.start(threads)
	t.frozen = f
	return nil
}

// begin takes up a checkpoint, or judges the head and forgets the checkpoint.
func (t *tuner) begin(ctx context.Context) error {
	resumed := false
	if t.o.Resume {
		var err error
		if resumed, err = t.resume(); err != nil {
			return err
		}
	}
	if !resumed {
		os.Remove(t.o.Checkpoint) // of a run that will not be gone on with
		start, err := t.validation.score(ctx, t.tail)
		if err != nil {
			return err
		}
		t.progress.Start, t.best = start, t.tail.State()
	}
	p := &t.progress
	t.feed = newFeed(ctx, t.frozen, t.dataset.Training, &t.o, p.Epoch, p.Batch)
	batches := t.feed.batches()
	t.schedule = Schedule{
		Peak: t.o.Rate, Floor: t.o.Rate / 100, Steps: t.o.Epochs * batches,
		Warmup: min(t.o.Epochs*batches, int(math.Round(t.o.Warmup*float64(batches)))),
	}
	t.saved = time.Now()
	if resumed {
		t.tell(Event{Kind: Resumed, Epoch: p.Epoch + 1, Epochs: t.o.Epochs, Step: p.Epoch*batches + p.Batch, Steps: t.schedule.Steps})
	}
	t.tell(Event{Kind: Started, Validation: p.Start, Epochs: t.o.Epochs, Steps: t.schedule.Steps})
	return nil
}

// close ends everything that goes on beside the steps.
func (t *tuner) close() {
	if t.feed != nil {
		t.feed.close()
	}
	t.frozen.close()
}

// run does what is left of the epochs. Whatever ends it, the best so far is
// kept, and after ctx a checkpoint.
func (t *tuner) run(ctx context.Context) error {
	err := t.epochs(ctx)
	if err != nil && ctx.Err() != nil {
		t.checkpoint()
		err = ctx.Err()
	}
	p := &t.progress
	t.result.Start, t.result.Epochs, t.result.Best = p.Start, p.History, p.Best
	t.keep(t.best)
	return err
}

func (t *tuner) epochs(ctx context.Context) error {
	for t.progress.Epoch < t.o.Epochs && !(t.o.Patience > 0 && t.progress.waited() >= t.o.Patience) {
		t.clock.start()
		for t.progress.Batch < t.feed.batches() {
			if err := t.step(ctx); err != nil {
				return err
			}
			if time.Since(t.saved) > saveEvery && t.progress.Batch < t.feed.batches() {
				t.checkpoint()
			}
		}
		if err := t.endEpoch(ctx); err != nil {
			return err
		}
		t.checkpoint()
	}
	return nil
}

// step takes the next batch. Before it changes the weights it can be given up.
func (t *tuner) step(ctx context.Context) error {
	var b *batch
	select {
	case b = <-t.feed.next:
	case <-ctx.Done():
		return ctx.Err()
	}
	b.wait(t.frozen.values, func(p Picture, err error) {
		if ctx.Err() == nil {
			t.miss(p, err)
		}
	})
	if err := ctx.Err(); err != nil {
		return err
	}
	p := &t.progress
	number := p.Epoch*t.feed.batches() + p.Batch // from 0
	outcome, err := t.gradients(ctx, b, uint64(number))
	if err != nil {
		return err
	}
	n := len(b.labels)
	t.feed.free <- b
	p.Running.Rate = t.schedule.Rate(number)
	if n > 0 {
		if _, err := t.optimiser.Step(p.Running.Rate); err != nil {
			return &DivergedError{number + 1, err}
		}
		if t.average != nil {
			t.average.Update()
		}
	}
	p.Batch++
	p.Running.Pictures += n
	p.Running.Hits += outcome.Hits
	p.Running.Loss += outcome.Loss * float64(n)
	t.clock.pictures += n
	t.tellStep(Score{Pictures: n, Loss: outcome.Loss, Accuracy: float64(outcome.Hits) / max(1, float64(n))})
	return nil
}

// gradients computes those of a batch, a part of its pictures at a time.
func (t *tuner) gradients(ctx context.Context, b *batch, number uint64) (sum Outcome, err error) {
	t.tail.ZeroGradients()
	n := len(b.labels)
	for first := 0; first < n; first += t.part {
		last := min(first+t.part, n)
		part := Batch{
			X:      &tensor.Tensor{Shape: t.tail.InputShape(last - first), Data: b.x[first*t.frozen.values : last*t.frozen.values]},
			Labels: b.labels[first:last],
			Total:  float64(n), // class weights have a mean of 1
			Serial: number*maxBatchSize + uint64(first),
		}
		for _, label := range part.Labels {
			part.Weights = append(part.Weights, float32(t.weights[label]))
		}
		o, err := t.tail.Step(ctx, part)
		if err != nil {
			return sum, err
		}
		sum.Loss += o.Loss
		sum.Hits += o.Hits
	}
	return sum, nil
}

// endEpoch judges what the epoch has made and keeps it where it is the best.
func (t *tuner) endEpoch(ctx context.Context) error {
	p := &t.progress
	if t.average != nil {
		t.average.Swap()
		defer t.average.Swap()
	}
	score, err := t.validation.score(ctx, t.tail)
	if err != nil {
		return err
	}
	best := p.Start
	if p.Best > 0 {
		best = p.History[p.Best-1].Validation
	}
	e := Epoch{Training: p.Running.score(), Validation: score, Rate: p.Running.Rate}
	p.History = append(p.History, e)
	p.Epoch, p.Batch, p.Running = p.Epoch+1, 0, running{}
	if score.better(best) {
		p.Best, t.best = p.Epoch, t.tail.State()
	}
	t.tell(Event{
		Kind: Ended, Epoch: p.Epoch, Epochs: t.o.Epochs, Step: p.Epoch * t.feed.batches(), Steps: t.schedule.Steps,
		Training: e.Training, Validation: score, Rate: e.Rate, Best: p.Best == p.Epoch, PicturesPerSecond: t.clock.rate(),
	})
	return nil
}

// miss leaves a picture out that could be read when the head was fitted.
func (t *tuner) miss(p Picture, err error) {
	if t.missed[p.Path] {
		return
	}
	t.missed[p.Path] = true
	t.dataset.Bad = append(t.dataset.Bad, BadPicture{p.Path, p.Class, err})
	t.tellSkipped()
}
