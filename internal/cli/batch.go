package cli

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"runtime"
	"strconv"
	"strings"

	"github.com/effnet/effnet/internal/report"
	"github.com/effnet/effnet/internal/source"
	"github.com/effnet/effnet/pkg/classify"
	"github.com/effnet/effnet/pkg/kernels"
	"github.com/effnet/effnet/pkg/weights"
)

// errStop ends a run after the first failed input.
var errStop = errors.New("stopped at the first failed input")

// tally counts the records written.
type tally struct {
	classified, failed int
	violated           int  // pictures that are not what was expected
	model              bool // a failure was the model's
}

func (t tally) done() int { return t.classified + t.failed }

// batch takes a stream of inputs through a model to its outputs.
type batch struct {
	inputs  *InputOptions
	models  *ModelOptions
	results *OutputOptions
	ranking classify.Options // which predictions stand in the records
	body    report.Body      // what else does
	silent  bool             // records go nowhere: the command writes what they come to

	// Hooks of a command; nil where it has none.
	open  func() (classify.Info, opener, error)               // another model than that of models
	only  func(in *source.Input) bool                         // which inputs to take
	ready func(m *classify.Model) error                       // the model is there, nothing is written yet
	judge func(r *report.Record)                              // gives a record its verdict
	meet  func(r *report.Record)                              // a record is about to be written
	extra func(ctx context.Context, style report.Style) error // outputs are open, more may be
	ended func() error                                        // every record was written

	streams  Streams
	console  *console
	onScreen bool            // messages and results are on the same terminal
	model    *classify.Model // nil where the command opens another
	info     classify.Info
	out      *outputs
	tally    tally
	wrong    error // of usage, found only by looking at every input
}

