package train

import (
	"encoding/hex"
	"fmt"
	"math"
	"strings"

	"crypto/sha256"

	"github.com/effnet/effnet/pkg/classify"
)

// AllBlocks as Options.Unfreeze trains the whole network.
const AllBlocks = -1

// Options say what Run trains, and how. DefaultOptions is where to begin.
type Options struct {
	Dir   string  // a folder a class, or train/ and val/ with one each
	Share float64 // for validation where there is no val/; 0: DefaultShare

	Model string           // that training begins with, as classify.Open takes it
	Base  classify.Options // of Model; its Threads are those of the whole run
	Name  string           // of the new model; part of its bytes, may be empty

	Features   string // file that keeps the frozen network's features; empty: none
	Checkpoint string // file to go on from after an interruption; empty: none
	Resume     bool   // from Checkpoint, where that exists

	Balance  bool // rare classes count as much as frequent ones
	Sigmoid  bool // one output for two classes; a high one means the second
	Unfreeze int  // last blocks to train after the head, or AllBlocks; 0: the head alone

	// What follows is of the epochs after the head.
	Epochs, Batch   int
	Rate            float64 // the highest one of learning
	Warmup          float64 // epochs over which it rises
	Decay           float64 // of weights, as AdamWOptions.Decay
	Clip            float64 // as AdamWOptions.Clip
	LabelSmoothing  float64 // as TailOptions'
	Dropout         float64 // as TailOptions'
	StochasticDepth float64 // as TailOptions'
	Average         float64 // decay of the mean of weights that is evaluated and kept; 0: the weights themselves
	Patience        int     // epochs without a better one after which a run ends; 0: never
	Augment         Augment
	Seed            uint64
}

// DefaultOptions is a recipe that suits a few hundred to some ten thousand
// photographs.
func DefaultOptions() Options {
	return Options{
		Share: DefaultShare, Name: "trained", Epochs: 10, Batch: 16, Rate: 1e-4, Warmup: 1, Decay: 0.01, Clip: 5,
		LabelSmoothing: 0.1, Dropout: 0.2, Average: 0.99, Patience: 5, Augment: DefaultAugment(),
	}
}

// Bounds of options that ask for memory or time.
const (
	maxEpochs     = 1 << 16
	maxBatchSize  = 1 << 12
	maxFineBlocks = maxBlocks
)

// Check finds what makes no sense whatever the data and the model are; the
// error is a *classify.UsageError.
func (o *Options) Check() error {
	wrong := func(format string, args ...any) error {
		return &classify.UsageError{Msg: fmt.Sprintf(format, args...)}
	}
	for _, v := range []struct {
		name        string
		value       float64
		least, most float64
	}{
		{"blocks to train", float64(o.Unfreeze), AllBlocks, maxFineBlocks}, {"epochs", float64(o.Epochs), 1, maxEpochs},
		{"pictures a batch", float64(o.Batch), 1, maxBatchSize}, {"rate of learning", o.Rate, 0, math.MaxFloat32},
		{"epochs of warm-up", o.Warmup, 0, maxEpochs}, {"weight decay", o.Decay, 0, math.MaxFloat32},
		{"length of gradients", o.Clip, 0, math.MaxFloat32}, {"patience", float64(o.Patience), 0, maxEpochs},
	} {
		if !(v.value >= v.least && v.value <= v.most) {
			return wrong("%s of %v is not from %v to %v", v.name, v.value, v.least, v.most)
		}
	}
	if !(o.Average >= 0 && o.Average < 1) {
		return wrong("average of %v is not in [0, 1)", o.Average)
	}
	if o.Rate == 0 {
		return wrong("rate of learning is 0")
	}
	if err := o.tail(1).validate(); err != nil {
		return wrong("%s", err)
	}
	if err := o.Augment.Validate(); err != nil {
		return err
	}
	return o.Base.Check()
}

func (o *Options) tail(threads int) TailOptions {
	return TailOptions{
		Threads: threads, LabelSmoothing: o.LabelSmoothing, Dropout: o.Dropout, StochasticDepth: o.StochasticDepth, Seed: o.Seed,
	}
}

// outputs is the number of logits.
func (o *Options) outputs(classes int) int {
	if o.Sigmoid {
		return 1
	}
	return classes
}

// recipe is a canonical text, a line each, of all that the trained weights
// depend on: options, model as its setup tells, data and the head.
func (o *Options) recipe(setup string, d *Dataset, h *Head) string {
	var b strings.Builder
	line := func(name string, value any) { fmt.Fprintf(&b, "%s\t%v\n", name, value) }
	line("model", digestText(setup))
	line("pictures", d.digestText())
	line("head", digestText(fmt.Sprint(h.Weight, h.Bias)))
	line("class weights", o.Balance)
	line("sigmoid", o.Sigmoid)
	line("blocks", o.Unfreeze)
	line("epochs", o.Epochs)
	line("batch", o.Batch)
	line("rate", o.Rate)
	line("warm-up", o.Warmup)
	line("weight decay", o.Decay)
	line("gradient clipping", o.Clip)
	line("label smoothing", o.LabelSmoothing)
	line("dropout", o.Dropout)
	line("stochastic depth", o.StochasticDepth)
	line("average", o.Average)
	line("patience", o.Patience)
	line("augmentation", fmt.Sprintf("%+v", o.Augment))
	line("seed", o.Seed)
	return b.String()
}

func digestText(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// digestText tells the pictures of both sides and their classes.
func (d *Dataset) digestText() string {
	h := sha256.New()
	fmt.Fprintf(h, "%q\n", d.Classes)
	for _, side := range [][]Picture{d.Training, d.Validation} {
		for _, p := range side {
			fmt.Fprintf(h, "%d %x\n", p.Class, p.Sum)
		}
		fmt.Fprintln(h)
	}
	return hex.EncodeToString(h.Sum(nil))
}
