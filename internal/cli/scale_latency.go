package cli

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/effnet/effnet/pkg/model"
	"github.com/effnet/effnet/pkg/profile"
	"github.com/effnet/effnet/pkg/tensor"
)

// latency is the median time of a picture through the network.
type latency struct {
	one, all time.Duration // on one thread, and on all
	threads  int           // of all
}

// How long to measure: at least leastRuns, at most mostRuns, and no more once
// measureFor has passed.
const (
	leastRuns, mostRuns = 3, 15
	measureFor          = 2 * time.Second
)

// maxRunBytes bounds what --run takes: random weights, packed weights and
// activations at once.
const maxRunBytes = 16e9

// measure runs every network where that was asked for.
func (w *scaling) measure(ctx context.Context) error {
	if !w.o.Run {
		return nil
	}
	for _, r := range w.rows() {
		if need := 2*r.sum.WeightBytes() + r.sum.ArenaBytes; need > maxRunBytes {
			return usage(fmt.Errorf("--run: %s needs %s of memory; the most is %s",
				r.sum.Variant.Name, sized(need), sized(maxRunBytes)))
		}
	}
	threads := limitThreads(w.o.Threads)
	for _, r := range w.rows() {
		l, err := w.latency(ctx, r.sum.Variant, threads)
		if err != nil {
			return err
		}
		r.latency = &l
	}
	return nil
}

func (w *scaling) latency(ctx context.Context, v model.Variant, threads int) (l latency, err error) {
	prof := profile.ImageNet(v.Resolution)
	plan, err := model.Compile(v, prof, model.Random(v.ParamSpecs(w.o.Classes), 1), w.set)
	if err != nil {
		return l, err
	}
	in := tensor.New(tensor.Shape{N: 1, H: v.Resolution, W: v.Resolution, C: 3})
	copy(in.Data, model.Stream("input", 1, len(in.Data)))
	l.threads = threads
	if l.one, err = median(ctx, plan, in, 1); err != nil {
		return l, err
	}
	if threads == 1 {
		l.all = l.one
		return l, nil
	}
	l.all, err = median(ctx, plan, in, threads)
	return l, err
}

// median runs a plan several times, and once before that.
func median(ctx context.Context, plan *model.Plan, in *tensor.Tensor, threads int) (time.Duration, error) {
	ws := plan.NewWorkspace(threads)
	defer ws.Close()
	var times []time.Duration
	begin := time.Now()
	for n := 0; n <= leastRuns || n <= mostRuns && time.Since(begin) < measureFor; n++ {
		if ctx.Err() != nil {
			return 0, &exitError{exitInterrupted, fmt.Errorf("interrupted")}
		}
		start := time.Now()
		if _, err := plan.Run(ws, in); err != nil {
			return 0, err
		}
		if n > 0 {
			times = append(times, time.Since(start))
		}
	}
	slices.Sort(times)
	return times[len(times)/2], nil
}
