package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"

	"github.com/effnet/effnet/internal/plot"
	"github.com/effnet/effnet/internal/report"
	"github.com/effnet/effnet/pkg/kernels"
	"github.com/effnet/effnet/pkg/train"
	"github.com/effnet/effnet/pkg/weights"
)

// trainRun is one run of effnet train.
type trainRun struct {
	o       TrainOptions
	console *console
	view    *trainView
	log     *trainLog      // nil: none is asked for
	file    *report.Output // nil until the data are known to be good
	curves  *report.Output // nil: none is asked for
	cancel  context.CancelFunc
	failure error // of an output that could not be opened
	result  *train.Result
}

func runTrain(ctx context.Context, s Streams, o TrainOptions) error {
	if _, err := kernels.Best(); err != nil {
		return usage(err)
	}
	limitThreads(o.Threads)
	r := &trainRun{o: o, console: newConsole(s.Err)}
	r.view = newTrainView(r.console, columns(s.Err) > 0 && !o.Quiet, o.Quiet)
	recipe := o.Recipe
	if info, err := os.Stat(o.Output); err != nil || info.Mode().IsRegular() {
		recipe.Features, recipe.Checkpoint = o.Output+".features", o.Output+".checkpoint"
	}
	err := r.train(ctx, recipe)
	r.console.finish()
	err = r.end(ctx, err)
	r.drop()
	if err != nil {
		return err
	}
	if err := r.print(s); err != nil {
		return err
	}
	if n := len(r.result.Dataset.Bad); n > 0 {
		r.say(fmt.Sprintf("%d pictures were left out", n))
		return &exitError{code: exitInputs}
	}
	return nil
}

func (r *trainRun) train(ctx context.Context, recipe train.Options) (err error) {
	defer refuseFaults(r.o.Model, &err)
	ctx, r.cancel = context.WithCancel(ctx)
	defer r.cancel()
	r.result, err = train.Run(ctx, recipe, r.event)
	return err
}

// event looks after outputs and memory, and lets others tell.
func (r *trainRun) event(e train.Event) {
	switch e.Kind {
	case train.Scanned:
		if r.failure = r.open(); r.failure != nil {
			r.cancel()
			return
		}
	case train.Started:
		limitMemory()
	}
	if r.log != nil {
		r.log.event(e)
	}
	r.view.event(e)
}

// open opens the outputs, once it is known that there is something to train.
func (r *trainRun) open() (err error) {
	if r.file, err = report.Create(r.o.Output); err != nil {
		return cannotWrite(r.o.Output, err)
	}
	if r.o.Curves != "" {
		if r.curves, err = report.Create(r.o.Curves); err != nil {
			return cannotWrite(r.o.Curves, err)
		}
	}
	if r.o.Log != "" {
		if r.log, err = openTrainLog(r.o.Log, r.o.Recipe.Resume); err != nil {
			return cannotWrite(r.o.Log, err)
		}
	}
	return nil
}

// drop removes what was opened and has not been given its name.
func (r *trainRun) drop() {
	for _, f := range []*report.Output{r.file, r.curves} {
		if f != nil {
			f.Drop()
		}
	}
}

// end writes what there is and turns an error into an exit code.
func (r *trainRun) end(ctx context.Context, err error) error {
	if r.failure != nil {
		return r.failure
	}
	interrupted := ctx.Err() != nil
	if r.result == nil || r.result.Model == nil {
		if interrupted {
			return &exitError{exitInterrupted, errors.New("interrupted: nothing was written; features so far are kept")}
		}
		return trainError(err)
	}
	if failed := r.write(); failed != nil {
		return failed
	}
	switch {
	case interrupted:
		return &exitError{exitInterrupted, fmt.Errorf("interrupted: %s; --resume goes on", r.best())}
	case err != nil:
		r.say(r.best())
		return trainError(err)
	}
	return r.logFailure()
}

// trainError gives an error of pkg/train its exit code.
func trainError(err error) error {
	var data *train.DatasetError
	var checkpoint *train.CheckpointError
	var diverged *train.DivergedError
	switch {
	case errors.As(err, &data):
		return usage(err)
	case errors.As(err, &checkpoint):
		return usage(fmt.Errorf("--resume: %w", err))
	case errors.As(err, &diverged):
		return &exitError{exitModel, err}
	}
	return err
}

// write gives model and curves their names; then the checkpoint has had its use,
// unless the run was broken off.
func (r *trainRun) write() error {
	err := weights.Write(r.file, r.result.Model)
	if err == nil {
		err = r.file.Commit()
	}
	if err != nil {
		return cannotWrite(r.o.Output, err)
	}
	r.file = nil
	if r.curves != nil {
		err := plot.WriteCurves(r.curves, plotFormat(r.o.Curves), curvesOf(r.result))
		if err == nil {
			err = r.curves.Commit()
		}
		if err != nil {
			return cannotWrite(r.o.Curves, err)
		}
		r.curves = nil
	}
	return nil
}

// best says what the written model is.
func (r *trainRun) best() string {
	text := "the best so far, the head"
	if r.result.Best > 0 {
		text = fmt.Sprintf("the best so far, epoch %d", r.result.Best)
	}
	if s := r.result.Validation(); s.Pictures > 0 {
		text += fmt.Sprintf(" with %s of the validation pictures right", percent(s.Accuracy))
	}
	return text + ", is in " + strconv.Quote(r.o.Output)
}

func (r *trainRun) say(text string) {
	if !r.o.Quiet {
		r.console.say(text)
	}
}

// forget removes the checkpoint of a run that came to its end.
func (r *trainRun) forget() error {
	err := os.Remove(r.o.Output + ".checkpoint")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return cannotWrite(r.o.Output+".checkpoint", err)
	}
	return nil
}

// logFailure ends the log.
func (r *trainRun) logFailure() error {
	if err := r.forget(); err != nil {
		return err
	}
	if r.log == nil {
		return nil
	}
	if err := r.log.close(); err != nil {
		return cannotWrite(r.o.Log, err)
	}
	return nil
}
