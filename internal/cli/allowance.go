package cli

import (
	"context"
	"sync/atomic"
)

// allowance bounds the bytes that are held between two stages. One goroutine waits for
// it; any may add to it and take away.
type allowance struct {
	limit int64
	held  atomic.Int64
	freed chan struct{} // [1]
}

func newAllowance(limit int64) *allowance {
	return &allowance{limit: limit, freed: make(chan struct{}, 1)}
}

// wait returns true as soon as less than the limit is held, false where ctx is cancelled
// before.
func (a *allowance) wait(ctx context.Context) bool {
	for a.held.Load() >= a.limit {
		select {
		case <-a.freed:
		case <-ctx.Done():
			return false
		}
	}
	return true
}

// add takes n bytes more into account, or less.
func (a *allowance) add(n int64) {
	a.held.Add(n)
	if n < 0 {
		select {
		case a.freed <- struct{}{}:
		default:
		}
	}
}
