package train

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/effnet/effnet/pkg/classify"
)

// FeatureOptions say how Extract works. The zero value is good.
type FeatureOptions struct {
	Threads  int                   // 0: all the CPUs that the process may use
	File     string                // keeps features between runs; empty: none
	Engine   string                // version of the program, which kept features must have too
	Progress func(done, total int) // called one at a time; may be nil
}

// Features are what the frozen network sees in a data set's pictures.
type Features struct {
	Width                int // values a picture
	Training, Validation Samples
	Computed             int   // pictures whose features were not kept
	KeepErr              error // why features could not be kept; nil where they were or need not be
}

// Samples are rows of values with their classes.
type Samples struct {
	X      []float32 // [N, Width]
	Labels []int     // [N]
}

// Extract computes the features of d's pictures by m, those after global
// pooling, as Model.Embed does. Pictures that cannot be decoded are moved to
// d.Bad, so that d and the rows agree. What the file already keeps of the same
// pictures by the same model is not computed again. The error is ctx's or, where
// a class has no training picture left, a *DatasetError.
func Extract(ctx context.Context, m *classify.Model, d *Dataset, o FeatureOptions) (*Features, error) {
	e := extraction{m: m, o: o, pictures: slices.Concat(d.Training, d.Validation)}
	e.rows = make([][]float32, len(e.pictures))
	e.errs = make([]error, len(e.pictures))
	e.open()
	err := e.compute(ctx)
	e.file.close()
	if err != nil {
		return nil, err
	}
	f := &Features{Width: m.Features(), Computed: len(e.todo), KeepErr: e.file.err}
	n := len(d.Training)
	f.Training = samplesOf(f.Width, d.Training, e.rows[:n])
	f.Validation = samplesOf(f.Width, d.Validation, e.rows[n:])
	d.Training = d.without(d.Training, e.errs[:n])
	d.Validation = d.without(d.Validation, e.errs[n:])
	return f, d.checkTraining()
}

// samplesOf joins the rows that are there.
func samplesOf(width int, pictures []Picture, rows [][]float32) Samples {
	s := Samples{X: make([]float32, 0, width*len(rows)), Labels: make([]int, 0, len(rows))}
	for i, row := range rows {
		if row != nil {
			s.X = append(s.X, row...)
			s.Labels = append(s.Labels, pictures[i].Class)
		}
	}
	return s
}

// checkTraining holds that each class has a picture to train with.
func (d *Dataset) checkTraining() error {
	var problems []string
	training, _ := d.Counts()
	for class, n := range training {
		if n == 0 {
			problems = append(problems, d.unreadable(class))
		}
	}
	if problems != nil {
		return &DatasetError{d.Dir, problems}
	}
	return nil
}

// extraction is one run of Extract.
type extraction struct {
	m        *classify.Model
	o        FeatureOptions
	pictures []Picture
	rows     [][]float32 // [Width] each; nil where there is an error
	errs     []error
	todo     []int // pictures that are not kept
	file     *featureFile

	mu      sync.Mutex
	done    int    // of todo
	ready   []bool // of todo
	written int    // the first of todo that is not in the file
}

// open takes what the file keeps.
func (e *extraction) open() {
	want := make(map[Sum]bool, len(e.pictures))
	for _, p := range e.pictures {
		want[p.Sum] = true
	}
	setup := ""
	if e.o.File != "" {
		setup = e.m.Setup(e.o.Engine)
	}
	var kept map[Sum][]float32
	e.file, kept = &featureFile{}, nil
	if setup != "" {
		e.file, kept = openFeatureFile(e.o.File, sha256.Sum256([]byte(setup)), e.m.Features(), want)
	}
	for i, p := range e.pictures {
		if e.rows[i] = kept[p.Sum]; e.rows[i] == nil {
			e.todo = append(e.todo, i)
		}
	}
	e.ready = make([]bool, len(e.todo))
}

// compute gives each worker a session; few pictures get several threads each.
func (e *extraction) compute(ctx context.Context) error {
	threads := threadsOr(e.o.Threads)
	workers := max(1, min(threads, len(e.todo)))
	total := len(e.pictures)
	e.report(total-len(e.todo), total)
	next := make(chan int)
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() { e.worker(ctx, threads/workers, next) })
	}
	for at := range e.todo {
		next <- at
	}
	close(next)
	wg.Wait()
	return ctx.Err()
}

func (e *extraction) worker(ctx context.Context, threads int, next <-chan int) {
	var s *classify.Session
	defer func() {
		if s != nil {
			s.Close()
		}
	}()
	for at := range next {
		if ctx.Err() != nil {
			continue
		}
		if s == nil {
			s = e.m.Session(threads)
		}
		i := e.todo[at]
		e.rows[i], e.errs[i] = embed(ctx, s, e.pictures[i])
		var failed *classify.Error
		if errors.As(e.errs[i], &failed) && failed.Kind == classify.KindInternal {
			s.Close() // it may be in any state
			s = nil
		}
		if ctx.Err() == nil {
			e.finish(at)
		}
	}
}

func embed(ctx context.Context, s *classify.Session, p Picture) ([]float32, error) {
	data, err := p.Read()
	if err != nil {
		return nil, err
	}
	return s.Embed(ctx, data)
}

// finish writes all that is ready in the order of the pictures.
func (e *extraction) finish(at int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.ready[at] = true
	e.done++
	for ; e.written < len(e.todo) && e.ready[e.written]; e.written++ {
		if i := e.todo[e.written]; e.rows[i] != nil {
			e.file.put(e.pictures[i].Sum, e.rows[i])
		}
	}
	total := len(e.pictures)
	e.report(total-len(e.todo)+e.done, total)
}

func (e *extraction) report(done, total int) {
	if e.o.Progress != nil {
		e.o.Progress(done, total)
	}
}

// unreadable says that a class has no picture, with one of the reasons.
func (d *Dataset) unreadable(class int) string {
	text := fmt.Sprintf("no picture of class %q can be read", d.Classes[class])
	for _, b := range d.Bad {
		if b.Class == class {
			return text + fmt.Sprintf(" (%q: %s)", b.Path, b.Err)
		}
	}
	return text
}
