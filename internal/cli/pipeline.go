package cli

import (
	"context"
	"errors"
	"iter"

	"github.com/effnet/effnet/internal/report"
	"github.com/effnet/effnet/internal/source"
)

// pipeline classifies a stream of inputs on several sessions at once and gives the
// records in the order of the inputs. Files are read ahead of the sessions, and sessions
// go on while the record of a slow picture is waited for; how much is held for either is
// bounded.
type pipeline struct {
	open    func(threads int) session
	threads int // of all sessions together
	batch   int // inputs that go to a session at once
	peek    bool
	known   func(path string) (report.Record, bool) // records that need no work; may be nil
	emit    func(report.Record) error               // called for each input in order; an error ends the run

	// Bytes that may be held: of files that were read and are not yet worked on, and of
	// records that wait for an earlier one; 0 stands for the constants of these names.
	maxAhead, maxWaiting int64
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
		j := newJob(pending)
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
