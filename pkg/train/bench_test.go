package train

import (
	"context"
	"fmt"
	"testing"

	"github.com/effnet/effnet/pkg/kernels"
	"github.com/effnet/effnet/pkg/model"
	"github.com/effnet/effnet/pkg/profile"
	"github.com/effnet/effnet/pkg/tensor"
)

// BenchmarkStep times forward and backward pass of a batch of 16, by the
// blocks that are trained.
func BenchmarkStep(b *testing.B) {
	for _, c := range []struct {
		name   string
		blocks int
	}{{"lite0", 2}, {"b0", 2}, {"b0", 16}, {"v2-b0", 2}, {"v2-b0", 21}} {
		for _, threads := range []int{1, 2} {
			b.Run(fmt.Sprintf("%s/%d/threads=%d", c.name, c.blocks, threads), func(b *testing.B) {
				tail := benchmarkTail(b, c.name, c.blocks, threads)
				batch := randomBatch(tail, 16, 1)
				for b.Loop() {
					tail.Changed()
					mustStep(b, tail, batch)
				}
				reportPictures(b, 16)
			})
		}
	}
}

// BenchmarkTraining is a whole step on two threads: the frozen plan, the tail
// and the optimiser.
func BenchmarkTraining(b *testing.B) {
	tail := benchmarkTail(b, "lite0", 2, 2)
	plan, err := model.CompileUntil(tail.variant, profile.ImageNet(224), tail.Params(), tail.pass.set, tail.Start())
	if err != nil {
		b.Fatal(err)
	}
	ws := plan.NewWorkspace(2)
	defer ws.Close()
	in := tensor.New(tensor.Shape{N: 16, H: 224, W: 224, C: 3})
	copy(in.Data, model.Stream("pictures", 1, len(in.Data)))
	batch := randomBatch(tail, 16, 1)
	optimiser := NewAdamW(tail, AdamWOptions{})
	for b.Loop() {
		out, err := plan.Run(ws, in)
		if err != nil {
			b.Fatal(err)
		}
		batch.X = &tensor.Tensor{Shape: plan.OutputShape(16), Data: out}
		tail.ZeroGradients()
		if _, err := tail.Step(context.Background(), batch); err != nil {
			b.Fatal(err)
		}
		if _, err := optimiser.Step(1e-4); err != nil {
			b.Fatal(err)
		}
	}
	reportPictures(b, 16)
}

func benchmarkTail(b *testing.B, name string, blocks, threads int) *Tail {
	b.Helper()
	v, err := model.Lookup(name)
	if err != nil {
		b.Fatal(err)
	}
	set, err := kernels.Best()
	if err != nil {
		b.Fatal(err)
	}
	prof := profile.ImageNet(224)
	params := model.Random(v.ParamSpecs(testClasses), 1)
	tail, err := NewTail(v, prof, params, blocks, testClasses, set, TailOptions{Threads: threads, LabelSmoothing: 0.1, Dropout: 0.2})
	if err != nil {
		b.Fatal(err)
	}
	return tail
}

func reportPictures(b *testing.B, n int) {
	b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "pictures/s")
}
