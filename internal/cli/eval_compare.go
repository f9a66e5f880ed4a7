package cli

import (
	"context"
	"fmt"

	"github.com/effnet/effnet/internal/report"
	"github.com/effnet/effnet/pkg/classify"
	"github.com/effnet/effnet/pkg/evaluate"
)

// rival is the model of --compare, which sees the same pictures.
type rival struct {
	models ModelOptions
	model  *classify.Model
	set    *evaluate.Set
	tally  *evaluate.Tally
	pair   evaluate.Pair
	saw    beside[classify.Outcome]
}

// newRival opens the other model. What overrides the first one's own is not the other's.
func newRival(o *EvalOptions) (*rival, error) {
	r := &rival{models: o.ModelOptions}
	m := &r.models
	m.Model, m.Variant, m.Labels, m.Profile, m.Resolution, m.kept = o.Compare, "", "", "", 0, nil
	var err error
	if r.model, err = m.open(classify.Options{Top: 1}); err != nil {
		return nil, fmt.Errorf("--compare: %w", err)
	}
	info := r.model.Info()
	if r.set, err = openSet(o.Set, info); err != nil {
		return nil, fmt.Errorf("--compare: %w", err)
	}
	if r.tally, err = evaluate.New(evaluate.Classes(info), evaluate.Options{}); err != nil {
		return nil, &classify.ModelError{Model: o.Compare, Err: err}
	}
	return r, nil
}

// meet counts a picture that the first model has classified.
func (r *rival) meet(rec *report.Record, right bool) error {
	o, ok := r.saw.take(rec.Result)
	if !ok || o.Err != nil {
		return fmt.Errorf("--compare: %w", o.Err)
	}
	other, err := r.tally.Add(rec.Path, r.set.Truth(rec.Path), o.Result.Logits)
	if err == nil {
		r.pair.Add(right, other)
	}
	return err
}

// pairSession shows pictures to both models.
type pairSession struct {
	this, other *classify.Session
	rival       *rival
}

func (s *pairSession) Batch(ctx context.Context, pictures [][]byte) []classify.Outcome {
	outcomes := s.this.Batch(ctx, pictures)
	for i, o := range s.other.Batch(ctx, pictures) {
		if outcomes[i].Err == nil {
			s.rival.saw.put(outcomes[i].Result, o)
		}
	}
	return outcomes
}

func (s *pairSession) Close() {
	s.this.Close()
	s.other.Close()
}
