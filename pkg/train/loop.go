package train

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"

	"github.com/effnet/effnet/pkg/classify"
	"github.com/effnet/effnet/pkg/kernels"
	"github.com/effnet/effnet/pkg/model"
	"github.com/effnet/effnet/pkg/preprocess"
	"github.com/effnet/effnet/pkg/weights"
)

// Epoch is what an epoch came to.
type Epoch struct {
	Training   Score   // with smoothed labels and class weights, of varied pictures
	Validation Score   // plain
	Rate       float64 // of learning, at its last step
}

// Result is what Run has made.
type Result struct {
	Dataset *Dataset // Bad has all pictures that were left out
	Model   *weights.Model
	Tier    string // of the kernels that computed the model's goldens
	Head    *Head

	// With Options.Unfreeze: the head as the network has it, and the epochs that
	// were done. Best is the one that Model is from, counted from 1; 0 is the head.
	Start  Score
	Epochs []Epoch
	Best   int
}

// Validation is the score of Model.
func (r *Result) Validation() Score {
	switch {
	case r.Best > 0:
		return r.Epochs[r.Best-1].Validation
	case r.Start.Pictures > 0:
		return r.Start
	}
	return r.Head.Validation
}

// Run fits a head for the classes of a folder to the features of a frozen
// network and, with Unfreeze, then trains the end of the network by AdamW. The
// best epoch by validation accuracy, then loss, is kept; it is no worse than the
// head. The same options and files give the same model to the bit for any
// number of threads on one tier.
//
// events is called from one goroutine at a time and may be nil. Errors are those
// of classify.Open, Scan and Extract, a *CheckpointError, a *DivergedError or
// ctx's. The result is never nil; after an error its Model is the best so far
// where there is one, and with a Checkpoint a later Run with Resume goes on to
// the same model as if nothing had happened.
func Run(ctx context.Context, o Options, events func(Event)) (*Result, error) {
	r := &training{o: o, events: events, result: &Result{}}
	if err := o.Check(); err != nil {
		return r.result, err
	}
	err := r.train(ctx)
	if r.params == nil {
		return r.result, err
	}
	// What was trained is kept though ctx may have ended.
	return r.result, errors.Join(err, r.finish(context.WithoutCancel(ctx)))
}

// training is one call of Run.
type training struct {
	o      Options
	events func(Event)
	result *Result

	base    *weights.Model
	from    string // name of the base
	sum     string // SHA-256 of its file
	setup   string
	variant model.Variant
	set     *kernels.Set
	dataset *Dataset
	told    int          // of Dataset.Bad
	params  model.Params // the best so far; nil: nothing was trained
}

func (r *training) tell(e Event) {
	if r.events != nil {
		r.events(e)
	}
}

func (r *training) train(ctx context.Context) error {
	if err := r.head(ctx); err != nil || r.o.Unfreeze == 0 {
		return err
	}
	t, err := newTuner(ctx, r)
	var refused *CheckpointError
	if errors.As(err, &refused) {
		r.params = nil // nothing that was asked for
	}
	if err != nil {
		return err
	}
	defer t.close()
	return t.run(ctx)
}

// head reads model and folder and fits the head.
func (r *training) head(ctx context.Context) error {
	m, err := r.open()
	if err != nil {
		return err
	}
	r.dataset, err = Scan(ctx, r.o.Dir, ScanOptions{Share: r.o.Share, Threads: r.o.Base.Threads, Decoding: r.decoding()})
	if err != nil {
		return err
	}
	if n := len(r.dataset.Classes); r.o.Sigmoid && n != 2 {
		return &DatasetError{r.o.Dir, []string{fmt.Sprintf("one output stands for two classes, there are %d", n)}}
	}
	r.result.Dataset = r.dataset
	r.tell(Event{Kind: Scanned, Dataset: r.dataset})
	r.tellSkipped()
	if err := ctx.Err(); err != nil {
		return err
	}
	return r.fitHead(ctx, m)
}

func (r *training) decoding() preprocess.Options {
	b := r.o.Base
	return preprocess.Options{MaxPixels: b.MaxPixels, NoEXIF: b.NoEXIF, Lenient: b.Lenient}
}

// open reads the base twice: ready to compute features, and as what the new
// model is made of.
func (r *training) open() (m *classify.Model, err error) {
	options := r.o.Base
	if r.set, err = options.Kernels(); err != nil {
		return nil, err
	}
	if m, err = classify.Open(r.o.Model, options); err != nil {
		return nil, err
	}
	full, data, err := classify.Load(r.o.Model, options)
	if err != nil {
		return nil, err
	}
	if r.base, err = classify.Weights(data, options); err == nil {
		r.variant, err = model.Lookup(r.base.Variant)
	}
	if err != nil {
		return nil, &classify.ModelError{Model: full, Err: err}
	}
	if r.from = r.base.Name; r.from == "" {
		r.from = filepath.Base(full)
	}
	if blocks := len(r.variant.Blocks()); r.o.Unfreeze > blocks {
		return nil, &classify.UsageError{Msg: fmt.Sprintf("%s has %d blocks, not %d", r.variant.Name, blocks, r.o.Unfreeze)}
	}
	r.sum, r.setup = m.Info().SHA256(), m.Setup(options.Engine)
	return m, nil
}

// fitHead computes features, or takes those that are kept, and fits the head.
func (r *training) fitHead(ctx context.Context, m *classify.Model) error {
	f, err := Extract(ctx, m, r.dataset, FeatureOptions{
		Threads: r.o.Base.Threads, File: r.o.Features, Engine: r.o.Base.Engine,
		Progress: func(done, total int) { r.tell(Event{Kind: Extracting, Done: done, Total: total}) },
	})
	r.tellSkipped()
	if err != nil {
		return err
	}
	if f.KeepErr != nil {
		r.tell(Event{Kind: Note, Err: fmt.Errorf("features are not kept: %w", f.KeepErr)})
	}
	h, err := FitHead(ctx, f, len(r.dataset.Classes), HeadOptions{
		Balance: r.o.Balance, Sigmoid: r.o.Sigmoid, Threads: r.o.Base.Threads,
	})
	if err != nil {
		return err
	}
	r.result.Head = h
	r.params = h.Params(r.base.Params)
	r.tell(Event{Kind: Fitted, Head: h, Training: h.Training, Validation: h.Validation})
	return nil
}

// tellSkipped tells of the pictures that were left out since the last time.
func (r *training) tellSkipped() {
	for _, b := range r.dataset.Bad[r.told:] {
		r.tell(Event{Kind: Skipped, Path: b.Path, Err: b.Err})
	}
	r.told = len(r.dataset.Bad)
}

// keep makes parameters of the network's end the best so far.
func (r *training) keep(tail model.Params) {
	all := maps.Clone(r.params)
	maps.Copy(all, tail)
	r.params = all
}

// finish makes the model of the best parameters.
func (r *training) finish(ctx context.Context) (err error) {
	r.result.Model, r.result.Tier, err = Finish(ctx, r.base, r.dataset, r.params, FinishOptions{
		Name: r.o.Name, Base: r.from, BaseSum: r.sum, Crop: r.o.Base.Crop, Decoding: r.decoding(),
	})
	return err
}
