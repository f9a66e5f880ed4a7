package cli

import (
	"cmp"
	"context"
	"sync"
)

// What is held between the stages, in bytes.
const (
	maxAhead   = 64 << 20 // files that were read and are not yet worked on
	maxWaiting = 32 << 20 // records that wait for an earlier one
)

// line passes jobs from readers to workers and their records, in order, to emit.
type line struct {
	*pipeline
	ordered chan *job // to be emitted, in order
	reading chan *job // to the readers
	begun   chan *job // to the workers, in order
	ahead   *allowance
	waiting *allowance
	spare   chan []byte // memory of files
}

// work hands jobs to readers and workers and emits their records in order.
func (p *pipeline) work(ctx context.Context, first []*job, jobs <-chan *job, workers, threads int) error {
	l := &line{
		pipeline: p,
		ordered:  make(chan *job, cmp.Or(p.maxWaiting, maxWaiting)/leastWeight), // so that the allowance is the bound
		reading:  make(chan *job), begun: make(chan *job, 2*workers),
		ahead: newAllowance(cmp.Or(p.maxAhead, maxAhead)), waiting: newAllowance(cmp.Or(p.maxWaiting, maxWaiting)),
		spare: make(chan []byte, 4*workers),
	}
	var wg sync.WaitGroup
	defer wg.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	for range workers {
		wg.Go(func() { l.read(ctx) })
		wg.Go(func() { l.worker(ctx, threads) })
	}
	wg.Go(func() {
		defer close(l.ordered)
		defer close(l.begun)
		defer close(l.reading)
		l.deal(ctx, first, jobs)
	})
	for j := range l.ordered {
		<-j.done
		for _, r := range j.records {
			if err := p.emit(r); err != nil {
				return err
			}
		}
		if j.records == nil {
			return nil
		}
		l.waiting.add(-j.weight())
	}
	return nil
}

// deal passes the first jobs and those that follow, until ctx is cancelled.
func (l *line) deal(ctx context.Context, first []*job, jobs <-chan *job) {
	for _, j := range first {
		if !l.pass(ctx, j) {
			return
		}
	}
	for {
		select {
		case j, ok := <-jobs:
			if !ok || !l.pass(ctx, j) {
				return
			}
		case <-ctx.Done():
			return
		}
	}
}

// pass gives a job its place in the order, then to a reader and a worker, once there is
// room for its bytes and its records. A job that no worker takes before ctx is cancelled
// is done, without records.
func (l *line) pass(ctx context.Context, j *job) bool {
	if !l.waiting.wait(ctx) || !l.ahead.wait(ctx) {
		return false
	}
	select {
	case l.ordered <- j:
	case <-ctx.Done():
		return false
	}
	for _, to := range []chan<- *job{l.reading, l.begun} {
		select {
		case to <- j:
		case <-ctx.Done():
			close(j.done)
			return false
		}
	}
	return true
}

// read gets the bytes of jobs.
func (l *line) read(ctx context.Context) {
	for j := range l.reading {
		j.read(ctx, l.known, l.buffer)
		l.ahead.add(j.size())
		close(j.ready)
	}
}

// buffer is memory for a file.
func (l *line) buffer() []byte {
	select {
	case b := <-l.spare:
		return b
	default:
		return nil
	}
}

// reuse keeps the memory of files that are done with, but not of unusually large ones.
func (l *line) reuse(data [][]byte) {
	const largest = 16 << 20
	for _, b := range data {
		if cap(b) == 0 || cap(b) > largest {
			continue
		}
		select {
		case l.spare <- b:
		default:
			return
		}
	}
}

// worker finishes every job that it has begun, whether or not ctx is cancelled.
func (l *line) worker(ctx context.Context, threads int) {
	s := l.open(threads)
	defer func() { s.Close() }()
	for j := range l.begun {
		<-j.ready
		l.ahead.add(-j.size())
		if ctx.Err() != nil {
			j.records = nil
		}
		data := j.data
		j.data = nil
		switch {
		case j.records == nil:
		case label(s, data, j.records):
			l.reuse(data)
		default:
			s = l.open(threads) // a session that failed inside may be in any state
		}
		l.waiting.add(j.weight())
		close(j.done)
	}
}

// leastWeight is more than a record without predictions takes.
const leastWeight = 1 << 10

// weight is about the bytes that the records of a job take.
func (j *job) weight() int64 {
	n := 0
	for i := range j.records {
		n += leastWeight
		if r := j.records[i].Result; r != nil {
			n += 4*(len(r.Logits)+len(r.Embedding)) + 100*len(r.Predictions)
		}
	}
	return int64(n)
}
