package cli

import (
	"os"
	"runtime"
	"runtime/debug"
)

// spareMemory is how much pictures and garbage may take together, in bytes, before the
// collector runs at every allocation. Pictures in work may take more.
const spareMemory = 256 << 20

// limitMemory, called once the model is there, keeps the garbage of large pictures from
// piling up to as much again as is in use. A $GOMEMLIMIT of the user's goes before.
func limitMemory() {
	if os.Getenv("GOMEMLIMIT") != "" {
		return
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	debug.SetMemoryLimit(int64(m.Sys-m.HeapReleased) + spareMemory)
}
