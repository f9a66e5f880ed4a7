package classify

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/effnet/effnet/pkg/preprocess"
)

// Outcome is what became of one picture of a batch: a Result or an error.
type Outcome struct {
	Result *Result
	Err    error
}

// Batch classifies several encoded pictures in one run of the model and gives
// their outcomes in the same order, with the same numbers as one by one. At
// most as many pictures as the session has threads are decoded at once.
func (s *Session) Batch(ctx context.Context, pictures [][]byte) []Outcome {
	outcomes := make([]Outcome, len(pictures))
	s.shape(len(pictures))
	parallel(len(pictures), s.threads, func(i int) {
		start := time.Now()
		outcomes[i].Result, outcomes[i].Err = s.m.prepare(ctx, func() (*preprocess.Picture, error) {
			return preprocess.Decode(pictures[i], s.m.decoding)
		}, s.row(i))
		if r := outcomes[i].Result; r != nil {
			r.Timing.Total = time.Since(start)
		}
	})
	good := s.pack(outcomes)
	if len(good) == 0 {
		return outcomes
	}
	start := time.Now()
	logits, took, err := s.run(ctx)
	if err != nil {
		for _, i := range good {
			outcomes[i] = Outcome{Err: err}
		}
		return outcomes
	}
	n := time.Duration(len(good))
	classes := s.m.plan.Classes()
	for _, i := range good {
		r := outcomes[i].Result
		r.Timing.Model = took / n
		if err := s.m.conclude(r, logits[:classes]); err != nil {
			outcomes[i] = Outcome{Err: err}
		}
		logits = logits[classes:]
		r.Timing.Total += time.Since(start) / n
	}
	return outcomes
}

// pack moves the rows of pictures that could be decoded together and gives
// their numbers.
func (s *Session) pack(outcomes []Outcome) []int {
	var good []int
	for i, o := range outcomes {
		if o.Err != nil {
			continue
		}
		if n := len(good); n != i {
			copy(s.row(n), s.row(i))
		}
		good = append(good, i)
	}
	s.shape(len(good))
	return good
}

// parallel calls f(0) … f(n-1) on at most threads goroutines.
func parallel(n, threads int, f func(i int)) {
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(n, threads) {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				f(i)
			}
		})
	}
	wg.Wait()
}
