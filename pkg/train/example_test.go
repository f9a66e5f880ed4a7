package train_test

import (
	"context"
	"fmt"
	"log"

	"github.com/effnet/effnet/pkg/kernels"
	"github.com/effnet/effnet/pkg/model"
	"github.com/effnet/effnet/pkg/profile"
	"github.com/effnet/effnet/pkg/tensor"
	"github.com/effnet/effnet/pkg/train"
)

// The last two blocks of a small network learn two classes: dark and bright.
func ExampleTail() {
	v, err := model.Lookup("lite0:d0.2,w0.1,r64")
	if err != nil {
		log.Fatal(err)
	}
	set, err := kernels.Best()
	if err != nil {
		log.Fatal(err)
	}
	prof, params := profile.ImageNet(64), model.Random(v.ParamSpecs(2), 1)
	tail, err := train.NewTail(v, prof, params, 2, 2, set, train.TailOptions{Threads: 2, LabelSmoothing: 0.1})
	if err != nil {
		log.Fatal(err)
	}
	frozen, err := model.CompileUntil(v, prof, params, set, tail.Start())
	if err != nil {
		log.Fatal(err)
	}
	ws := frozen.NewWorkspace(2)
	defer ws.Close()

	pictures := tensor.New(tensor.Shape{N: 4, H: 64, W: 64, C: 3})
	labels := []int{0, 1, 0, 1}
	for i := range pictures.Data {
		pictures.Data[i] = float32(labels[i/(64*64*3)])
	}
	activations, err := frozen.Run(ws, pictures)
	if err != nil {
		log.Fatal(err)
	}
	batch := train.Batch{X: &tensor.Tensor{Shape: frozen.OutputShape(4), Data: activations}, Labels: labels}

	optimiser := train.NewAdamW(tail, train.AdamWOptions{Decay: 0.01})
	rates := train.Schedule{Peak: 1e-2, Warmup: 3, Steps: 30}
	var outcome train.Outcome
	for i := range rates.Steps {
		batch.Serial = uint64(i)
		tail.ZeroGradients()
		if outcome, err = tail.Step(context.Background(), batch); err != nil {
			log.Fatal(err)
		}
		if _, err = optimiser.Step(rates.Rate(i)); err != nil {
			log.Fatal(err)
		}
	}
	fmt.Println("after", tail.Start(), "right:", outcome.Hits)

	// What is trained makes an ordinary plan again.
	plan, err := model.Compile(v, prof, tail.Params(), set)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("classes:", plan.Classes())
	// Output:
	// after stages.4.0 right: 4
	// classes: 2
}