func (b *batch) run(ctx context.Context, s Streams) error {
	b.streams, b.console = s, newConsole(s.Err)
	if _, err := kernels.Best(); err != nil {
		return usage(err)
	}
	unmatched := false
	options := b.inputs.source(s.In)
	options.Unmatched = func(name string) {
		if !b.results.Quiet {
			unmatched = true
			b.console.about(name, errNoInput.Error())
		}
	}
	src, err := source.Open(options)
	if err != nil {
		return usage(err)
	}
	defer src.Close()
	sessions, err := b.openModel()
	defer b.models.close()
	if err != nil {
		return err
	}
	limitMemory()
	p := &pipeline{
		open: sessions, threads: limitThreads(b.models.Threads), batch: b.models.Batch, peek: b.inputs.FilesFrom == "",
		known: b.known, emit: b.emit,
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	err = p.run(ctx, b.stream(src), func() error { return b.begin(ctx) })
	switch {
	case errors.Is(err, errNoInput) && (b.inputs.AllowEmpty || src.Elsewhere() > 0):
		err = b.begin(ctx)
	case errors.Is(err, errNoInput) && unmatched:
		return &exitError{code: exitUsage}
	}
	return b.end(ctx, err)
}

// opener makes a session that computes with a number of threads.
type opener func(threads int) session

func (b *batch) openModel() (sessions opener, err error) {
	if b.open != nil {
		b.info, sessions, err = b.open()
		return sessions, err
	}
	if b.model, err = b.models.open(b.ranking); err != nil {
		return nil, err
	}
	b.info = b.model.Info()
	if b.ready != nil {
		err = b.ready(b.model)
	}
	return func(n int) session { return b.model.Session(n) }, err
}

// stream is the inputs of src that the command takes.
func (b *batch) stream(src *source.Source) iter.Seq[source.Input] {
	if b.only == nil {
		return src.All()
	}
	return func(yield func(source.Input) bool) {
		for in := range src.All() {
			if b.only(&in) && !yield(in) {
				return
			}
		}
	}
}

// limitThreads keeps the whole process, decoding and resizing too, to the threads asked
// for, and returns their number.
func limitThreads(asked int) int {
	all := runtime.GOMAXPROCS(0)
	if asked == 0 {
		return all
	}
	runtime.GOMAXPROCS(min(asked, all))
	return asked
}

// known is the record of an input that the run before this one has done.
func (b *batch) known(path string) (report.Record, bool) {
	if b.out.previous == nil {
		return report.Record{}, false
	}
	return b.out.previous.Take(path)
}

// begin opens the outputs, when it is known that there is something to write.
func (b *batch) begin(ctx context.Context) error {
	info := b.info
	style := report.Style{
		Model: info.Name, Precision: b.models.Precision, Body: b.body,
		Logits: b.results.Logits, Timing: b.results.Timing, Scaled: b.models.Scaled, Damaged: b.models.Lenient, Check: b.judge != nil,
	}
	if b.body == report.Embedding {
		style.Features = b.model.Features()
	} else if b.ranking.MinProb == 0 && len(b.ranking.Classes) == 0 {
		style.Top = min(b.ranking.Top, info.Classes)
	}
	style.Fits = b.fits(info.Labels)
	if b.results.Provenance {
		style.Engine = &report.Engine{Version: versionString(), Tier: info.Tier, ModelSHA256: info.SHA256()}
	}
	if width := columns(b.streams.Err); !b.results.Quiet && width > 0 {
		b.onScreen = (b.results.Output == "" || b.results.Output == "-") && columns(b.streams.Out) > 0
		style.HideErrors = b.onScreen
		b.console.progressive(width)
		b.count(ctx)
	}
	b.out = &outputs{}
	if !b.silent {
		out, err := b.results.open(ctx, b.streams.Out, style)
		if err != nil {
			b.out = nil
			return err
		}
		b.out = out
	}
	if b.extra == nil {
		return nil
	}
	if err := b.extra(ctx, style); err != nil {
		b.out.drop()
		return err
	}
	return nil
}

// fits holds the records of an earlier run to the labels and the choice of this one.
func (b *batch) fits(labels []weights.Label) func(report.Record) error {
	chosen := map[int]bool{}
	for _, name := range b.ranking.Classes {
		found, _ := classify.Find(labels, name) // Open has refused unknown names
		for _, i := range found {
			chosen[i] = true
		}
	}
	return func(rec report.Record) error {
		if rec.Result == nil {
			return nil
		}
		for _, p := range rec.Result.Predictions {
			switch {
			case p.Index >= len(labels) || labels[p.Index].Name != p.Label:
				return fmt.Errorf("class %d was %q, which is not this model's", p.Index, p.Label)
			case len(chosen) > 0 && !chosen[p.Index]:
				return fmt.Errorf("%q is not among the classes of --class", p.Label)
			case p.Probability < b.ranking.MinProb-1e-6:
				return fmt.Errorf("%q has a probability below --min-prob", p.Label)
			}
		}
		return nil
	}
}

// count finds on the side how many inputs there are, for the time left.
func (b *batch) count(ctx context.Context) {
	options := b.inputs.source(nil)
	go func() {
		if n, known := source.Count(ctx, options); known {
			b.console.expect(n)
		}
	}()
}

// emit writes a record, and says what failed.
func (b *batch) emit(rec report.Record) error {
	if b.judge != nil {
		b.judge(&rec)
	}
	if b.meet != nil {
		b.meet(&rec)
	}
	if rec.Check != nil && !rec.Check.Passed {
		b.tally.violated++
	}
	b.tally.model = b.tally.model || rec.Err != nil && rec.Err.Kind == classify.KindModel
	if b.onScreen {
		b.console.clear()
	}
	if err := b.out.Write(rec); err != nil {
		return err
	}
	if rec.Err == nil {
		b.tally.classified++
		b.console.progress(b.tally)
		return nil
	}
	b.tally.failed++
	if !b.results.Quiet {
		b.console.about(rec.Path, rec.Err.Error())
	}
	b.console.progress(b.tally)
	if b.results.FailFast {
		return errStop
	}
	return nil
}

// end finishes the outputs and turns what happened into an exit code.
func (b *batch) end(ctx context.Context, err error) error {
	b.console.finish()
	if errors.Is(err, context.Canceled) || ctx.Err() != nil {
		return b.interrupted()
	}
	if b.out == nil {
		return err
	}
	if err != nil && b.out.err == nil && !errors.Is(err, errStop) {
		return err
	}
	if b.ended != nil && b.out.err == nil {
		b.wrong = b.ended()
	}
	if ctx.Err() != nil {
		return b.interrupted()
	}
	b.out.finish()
	if ctx.Err() != nil {
		return b.interrupted()
	}
	return b.outcome()
}

// interrupted keeps what was written and says where it is.
func (b *batch) interrupted() error {
	where := ""
	if b.out != nil {
		for _, part := range b.out.keep() {
			where += ", " + strconv.Quote(part)
		}
	}
	if where != "" {
		where = "; results so far are in " + strings.TrimPrefix(where, ", ")
	}
	return &exitError{exitInterrupted, fmt.Errorf("interrupted: %d classified, %d failed%s",
		b.tally.classified, b.tally.failed, where)}
}

// outcome is the exit code of a run that came to its end.
func (b *batch) outcome() error {
	failure := b.out.failure()
	gone := b.out.err != nil && failure == nil // the reader went away
	switch {
	case gone:
		return nil
	case b.tally.model:
		for _, err := range []error{b.wrong, failure} {
			if err != nil {
				b.console.say(err.Error())
			}
		}
		return &exitError{code: exitModel}
	case b.wrong != nil:
		return b.wrong
	case failure != nil:
		return failure
	case b.tally.violated > 0:
		return &exitError{code: exitViolated}
	case b.tally.failed > 0:
		return &exitError{code: exitInputs}
	}
	return nil
}
