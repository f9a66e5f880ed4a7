package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"io"
	"slices"

	"github.com/effnet/effnet/internal/report"
	"github.com/effnet/effnet/internal/source"
	"github.com/effnet/effnet/pkg/classify"
	"github.com/effnet/effnet/pkg/explain"
)

// explainRun is one run of effnet explain: a batch with another kind of session.
type explainRun struct {
	o         ExplainOptions
	batch     *batch
	explainer *explain.Explainer
	width     int // of the terminal
	saw       beside[seen]
	current   seen // of the record that is being written
	pictures  int  // met
}

// seen is what the format needs of an explanation.
type seen struct {
	maps    *explain.Explanation // without its picture
	image   *image.NRGBA
	preview []byte
}

// errSeveral is wrong use that may show only while inputs come by.
var errSeveral = errors.New("a picture is of one input: for several of them take -f jsonl")

func runExplain(ctx context.Context, s Streams, o ExplainOptions) error {
	r := &explainRun{o: o, width: columns(s.Out)}
	if r.width == 0 {
		r.width = defaultColumns
	}
	if o.picture() {
		if err := r.one(); err != nil {
			return err
		}
	}
	r.batch = &batch{
		inputs: &r.o.InputOptions, models: &r.o.ModelOptions,
		results: &OutputOptions{Format: o.Format, Output: o.Output, FailFast: o.FailFast, Quiet: o.Quiet},
		body:    report.Maps, open: r.open, meet: r.meet, ended: r.ended,
	}
	if o.picture() || o.Format == "preview" {
		r.batch.silent, r.batch.extra = true, r.outputs
	}
	err := r.batch.run(ctx, s)
	if r.explainer != nil {
		r.explainer.Close()
	}
	return err
}

// one refuses several inputs before any work, where they can be seen without taking them
// away from the run.
func (r *explainRun) one() error {
	if r.o.FilesFrom != "" || slices.Contains(r.o.Inputs, "-") {
		return nil
	}
	src, err := source.Open(r.o.source(nil))
	if err != nil {
		return usage(err)
	}
	defer src.Close()
	n := 0
	for range src.All() {
		if n++; n > 1 {
			return usage(errSeveral)
		}
	}
	return nil
}

func (r *explainRun) open() (info classify.Info, sessions opener, err error) {
	defer refuseFaults(r.o.Model, &err)
	options, err := r.o.options(classify.Options{Top: r.o.Top, Classes: r.o.Classes})
	if err != nil {
		return info, nil, err
	}
	if r.explainer, err = explain.Open(r.o.Model, options); err != nil {
		return info, nil, err
	}
	labels := r.explainer.Labels()
	info = classify.Info{Name: r.explainer.Name(), Labels: labels, Classes: len(labels)}
	return info, func(int) session { return &explainSession{r} }, nil
}

// outputs opens what is no record.
func (r *explainRun) outputs(ctx context.Context, style report.Style) error {
	if r.o.Format == "preview" {
		r.batch.out.add("", &previews{run: r, w: r.batch.streams.Out, hideErrors: style.HideErrors})
		return nil
	}
	return r.batch.out.openDocument(ctx, r.o.Output, r.batch.streams.Out, func(w io.Writer) error {
		if r.pictures != 1 || r.current.image == nil {
			return errNothing
		}
		return explain.Encode(w, r.o.Format, r.current.image)
	})
}

func (r *explainRun) meet(rec *report.Record) {
	r.pictures++
	r.current = seen{}
	if rec.Err != nil {
		return
	}
	r.current, _ = r.saw.take(rec.Result)
	if x := r.current.maps; x != nil {
		maps := x.Record(rec.Path, r.batch.info.Name)
		for i := range maps.Maps {
			maps.Maps[i].Probability = sixDecimals(maps.Maps[i].Probability)
		}
		rec.Maps = &maps
	}
}

func (r *explainRun) ended() error {
	if r.o.picture() && r.pictures > 1 {
		return usage(errSeveral)
	}
	return nil
}

// explainSession gives maps beside results that have no predictions.
type explainSession struct{ run *explainRun }

func (s *explainSession) Batch(ctx context.Context, pictures [][]byte) []classify.Outcome {
	outcomes := make([]classify.Outcome, len(pictures))
	for i, data := range pictures {
		x, err := s.run.explainer.Bytes(ctx, data)
		if err != nil {
			outcomes[i].Err = err
			continue
		}
		outcomes[i].Result = &classify.Result{Format: x.Format, Width: x.Width, Height: x.Height, Damaged: x.Damaged}
		s.run.saw.put(outcomes[i].Result, s.run.keep(x))
	}
	return outcomes
}

func (s *explainSession) Close() {}

// keep lets go of the whole picture.
func (r *explainRun) keep(x *explain.Explanation) seen {
	switch {
	case r.o.picture():
		return seen{image: x.Picture(explain.Style{Height: r.o.Height})}
	case r.o.Format == "preview":
		var b bytes.Buffer
		_ = x.Preview(&b, r.width, r.o.protocol) // to memory
		return seen{preview: b.Bytes()}
	}
	return seen{maps: &explain.Explanation{
		Format: x.Format, Width: x.Width, Height: x.Height, Damaged: x.Damaged, Place: x.Place, Maps: x.Maps,
	}}
}

// previews shows maps in a terminal.
type previews struct {
	run        *explainRun
	w          io.Writer
	hideErrors bool
}

func (p *previews) Write(rec report.Record) error {
	var b bytes.Buffer
	switch {
	case rec.Err == nil:
		fmt.Fprintf(&b, "%s\n%s\n", report.Quote(rec.Path), p.run.current.preview)
	case !p.hideErrors:
		fmt.Fprintf(&b, "%s\n  error: %s\n\n", report.Quote(rec.Path), report.Escape(rec.Err.Error()))
	}
	_, err := p.w.Write(b.Bytes())
	return err
}

func (p *previews) Close() error { return nil }
