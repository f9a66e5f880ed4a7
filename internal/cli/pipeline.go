package cli

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync"

	"github.com/effnet/effnet/internal/report"
	"github.com/effnet/effnet/internal/source"
	"github.com/effnet/effnet/pkg/classify"
)

// session is what the pipeline needs of a classify.Session.
type session interface {
	Batch(ctx context.Context, pictures [][]byte) []classify.Outcome
	Close()
}

// pipeline classifies a stream of inputs on several sessions at once and gives the
// records in the order of the inputs. It holds a bounded number of inputs.
type pipeline struct {
	open    func(threads int) session
	threads int // of all sessions together
	batch   int // inputs that go to a session at once
	peek    bool
	emit    func(report.Record) error // called for each input in order; an error ends the run
}

// errNoInput says that the stream was empty.
var errNoInput = errors.New("no input matched")

// job is some consecutive inputs and, once done is closed, their records.
type job struct {
	inputs  []source.Input
	records []report.Record // nil where the run was interrupted before the job began
	done    chan struct{}
}

// run returns when all records were emitted, or ctx is cancelled and what was begun was
// emitted, or emit fails. begin is called once, after the first input was seen.
func (p *pipeline) run(ctx context.Context, inputs iter.Seq[source.Input], begin func() error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	jobs := make(chan *job)
	go p.feed(ctx, inputs, jobs)

	first, ended := p.first(ctx, jobs)
	if len(first) == 0 {
		if ctx.Err() != nil {
			return nil
		}
		return errNoInput
	}
	if err := begin(); err != nil {
		return err
	}
	workers, each := p.threads, 1
	if ended {
		workers = min(p.threads, len(first))
		each = p.threads / workers
	}
	return p.work(ctx, first, jobs, workers, each)
}

// feed cuts the stream into jobs.
func (p *pipeline) feed(ctx context.Context, inputs iter.Seq[source.Input], jobs chan<- *job) {
	defer close(jobs)
	var pending []source.Input
	send := func() bool {
		j := &job{inputs: pending, done: make(chan struct{})}
		pending = nil
		select {
		case jobs <- j:
			return true
		case <-ctx.Done():
			return false
		}
	}
	for in := range inputs {
		if pending = append(pending, in); len(pending) == p.batch && !send() {
			return
		}
	}
	if len(pending) > 0 {
		send()
	}
}

// first waits for one job and, where the stream may be waited for, for as many as there
// are threads: few jobs get several threads each.
func (p *pipeline) first(ctx context.Context, jobs <-chan *job) (first []*job, ended bool) {
	want := 1
	if p.peek {
		want = p.threads + 1
	}
	for len(first) < want {
		select {
		case j, ok := <-jobs:
			if !ok {
				return first, true
			}
			first = append(first, j)
		case <-ctx.Done():
			return first, false
		}
	}
	return first, false
}

// work hands jobs to workers and emits their records in order.
func (p *pipeline) work(ctx context.Context, first []*job, jobs <-chan *job, workers, threads int) error {
	begun := make(chan *job)              // to the workers
	ordered := make(chan *job, 2*workers) // to be emitted, in order
	var wg sync.WaitGroup
	defer wg.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	for range workers {
		wg.Go(func() { p.worker(ctx, threads, begun) })
	}
	wg.Go(func() {
		defer close(ordered)
		defer close(begun)
		for _, j := range first {
			if !pass(ctx, j, ordered, begun) {
				return
			}
		}
		for {
			select {
			case j, ok := <-jobs:
				if !ok || !pass(ctx, j, ordered, begun) {
					return
				}
			case <-ctx.Done():
				return
			}
		}
	})
	for j := range ordered {
		<-j.done
		for _, r := range j.records {
			if err := p.emit(r); err != nil {
				return err
			}
		}
		if j.records == nil {
			return nil
		}
	}
	return nil
}

// pass gives a job its place in the order, then to a worker. A job that no worker
// takes before ctx is cancelled is done, without records.
func pass(ctx context.Context, j *job, ordered, begun chan<- *job) bool {
	select {
	case ordered <- j:
	case <-ctx.Done():
		return false
	}
	select {
	case begun <- j:
		return true
	case <-ctx.Done():
		close(j.done)
		return false
	}
}

// worker finishes every job that it has begun, whether or not ctx is cancelled.
func (p *pipeline) worker(ctx context.Context, threads int, begun <-chan *job) {
	s := p.open(threads)
	defer func() { s.Close() }()
	for j := range begun {
		data, records := j.read(ctx)
		if records != nil && !p.classify(s, j, data, records) {
			s = p.open(threads) // a session that failed inside may be in any state
		}
		j.records = records
		close(j.done)
	}
}

// read gets the bytes of the inputs; data[i] is nil where record i holds an error. It
// gives no records where ctx is cancelled while it waits for a stream.
func (j *job) read(ctx context.Context) (data [][]byte, records []report.Record) {
	data = make([][]byte, len(j.inputs))
	records = make([]report.Record, len(j.inputs))
	for i, in := range j.inputs {
		bytes, err := readInput(ctx, in)
		if errors.Is(err, context.Canceled) {
			return nil, nil
		}
		if bytes == nil {
			bytes = []byte{}
		}
		records[i].Path = in.Path
		if err != nil {
			records[i].Err = inputError(err)
			continue
		}
		data[i] = bytes
	}
	return data, records
}

// readInput waits for a stream no longer than until ctx is cancelled.
func readInput(ctx context.Context, in source.Input) ([]byte, error) {
	if !in.Stream {
		return in.Read()
	}
	type outcome struct {
		data []byte
		err  error
	}
	ready := make(chan outcome, 1)
	go func() {
		data, err := in.Read()
		ready <- outcome{data, err}
	}()
	select {
	case o := <-ready:
		return o.data, o.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// classify fills in the records that hold no error yet. It returns false after a panic,
// which is an error of the inputs concerned.
func (p *pipeline) classify(s session, j *job, data [][]byte, records []report.Record) (sound bool) {
	var which []int
	var pictures [][]byte
	for i := range data {
		if data[i] != nil {
			which, pictures = append(which, i), append(pictures, data[i])
		}
	}
	if len(which) == 0 {
		return true
	}
	defer func() {
		if fault := recover(); fault != nil {
			for _, i := range which {
				records[i].Err = &classify.Error{Kind: classify.KindInternal, Err: fmt.Errorf("internal fault: %v", fault)}
			}
		}
	}()
	for n, o := range s.Batch(context.Background(), pictures) {
		r := &records[which[n]]
		if o.Err != nil {
			r.Err = inputError(o.Err)
		} else {
			r.Result = o.Result
		}
	}
	return true
}

// inputError gives every error of an input its kind.
func inputError(err error) *classify.Error {
	var known *classify.Error
	var read *source.Error
	switch {
	case errors.As(err, &known):
		return known
	case errors.As(err, &read) && read.Limit:
		return &classify.Error{Kind: classify.KindLimit, Err: err}
	case errors.As(err, &read):
		return &classify.Error{Kind: classify.KindRead, Err: err}
	}
	return &classify.Error{Kind: classify.KindInternal, Err: err}
}
