package cli

import (
	"context"
	"fmt"
	"io"
	"strconv"

	"github.com/effnet/effnet/internal/report"
	"github.com/effnet/effnet/internal/source"
	"github.com/effnet/effnet/pkg/classify"
	"github.com/effnet/effnet/pkg/evaluate"
	"github.com/effnet/effnet/pkg/kernels"
)

// evalRun is one run of effnet eval: a batch whose records are counted.
type evalRun struct {
	o       EvalOptions
	batch   *batch
	model   *classify.Model
	set     *evaluate.Set
	tally   *evaluate.Tally
	rival   *rival // nil: no other model
	figures *evaluate.Figures
}

func runEval(ctx context.Context, s Streams, o EvalOptions) error {
	if _, err := kernels.Best(); err != nil {
		return usage(err)
	}
	r := &evalRun{o: o}
	defer r.o.ModelOptions.close()
	if err := r.prepare(); err != nil {
		return err
	}
	if r.rival != nil {
		defer r.rival.models.close()
	}
	r.batch = &batch{
		inputs: &InputOptions{names: r.set.Inputs}, models: &r.o.ModelOptions, results: &OutputOptions{Quiet: o.Quiet}, silent: true,
		open: r.open, only: func(in *source.Input) bool { return r.set.Truth(in.Path) != nil },
		meet: r.meet, extra: r.outputs, ended: r.ended,
	}
	return r.batch.run(ctx, s)
}

// prepare opens the models and reads which pictures are of which class.
func (r *evalRun) prepare() (err error) {
	if r.model, err = r.o.open(classify.Options{Top: 1}); err != nil {
		return err
	}
	info := r.model.Info()
	if r.o.WriteTemperature {
		if err := canHoldTemperature(r.o.Model, info); err != nil {
			return err
		}
	}
	if r.set, err = openSet(r.o.Set, info); err != nil {
		return err
	}
	options := evaluate.Options{Temperature: info.Temperature, Mistakes: r.o.Mistakes}
	if r.tally, err = evaluate.New(evaluate.Classes(info), options); err != nil {
		return &classify.ModelError{Model: r.o.Model, Err: err}
	}
	if r.o.Compare != "" {
		r.rival, err = newRival(&r.o)
	}
	return err
}

func openSet(path string, info classify.Info) (*evaluate.Set, error) {
	set, err := evaluate.Open(path, evaluate.Classes(info))
	if err != nil {
		return nil, usage(fmt.Errorf("%s: %w", strconv.Quote(path), err))
	}
	return set, nil
}

func (r *evalRun) open() (classify.Info, opener, error) {
	return r.model.Info(), func(n int) session {
		if r.rival == nil {
			return r.model.Session(n)
		}
		return &pairSession{r.model.Session(n), r.rival.model.Session(n), r.rival}
	}, nil
}

// meet counts a picture.
func (r *evalRun) meet(rec *report.Record) {
	if rec.Err != nil {
		r.tally.Fail()
		return
	}
	right, err := r.tally.Add(rec.Path, r.set.Truth(rec.Path), rec.Result.Logits)
	if err == nil && r.rival != nil {
		err = r.rival.meet(rec, right)
	}
	if err != nil {
		r.batch.console.about(rec.Path, err.Error())
		r.batch.tally.model = true
	}
}

// outputs opens what will be written, so that it is known to be possible.
func (r *evalRun) outputs(ctx context.Context, style report.Style) error {
	out := r.batch.out
	if err := out.openDocument(ctx, r.o.Output, r.batch.streams.Out, r.write); err != nil {
		return err
	}
	if r.o.Report == "" {
		return nil
	}
	return out.openDocument(ctx, r.o.Report, nil, r.writePage)
}

func (r *evalRun) write(w io.Writer) error {
	switch r.o.Format {
	case "json":
		text, err := report.Marshal(r.figures)
		if err != nil {
			return err
		}
		_, err = w.Write(append(text, '\n'))
		return err
	case "csv":
		return r.figures.WriteCSV(w)
	}
	onTerminal := r.o.Output == "" && columns(r.batch.streams.Out) > 0
	_, err := w.Write(evalTable(r.figures, onTerminal && colorful()))
	return err
}

func (r *evalRun) writePage(w io.Writer) error {
	return r.figures.WriteHTML(w, evaluate.Report{Title: r.o.Set, Read: readNamed})
}

// readNamed reads a picture again by its path.
func readNamed(path string) ([]byte, error) {
	src, err := source.Open(source.Options{Names: []string{path}})
	if err != nil {
		return nil, err
	}
	defer src.Close()
	for in := range src.All() {
		return in.Read()
	}
	return nil, errNoInput
}

// ended sums up, holds the figures to what was asked for and stores the temperature.
func (r *evalRun) ended() error {
	f := r.tally.Figures()
	f.Model = r.batch.info.Name
	if r.rival != nil {
		c := r.rival.pair.Compare(r.rival.model.Info().Name)
		f.Compare = &c
	}
	r.figures = f
	r.judge()
	if !r.o.WriteTemperature {
		return nil
	}
	return r.store()
}

// judge holds the figures to --min-… and --max-…; below 0 they were not given.
func (r *evalRun) judge() {
	f := r.figures
	violated := func(format string, args ...any) {
		r.batch.tally.violated++
		r.batch.console.say(fmt.Sprintf(format, args...))
	}
	for i, least := range []float64{r.o.MinTop1, r.o.MinTop5, r.o.MinBalanced, r.o.MinF1} {
		if is := []float64{f.Top1, f.Top5, f.Balanced, f.MacroF1}[i]; is < least {
			violated("--%s %g: it is %.4f", thresholds[i], least, is)
		}
	}
	if r.o.MaxECE >= 0 && f.ECE > r.o.MaxECE {
		violated("--max-ece %g: it is %.4f", r.o.MaxECE, f.ECE)
	}
}

// store puts the temperature into the model file.
func (r *evalRun) store() error {
	f := r.figures
	if f.Images == 0 {
		r.batch.console.say("--write-temperature: no image was classified, none is stored")
		return nil
	}
	info := r.batch.info
	if err := writeTemperature(r.o.Model, info.SHA256(), f.Tempered.Temperature); err != nil {
		return err
	}
	if r.o.Quiet {
		return nil
	}
	text := fmt.Sprintf("%s: temperature %.4g stored, it was %.4g", strconv.Quote(r.o.Model), f.Tempered.Temperature, f.Calibration.Temperature)
	if f.Tempered.AtLimit {
		text += "; a better one is beyond what was looked at"
	}
	r.batch.console.say(text)
	return nil
}
