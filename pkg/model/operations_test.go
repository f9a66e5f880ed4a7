package model

import (
	"testing"
	"time"

	"github.com/effnet/effnet/pkg/kernels"
	"github.com/effnet/effnet/pkg/profile"
	"github.com/effnet/effnet/pkg/tensor"
)

// Operations hold every step once and in order, say how each is computed, and a clock
// tells each one's time.
func TestOperationsAndClock(t *testing.T) {
	for _, name := range []string{"b0", "lite0", "v2-s"} {
		v, err := Lookup(name)
		if err != nil {
			t.Fatal(err)
		}
		prof := profile.ImageNet(64)
		for _, set := range kernels.Sets() {
			p, err := Compile(v, prof, Random(v.ParamSpecs(10), 1), set)
			if err != nil {
				t.Fatal(err)
			}
			steps := p.Steps()
			macs := int64(0)
			for i, op := range p.Operations() {
				if op.Kernels == "" || op.Bytes <= 0 || op.Name != op.Steps[len(op.Steps)-1].Name {
					t.Errorf("%s on %s: operation %d: %+v", name, set.Tier, i, op)
				}
				for _, s := range op.Steps {
					if s.Name != steps[0].Name {
						t.Fatalf("%s on %s: operation %q has step %q, want %q", name, set.Tier, op.Name, s.Name, steps[0].Name)
					}
					steps = steps[1:]
				}
				macs += op.MACs
			}
			if sum := Summarize(v, prof.Padding, 64, 10, set); len(steps) > 0 || macs != sum.MACs {
				t.Errorf("%s on %s: %d steps left, %d multiply-adds of %d", name, set.Tier, len(steps), macs, sum.MACs)
			}
			for _, threads := range []int{1, 2} {
				ws := p.NewWorkspace(threads)
				next := 0
				ws.Clock(func(i int, took time.Duration) {
					if i != next || took < 0 {
						t.Errorf("%s on %s: operation %d took %v, want %d", name, set.Tier, i, took, next)
					}
					next++
				})
				in := tensor.New(tensor.Shape{N: 1, H: 64, W: 64, C: 3})
				if _, err := p.Run(ws, in); err != nil {
					t.Fatal(err)
				}
				if next != len(p.Operations()) {
					t.Errorf("%s on %s: %d of %d operations were timed", name, set.Tier, next, len(p.Operations()))
				}
				ws.Close()
			}
		}
	}
}
