package cli

import (
	"sync"

	"github.com/effnet/effnet/pkg/classify"
)

// beside carries what a session of a command's own gives of a picture besides its result
// to the hook that meets the record.
type beside[T any] struct{ of sync.Map }

func (b *beside[T]) put(r *classify.Result, v T) { b.of.Store(r, v) }

// take gives the value of a result once.
func (b *beside[T]) take(r *classify.Result) (v T, ok bool) {
	any, ok := b.of.LoadAndDelete(r)
	if ok {
		v = any.(T)
	}
	return v, ok
}
