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
// most as many pictures as the session has threads are decoded at once; what
// the cache has is neither decoded nor run.
func (s *Session) Batch(ctx context.Context, pictures [][]byte) []Outcome {
	return s.batch(ctx, pictures, s.m.embedding)
}

// batch is Batch; with embed the results have the features.
func (s *Session) batch(ctx context.Context, pictures [][]byte, embed bool) []Outcome {
	outcomes := make([]Outcome, len(pictures))
	keys := make([]string, len(pictures)) // of the cache, empty without one
	s.shape(len(pictures))
	parallel(len(pictures), s.threads, func(thread, i int) {
		outcomes[i], keys[i] = s.begin(ctx, pictures[i], &s.pixels[thread], s.row(i), embed)
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
	for at, i := range good {
		r := outcomes[i].Result
		r.Timing.Model = took / n
		if embed {
			r.Embedding = s.embedding(at)
		}
		if err := s.m.conclude(r, logits[:classes]); err != nil {
			outcomes[i] = Outcome{Err: err}
		}
		logits = logits[classes:]
		r.Timing.Total += time.Since(start) / n
	}
	parallel(len(good), s.threads, func(_, n int) {
		if i := good[n]; outcomes[i].Err == nil {
			s.m.recall.put(keys[i], outcomes[i].Result)
		}
	})
	return outcomes
}

// begin takes a picture's result from the cache, or prepares its row.
func (s *Session) begin(ctx context.Context, picture []byte, ws *preprocess.Workspace, row []float32, embed bool) (o Outcome, key string) {
	if err := ctx.Err(); err != nil {
		return Outcome{Err: err}, ""
	}
	if embed == s.m.embedding {
		if o.Result, key = s.m.recalled(picture); o.Result != nil {
			return o, key
		}
	}
	start := time.Now()
	o.Result, o.Err = s.m.prepare(ctx, s.m.decode(picture), ws, row)
	if o.Result != nil {
		o.Result.Timing.Total = time.Since(start)
	}
	return o, key
}

// pack moves the rows of pictures that could be decoded together and gives
// their numbers. Those whose result has logits already, from the cache, have
// no row.
func (s *Session) pack(outcomes []Outcome) []int {
	var good []int
	for i, o := range outcomes {
		if o.Err != nil || o.Result.Logits != nil {
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

// parallel calls f for i from 0 to n-1 on at most threads goroutines, which it
// tells apart.
func parallel(n, threads int, f func(thread, i int)) {
	var next atomic.Int64
	var wg sync.WaitGroup
	for thread := range min(n, threads) {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				f(thread, i)
			}
		})
	}
	wg.Wait()
}
