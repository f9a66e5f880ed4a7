package cli

import (
	"bytes"
	"math"
	"runtime/debug"
	"testing"
)

func TestClassifyLimitsMemory(t *testing.T) {
	before := debug.SetMemoryLimit(-1)
	t.Cleanup(func() { debug.SetMemoryLimit(before) })
	for _, tt := range []struct {
		env     string
		limited bool
	}{{"1TiB", false}, {"", true}} {
		t.Setenv("GOMEMLIMIT", tt.env)
		debug.SetMemoryLimit(math.MaxInt64)
		var out, messages bytes.Buffer
		if code := run(t.Context(), Streams{Out: &out, Err: &messages}, []string{"classify", "../../testdata/cat.jpg"}); code != exitOK {
			t.Fatalf("exit code %d: %s", code, messages.String())
		}
		if limit := debug.SetMemoryLimit(-1); (limit < math.MaxInt64) != tt.limited || limit < spareMemory {
			t.Errorf("GOMEMLIMIT=%q: limit %d", tt.env, limit)
		}
	}
}
