package kernels

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/effnet/effnet/internal/testkit"
)

func TestRuns(t *testing.T) {
	tests := []struct {
		channels int
		want     []Run
	}{
		{1, []Run{{100, 1}}},
		{4, []Run{{100, 1}}},
		{15, []Run{{100, 4}}},
		{16, []Run{{100, 4}}},
		{17, []Run{{100, 4}, {1100, 1}}},
		{40, []Run{{100, 4}, {1100, 4}, {2100, 2}}},
	}
	for _, tt := range tests {
		if d := cmp.Diff(tt.want, Runs(tt.channels, 100, 1000)); d != "" {
			t.Errorf("Runs(%d, 100, 1000) (-want +got):\n%s", tt.channels, d)
		}
	}
}

// window is a product whose k lie in runs that overlap, as the taps of a full
// convolution do: a holds what the runs find in memory.
type window struct {
	*product
	memory []float32
	runs   []Run
}

func newWindow(r testkit.Random, pixels, n int) window {
	w := window{runs: make([]Run, 1+r.IntN(9))}
	k, values := 0, 0
	for i := range w.runs {
		run := Run{Offset: r.IntN(500) * 4, K4: 1 + r.IntN(4)}
		w.runs[i] = run
		k += run.K4 * 4
		values = max(values, run.Offset/4+(pixels-1)*Block+run.K4*4)
	}
	w.product = newProduct(r, pixels, k, n)
	w.memory = r.Signeds(values)
	w.a = w.a[:0]
	for p := range pixels {
		for _, run := range w.runs {
			w.a = append(w.a, w.memory[run.Offset/4+p*Block:][:run.K4*4]...)
		}
	}
	return w
}

// Runs may begin anywhere, in any order, and share memory; the last one read
// ends at a guard page.
func TestGEMMFindsItsInputsInRuns(t *testing.T) {
	for _, s := range Sets() {
		t.Run(string(s.Tier), func(t *testing.T) {
			m := newGEMMMemory(t)
			random := testkit.NewRandom(19)
			eachTile(t, s, func(t *testing.T, tile gemmTile) {
				for _, e := range epilogues {
					x := gemmShape{vecs: tile.vecs, mr: tile.rows, tiles: 2, rows: 1}
					w := newWindow(random, x.pixels(), tile.vecs*Block)
					w.cleared(tile)
					a := m.a.Last(len(w.memory))
					copy(a, w.memory)
					sum, abs := w.sums()
					got := m.call(t, tile.kernel, x, w.product, e, a, w.runs)
					for i := range got {
						want, bound := e.outcome(w.k, sum[i], abs[i], w.residual[i])
						if !testkit.Within(got[i], want, bound) {
							t.Fatalf("%+v %v: C[%d] = %v, want %v ± %v", w.runs, e, i, got[i], want, bound)
						}
					}
				}
			})
		})
	}
}
