package similar

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
)

// Options of Groups.
type Options struct {
	Threshold float64 // least cosine of near-duplicates
	Threads   int     // 0: all processors
	Tier      string  // of the kernels; empty: the best
}

// Group is vectors that are near-duplicates, each of at least one other of them,
// so that a chain of small changes is one group.
type Group []Match // in the order of Vectors; Cosine is to the most alike of the others

// Groups finds all near-duplicates: every vector is compared with every other,
// N²·Dim/2 multiply-adds, in blocks by the kernels of the networks; memory
// besides the vectors is some megabytes a thread. Cosines that are near to the
// threshold are computed again in float64, so that the groups do not depend on
// tier or threads. Cosines above it differ in
// the seventh digit. Groups come in the order of their first vectors; a vector
// like no other is in none. An error is the context's, or means that there is no
// such tier.
func (v *Vectors) Groups(ctx context.Context, o Options) ([]Group, error) {
	set, err := kernelSet(o.Tier)
	if err != nil {
		return nil, err
	}
	if v.Len() < 2 {
		return nil, nil
	}
	f := newForest(v, o.Threshold)
	threads := o.Threads
	if threads <= 0 {
		threads = runtime.GOMAXPROCS(0)
	}
	stripes := (v.Len() + stripeRows - 1) / stripeRows
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(threads, stripes) {
		wg.Go(func() {
			b := newBlocks(set, v, f.norms)
			defer b.memory.Release()
			for s := int(next.Add(1)); s <= stripes && ctx.Err() == nil; s = int(next.Add(1)) {
				b.stripe(ctx, stripes-s, f) // the longest first
			}
		})
	}
	wg.Wait()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return f.groups(), nil
}

// forest joins what is alike (union by index, paths halved).
type forest struct {
	v         *Vectors
	norms     []float64
	threshold float64
	doubt     float64 // how far a cosine of the kernels may be off

	mutex   sync.Mutex
	parents []int32
	best    []float64 // highest cosine to another of the group; below the threshold: none
}

func newForest(v *Vectors, threshold float64) *forest {
	const rounding = 1.0 / (1 << 23) // of a float32 sum, a term
	f := &forest{
		v: v, threshold: threshold, doubt: max(1e-4, float64(v.Dim)*rounding), norms: make([]float64, v.Len()), parents: make([]int32, v.Len()), best: make([]float64, v.Len()),
	}
	for i := range f.parents {
		f.norms[i], f.parents[i], f.best[i] = norm(v.Row(i)), int32(i), -2
	}
	return f
}

func (f *forest) root(i int32) int32 {
	for f.parents[i] != i {
		f.parents[i] = f.parents[f.parents[i]]
		i = f.parents[i]
	}
	return i
}

// pair is two vectors whose cosine is at or near the threshold or above.
type pair struct {
	i, j   int32
	cosine float64
}

// join takes pairs in any order to the same result.
func (f *forest) join(pairs []pair) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	for _, p := range pairs {
		a, b := f.root(p.i), f.root(p.j)
		if p.cosine < f.threshold+f.doubt {
			// What is joined and has a nearer one already gains nothing.
			if a == b && min(f.best[p.i], f.best[p.j]) >= f.threshold+2*f.doubt {
				continue
			}
			p.cosine = cosine(dot(f.v.Row(int(p.i)), f.v.Row(int(p.j))), f.norms[p.i], f.norms[p.j])
			if p.cosine < f.threshold {
				continue
			}
		}
		f.parents[max(a, b)] = min(a, b)
		f.best[p.i], f.best[p.j] = max(f.best[p.i], p.cosine), max(f.best[p.j], p.cosine)
	}
}

func (f *forest) groups() []Group {
	places := map[int32]int{}
	var groups []Group
	for i, best := range f.best {
		if best == -2 {
			continue
		}
		root := f.root(int32(i))
		at, ok := places[root]
		if !ok {
			at = len(groups)
			places[root] = at
			groups = append(groups, nil)
		}
		groups[at] = append(groups[at], Match{i, f.v.Names[i], min(best, 1)})
	}
	return groups
}
