package cli

import (
	"context"
	"errors"
	"iter"
	"sync"

	"github.com/effnet/effnet/internal/report"
	"github.com/effnet/effnet/internal/source"
)

// pipeline classifies a stream of inputs on several sessions at once and gives the
// records in the order of the inputs. It holds a bounded number of inputs.
type pipeline struct {
	open    func(threads int) session
	threads int // of all sessions together
	batch   int // inputs that go to a session at once
	peek    bool
	known   func(path string) (report.Record, bool) // records that need no work; may be nil
	emit    func(report.Record) error               // called for each input in order; an error ends the run
}

// errNoInput says that the stream was empty.
var errNoInput = errors.New("no input matched")

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
		deal(ctx, first, jobs, ordered, begun)
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

// deal passes the first jobs and those that follow, until ctx is cancelled.
func deal(ctx context.Context, first []*job, jobs <-chan *job, ordered, begun chan<- *job) {
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
		data, records := j.read(ctx, p.known)
		if records != nil && !label(s, data, records) {
			s = p.open(threads) // a session that failed inside may be in any state
		}
		j.records = records
		close(j.done)
	}
}
