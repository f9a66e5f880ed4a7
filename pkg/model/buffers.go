package model

import (
	"cmp"
	"slices"
)

// bufferID is a buffer of a workspace.
type bufferID int

// noBuffer stands where an operation needs none.
const noBuffer bufferID = -1

// span is a buffer's size in values and the operations between which it must
// keep its content.
type span struct {
	size        int
	first, last int
}

// bufferPlanner collects buffers while a network is compiled.
type bufferPlanner struct{ spans []span }

// bufferPlan is where each buffer lies in the arena, in values; buffers whose
// spans do not meet share memory.
type bufferPlan struct {
	offsets, sizes []int
	total          int
}

// of is a buffer's part of an arena.
func (p *bufferPlan) of(arena []float32, id bufferID) []float32 {
	return arena[p.offsets[id] : p.offsets[id]+p.sizes[id]]
}

// lineValues is a cache line of float32: every buffer starts at one.
const lineValues = 16

// add makes a buffer that operation now writes.
func (b *bufferPlanner) add(size, now int) bufferID {
	b.spans = append(b.spans, span{size: (size + lineValues - 1) / lineValues * lineValues, first: now, last: now})
	return bufferID(len(b.spans) - 1)
}

// use keeps a buffer's content until operation now has run.
func (b *bufferPlanner) use(id bufferID, now int) {
	b.spans[id].last = max(b.spans[id].last, now)
}

// plan places the largest buffers first, each at the lowest offset that is
// free for its whole span.
func (b *bufferPlanner) plan() bufferPlan {
	order := make([]int, len(b.spans))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(x, y int) int { return cmp.Compare(b.spans[y].size, b.spans[x].size) })
	p := bufferPlan{offsets: make([]int, len(b.spans)), sizes: make([]int, len(b.spans))}
	for n, i := range order {
		s := b.spans[i]
		p.sizes[i] = s.size
		p.offsets[i] = b.lowest(s, order[:n], p.offsets)
		p.total = max(p.total, p.offsets[i]+s.size)
	}
	return p
}

// lowest is the first gap for s among the placed buffers that live with it.
func (b *bufferPlanner) lowest(s span, placed []int, offsets []int) int {
	var taken [][2]int
	for _, i := range placed {
		if o := b.spans[i]; o.first <= s.last && s.first <= o.last {
			taken = append(taken, [2]int{offsets[i], offsets[i] + o.size})
		}
	}
	slices.SortFunc(taken, func(x, y [2]int) int { return cmp.Compare(x[0], y[0]) })
	at := 0
	for _, t := range taken {
		if at+s.size <= t[0] {
			break
		}
		at = max(at, t[1])
	}
	return at
}
