package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"github.com/effnet/effnet/internal/check"
	"github.com/effnet/effnet/internal/report"
	"github.com/effnet/effnet/internal/source"
	"github.com/effnet/effnet/pkg/classify"
	"github.com/effnet/effnet/pkg/weights"
)

// checkRun is one run of effnet check: a batch whose records are judged.
type checkRun struct {
	o        CheckOptions
	batch    *batch
	implied  bool // the inputs are those that the rules or the manifest name
	rules    *check.RulesFile
	manifest *check.Manifest
	baseline *check.Baseline
	folders  *check.Folders
	matching *check.Matching
	judge    check.Judge // nil where a baseline is written and nothing is expected
}

func runCheck(ctx context.Context, s Streams, o CheckOptions) error {
	r := &checkRun{o: o}
	if err := r.read(); err != nil {
		return err
	}
	r.batch = &batch{
		inputs: &r.o.InputOptions, models: &r.o.ModelOptions, results: &r.o.OutputOptions,
		ranking: classify.Options{Top: o.Top},
		ready:   r.ready, judge: r.verdict, extra: r.extra, ended: r.ended,
	}
	if r.implied && r.rules != nil {
		r.batch.only = r.ruled
	}
	return r.batch.run(ctx, s)
}

// ruled keeps the pictures below the folder of the rules that a rule is about.
func (r *checkRun) ruled(in *source.Input) bool {
	in.Path = filepath.Clean(in.Path)
	return r.rules.Matches(in.Path)
}

// read reads the files of expectations. They name the inputs where nothing else does.
func (r *checkRun) read() (err error) {
	var named []string
	if r.o.Manifest != "" {
		if r.manifest, err = check.ReadManifest(r.o.Manifest); err != nil {
			return err
		}
		named = r.manifest.Paths()
	}
	if r.o.Rules != "" {
		if r.rules, err = check.ReadRules(r.o.Rules); err != nil {
			return err
		}
		named = []string{r.rules.Folder()}
	}
	if len(r.o.Inputs) == 0 && r.o.FilesFrom == "" {
		r.o.Inputs, r.implied = named, true
	}
	if r.o.Baseline != "" && !r.o.UpdateBaseline {
		r.baseline, err = readBaseline(r.o.Baseline)
	}
	return err
}

func readBaseline(path string) (*check.Baseline, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, usage(fmt.Errorf("--baseline %s: %w; --update-baseline makes it", strconv.Quote(path), reasonOf(err)))
	}
	if err != nil {
		return nil, usage(fmt.Errorf("--baseline %s: %w", strconv.Quote(path), reasonOf(err)))
	}
	defer f.Close()
	b := &check.Baseline{}
	err = report.ReadJSONL(f, func(rec report.Record) error {
		if rec.Err != nil {
			return nil
		}
		return b.Add(rec.Path, rec.Result.Predictions)
	})
	if err != nil {
		return nil, usage(fmt.Errorf("--baseline %s: %w", strconv.Quote(path), err))
	}
	return b, nil
}

// ready compiles what is expected for the model's labels.
func (r *checkRun) ready(m *classify.Model) error {
	judges, err := r.expectations(m.Info().Labels)
	if err != nil {
		return err
	}
	if r.baseline != nil {
		drift, err := r.baseline.Compile(r.o.MaxDrift, m.Info().Labels)
		if err != nil {
			return err
		}
		judges = append(judges, drift)
	}
	if len(judges) > 0 {
		r.judge = check.All(judges...)
	}
	return nil
}

// expectations are everything but the baseline.
func (r *checkRun) expectations(labels []weights.Label) ([]check.Judge, error) {
	base := r.o.flags()
	var judge check.Judge
	var err error
	switch {
	case r.manifest != nil:
		judge, err = r.manifest.Compile(base, labels)
	case r.rules != nil:
		r.matching, err = r.rules.Compile(base, labels)
		judge = r.matching
	case r.o.ExpectFolder:
		r.folders, err = check.NewFolders(base, labels)
		judge = r.folders
	case len(base.Expect) > 0 || len(base.Reject) > 0 || base.MinProb != nil || base.MinMargin != nil:
		judge, err = check.Compile(base, labels)
	default:
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return []check.Judge{judge}, nil
}

// flags are the rules of the command line.
func (o *CheckOptions) flags() check.Rules {
	return check.Rules{
		Expect: o.Expect, Reject: o.Reject, TopK: given(o.TopK, o.TopK > 0),
		MinProb: given(o.MinProb, o.MinProb >= 0), MinMargin: given(o.MinMargin, o.MinMargin >= 0),
	}
}

// given is a flag's value, nil where it was not given.
func given[T any](value T, is bool) *T {
	if !is {
		return nil
	}
	return &value
}

// verdict judges a record that is about to be written.
func (r *checkRun) verdict(rec *report.Record) {
	v := check.Verdict{Passed: true}
	switch {
	case rec.Err != nil && r.judge != nil:
		r.judge.Meet(rec.Path)
		return
	case rec.Err != nil:
		return
	case r.judge != nil:
		v = r.judge.Verdict(rec.Path, rec.Result)
	}
	rec.Check = &v
}

// extra opens what a check writes besides: a new baseline, and what GitHub's runner
// reads where it runs the check.
func (r *checkRun) extra(ctx context.Context, style report.Style) error {
	out := r.batch.out
	if r.o.UpdateBaseline {
		style := style
		style.Timing = false
		if err := out.openBare(ctx, r.o.Baseline, style); err != nil {
			return err
		}
	}
	if os.Getenv("GITHUB_ACTIONS") == "" {
		return nil
	}
	out.add("annotations", report.New("github", r.batch.streams.Err, style))
	summary := os.Getenv("GITHUB_STEP_SUMMARY")
	if summary == "" {
		return nil
	}
	f, err := os.OpenFile(summary, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o666)
	if err != nil {
		return cannotOpen(summary, err)
	}
	out.add(summary, report.New("markdown", f, style))
	return nil
}

// ended says what the whole of the pictures shows.
func (r *checkRun) ended() error {
	b := r.batch
	if !r.o.Quiet && r.judge != nil {
		if n := b.tally.violated; n > 0 {
			b.console.say(fmt.Sprintf("%d of %d images are not as expected", n, b.tally.done()))
		}
		r.sayUnseen()
	}
	if r.folders != nil {
		return r.folders.Err()
	}
	return nil
}

// sayUnseen tells of what is expected of pictures that were not among the inputs.
func (r *checkRun) sayUnseen() {
	if r.o.Shard.Count > 1 {
		return
	}
	if unseen := r.judge.Unseen(); len(unseen) > 0 {
		r.batch.console.say(fmt.Sprintf("expected but not among the inputs: %d, such as %s", len(unseen), strconv.Quote(unseen[0])))
	}
	if r.matching != nil && r.matching.Unmatched() > 0 {
		r.batch.console.say(fmt.Sprintf("%d images match no rule of %s", r.matching.Unmatched(), strconv.Quote(r.o.Rules)))
	}
}
