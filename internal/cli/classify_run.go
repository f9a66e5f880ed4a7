package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strconv"

	"github.com/effnet/effnet/internal/report"
	"github.com/effnet/effnet/internal/source"
	"github.com/effnet/effnet/pkg/classify"
	"github.com/effnet/effnet/pkg/kernels"
	"github.com/effnet/effnet/pkg/preprocess"
)

// errStop ends a run after the first failed input.
var errStop = errors.New("stopped at the first failed input")

// tally counts the records written.
type tally struct {
	classified, failed int
	model              bool // a failure was the model's
}

func (t tally) done() int { return t.classified + t.failed }

// run is one run of effnet classify.
type classifyRun struct {
	o       ClassifyOptions
	streams Streams
	console *console
	model   *classify.Model
	file    *report.Output // nil: standard output
	out     io.Writer
	writer  report.Writer
	tally   tally
	broken  error // the error of writing
}

func runClassify(ctx context.Context, s Streams, o ClassifyOptions) error {
	r := &classifyRun{o: o, streams: s, console: newConsole(s.Err), out: s.Out}
	if _, err := kernels.Best(); err != nil {
		return usage(err)
	}
	unmatched := false
	src, err := source.Open(source.Options{
		Args: o.Inputs, FilesFrom: o.FilesFrom, NUL: o.NUL, Stdin: s.In,
		Unmatched: func(name string) {
			if !o.Quiet {
				unmatched = true
				r.console.about(name, errNoInput.Error())
			}
		},
	})
	if err != nil {
		return usage(err)
	}
	if r.model, err = openModel(o); err != nil {
		return err
	}
	limitMemory()
	p := &pipeline{
		open:    func(n int) session { return r.model.Session(n) },
		threads: limitThreads(o.Threads), batch: o.Batch, peek: o.FilesFrom == "", emit: r.emit,
	}
	err = p.run(ctx, src.All(), func() error { return r.begin(ctx) })
	if errors.Is(err, errNoInput) && unmatched {
		return &exitError{code: exitUsage}
	}
	return r.end(ctx, err)
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

// openModel refuses a model that makes its reader fail in a way not foreseen.
func openModel(o ClassifyOptions) (m *classify.Model, err error) {
	defer func() {
		if fault := recover(); fault != nil {
			err = &classify.ModelError{Model: o.Model, Err: fmt.Errorf("internal fault: %v", fault)}
		}
	}()
	options := classify.Options{
		Variant: o.Variant, Overrides: o.Profile, Resolution: o.Resolution, Crop: preprocess.Crop(o.Crop),
		Top: o.Top, Classes: o.Classes, MinProb: o.MinProb,
		Threads: o.Threads, MaxPixels: o.MaxPixels, NoEXIF: o.NoEXIF, Lenient: o.Lenient,
		Resolve: resolveModel,
	}
	if o.Labels != "" {
		labels, err := readLabels(o.Labels)
		if err != nil {
			return nil, usage(fmt.Errorf("--labels %s: %w", strconv.Quote(o.Labels), err))
		}
		options.Labels = labels
	}
	return classify.Open(o.Model, options)
}

// begin opens the output, when it is known that there is something to write.
func (r *classifyRun) begin(ctx context.Context) error {
	if r.o.Output != "" && r.o.Output != "-" {
		file, err := create(ctx, r.o.Output)
		if errors.Is(err, context.Canceled) {
			return err
		}
		if err != nil {
			return r.cannotWrite(err)
		}
		r.file, r.out = file, file
	}
	style := report.Style{
		Model: r.model.Info().Name, Precision: r.o.Precision,
		Logits: r.o.Logits, Timing: r.o.Timing, Damaged: r.o.Lenient,
	}
	if r.o.Provenance {
		info := r.model.Info()
		style.Engine = &report.Engine{Version: versionString(), Tier: info.Tier, ModelSHA256: info.SHA256()}
	}
	if r.file == nil {
		style.Columns = columns(r.out)
		style.Color = style.Columns > 0 && colorful()
	}
	if !r.o.Quiet && columns(r.streams.Err) > 0 {
		style.HideErrors = style.Columns > 0
		r.console.progressive(style.Columns == 0)
	}
	r.writer = report.New(r.o.Format, r.out, style)
	return nil
}

// create opens the output. A pipe waits for its reader no longer than until ctx is
// cancelled.
func create(ctx context.Context, path string) (*report.Output, error) {
	type outcome struct {
		file *report.Output
		err  error
	}
	ready := make(chan outcome, 1)
	go func() {
		file, err := report.Create(path)
		ready <- outcome{file, err}
	}()
	select {
	case o := <-ready:
		return o.file, o.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// emit writes a record, and says what failed.
func (r *classifyRun) emit(rec report.Record) error {
	r.tally.model = r.tally.model || rec.Err != nil && rec.Err.Kind == classify.KindModel
	if err := r.writer.Write(rec); err != nil {
		r.broken = err
		return err
	}
	if rec.Err == nil {
		r.tally.classified++
		r.console.progress(r.tally)
		return nil
	}
	r.tally.failed++
	if !r.o.Quiet {
		r.console.about(rec.Path, rec.Err.Error())
	}
	r.console.progress(r.tally)
	if r.o.FailFast {
		return errStop
	}
	return nil
}

// end finishes the output and turns what happened into an exit code.
func (r *classifyRun) end(ctx context.Context, err error) error {
	r.console.finish()
	if errors.Is(err, context.Canceled) {
		return r.interrupted()
	}
	if err != nil && r.broken == nil && !errors.Is(err, errStop) {
		return err
	}
	if r.broken == nil && r.writer != nil {
		r.broken = r.writer.Close()
	}
	if ctx.Err() != nil {
		return r.interrupted()
	}
	return r.finish()
}

// interrupted keeps what was written and says where it is.
func (r *classifyRun) interrupted() error {
	where := ""
	if r.file != nil {
		r.file.Keep()
		if part := r.file.Part(); part != "" {
			where = "; results so far are in " + strconv.Quote(part)
		}
	}
	return &exitError{exitInterrupted, fmt.Errorf("interrupted: %d classified, %d failed%s",
		r.tally.classified, r.tally.failed, where)}
}

// finish gives the file its name; an incomplete one stays a part.
func (r *classifyRun) finish() error {
	if r.file != nil && r.broken == nil {
		r.broken = r.file.Commit()
	} else if r.file != nil {
		r.file.Keep()
	}
	switch {
	case r.tally.model && (r.broken == nil || !isBrokenPipe(r.broken)):
		if r.broken != nil {
			r.console.say(r.cannotWrite(r.broken).Error())
		}
		return &exitError{code: exitModel}
	case r.broken != nil:
		return r.cannotWrite(r.broken)
	case r.tally.failed > 0:
		return &exitError{code: exitInputs}
	}
	return nil
}

// cannotWrite names the output. A reader that went away is no error.
func (r *classifyRun) cannotWrite(err error) error {
	if isBrokenPipe(err) {
		return nil
	}
	if r.o.Output == "" || r.o.Output == "-" {
		return &exitError{exitOutput, fmt.Errorf("standard output: %w", reasonOf(err))}
	}
	text := fmt.Errorf("%s: %w", strconv.Quote(r.o.Output), reasonOf(err))
	if r.file != nil && r.file.Part() != "" {
		text = fmt.Errorf("%w; results so far are in %s", text, strconv.Quote(r.file.Part()))
	}
	return &exitError{exitOutput, text}
}
