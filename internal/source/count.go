package source

import (
	"context"
	"os"
)

// Count is the number of inputs that a Source of the same options yields; no input is
// read for it. It is known unless the walk can be done only once (a list that is no
// regular file), would have to inflate (a compressed tar), fails, or ctx ends, and then
// n is how far it came.
func Count(ctx context.Context, o Options) (n int, known bool) {
	if o.FilesFrom != "" {
		if info, err := os.Stat(o.FilesFrom); o.FilesFrom == "-" || err != nil || !info.Mode().IsRegular() {
			return 0, false
		}
	}
	o.Unmatched = nil
	s, err := Open(o)
	if err != nil {
		return 0, false
	}
	defer s.Close()
	s.counting = true
	s.stopped = func() bool { return ctx.Err() != nil }
	for range s.All() {
		if s.stopped() {
			break
		}
		n++
	}
	return n, !s.uncounted && !s.stopped()
}
