package cli

import (
	"context"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/effnet/effnet/internal/plot"
	"github.com/effnet/effnet/pkg/classify"
	"github.com/effnet/effnet/pkg/model"
	"github.com/effnet/effnet/pkg/profile"
	"github.com/effnet/effnet/pkg/train"
)

// TrainOptions are the argument and flags of effnet train.
type TrainOptions struct {
	Output     string
	Model      string
	Variant    string
	Profile    string
	Resolution int
	MaxPixels  int64
	Threads    int

	Recipe train.Options // without what stands above
	Log    string
	Curves string
	Format string
	Quiet  bool

	unfreeze          string
	noAugment, noFlip bool
}

const trainLong = `Train a model for classes of your own.

DIR holds a folder of pictures a class, or train/ and val/ with these; without val/ a
share is held back for validation, told apart by the pictures' bytes. A new head is
fitted to what the network sees in the pictures. With --unfreeze the last N blocks and
what comes behind them are then trained too, on pictures that are varied each time
anew, and the epoch that is best on the validation pictures is kept.

OUT is a model file for every other command. Beside it OUT.features keeps what the
network sees, so that the next run begins at once, and OUT.checkpoint, until the end,
where the training is: --resume goes on from there to the same bytes. Ctrl-C writes
the best so far. The same seed gives the same model on any number of threads.

Exit codes: 0 done, 2 wrong usage or a folder that cannot be trained on, 3 done without
some pictures, 4 the model was refused or the training diverged, 5 output could not be
written, 130 interrupted.`

const trainExample = `  effnet train flowers/ -o flowers.safetensors
  effnet train flowers/ -o flowers.safetensors --unfreeze 2 --curves curves.png
  effnet train flowers/ -o flowers.safetensors --unfreeze 2 --resume
  effnet classify -m flowers.safetensors photo.jpg`

func newTrainCmd(s Streams, runF func(context.Context, Streams, TrainOptions) error) *cobra.Command {
	o := TrainOptions{Recipe: train.DefaultOptions()}
	cmd := &cobra.Command{
		Use:     "train DIR -o OUT",
		Short:   "Train a model on a folder of classes",
		Long:    trainLong,
		Example: trainExample,
		Args:    cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usage(fmt.Errorf("%s takes one argument, the folder, got %d", cmd.CommandPath(), len(args)))
			}
			o.Recipe.Dir = args[0]
			if err := o.check(); err != nil {
				return err
			}
			return runF(cmd.Context(), s, o)
		},
	}
	o.addFlags(cmd)
	return cmd
}

func (o *TrainOptions) addFlags(cmd *cobra.Command) {
	f, r := cmd.Flags(), &o.Recipe
	f.SortFlags = false
	f.StringVarP(&o.Output, "output", "o", "", "write the model to `OUT`, which is replaced only when all is done")
	f.StringVarP(&o.Model, "model", "m", defaultModel(), "begin with the model `NAME`, or a model file; $EFFNET_MODEL sets the default")
	f.StringVar(&o.Variant, "variant", "", "`NAME` of the architecture, where a model file does not tell")
	f.StringVar(&o.Profile, "profile", "", "override what the model says of its input; `KEY=VALUE` pairs joined by commas")
	f.IntVar(&o.Resolution, "resolution", 0, "side of the network's input, `N` pixels (default: the model's)")

	f.Float64Var(&r.Share, "val-share", r.Share, "share `P` of the pictures that is held back where there is no val/")
	f.BoolVar(&r.Balance, "balance", false, "rare classes count as much as frequent ones")
	f.BoolVar(&r.Sigmoid, "sigmoid", false, "one output for two classes; a high one means the second")
	f.StringVar(&o.unfreeze, "unfreeze", "0", "train the last `N` blocks after the head, or all")

	f.IntVar(&r.Epochs, "epochs", r.Epochs, "at most `N` times all pictures")
	f.IntVar(&r.Batch, "batch", r.Batch, "`N` pictures a step")
	f.Float64Var(&r.Rate, "lr", r.Rate, "highest `RATE` of learning")
	f.Float64Var(&r.Warmup, "warmup", r.Warmup, "`N` epochs in which the rate rises; it falls as a cosine after them")
	f.Float64Var(&r.Decay, "weight-decay", r.Decay, "what a step takes off the weights: the share `D` times the rate")
	f.Float64Var(&r.Clip, "clip", r.Clip, "longest gradient `L`; 0 = any")
	f.Float64Var(&r.LabelSmoothing, "label-smoothing", r.LabelSmoothing, "share `P` of a label that goes to all classes")
	f.Float64Var(&r.Dropout, "dropout", r.Dropout, "share `P` of the features that a step leaves out")
	f.Float64Var(&r.StochasticDepth, "stochastic-depth", r.StochasticDepth, "share `P` of the pictures that skip the last block")
	f.Float64Var(&r.Average, "ema", r.Average, "decay `D` of the running mean of weights that is kept; 0 = the weights")
	f.IntVar(&r.Patience, "patience", r.Patience, "stop after `N` epochs without a better one; 0 = never")
	f.Uint64Var(&r.Seed, "seed", 0, "`N` that decides all that is drawn by chance")

	a := &r.Augment
	f.BoolVar(&o.noAugment, "no-augment", false, "do not vary the pictures")
	f.BoolVar(&o.noFlip, "no-flip", false, "do not mirror pictures")
	f.Float64Var(&a.Scale, "crop-scale", a.Scale, "crop at random, at least the share `P` of the area; 0 = the middle")
	f.Float64Var(&a.Aspect, "crop-aspect", a.Aspect, "stretch such a crop up to `R` times")
	f.Float64Var(&a.Rotate, "rotate", a.Rotate, "turn pictures by up to `N` degrees")
	f.Float64Var(&a.Shift, "shift", a.Shift, "move pictures by up to the share `P` of their size")
	f.Float64Var(&a.Contrast, "contrast", a.Contrast, "change the contrast by up to the share `P`")

	f.BoolVar(&r.Resume, "resume", false, "go on from OUT.checkpoint, where there is one")
	f.StringVar(&o.Log, "log", "", "write what happens to `FILE`, a JSON object a line")
	f.StringVar(&o.Curves, "curves", "", "draw loss and accuracy into `FILE`, .png or .svg")
	f.StringVarP(&o.Format, "format", "f", "table", "`FORMAT` of the summary: table or json")
	f.IntVar(&o.Threads, "threads", 0, "`N` threads; 0 = all the CPUs that the process may use")
	f.Int64Var(&o.MaxPixels, "max-pixels", 100_000_000, "leave out images of more than `N` pixels")
	addQuietFlag(cmd, &o.Quiet)
	complete(cmd, "format", "table", "json")
	complete(cmd, "variant", variantNames()...)
	if err := cmd.RegisterFlagCompletionFunc("model", completeModel); err != nil {
		panic(err) // no such flag
	}
}

// check finds every wrong flag that can be told without reading anything, and
// completes the recipe.
func (o *TrainOptions) check() error {
	p := profile.ImageNet(profile.MinResolution)
	for _, err := range []error{
		oneOf("format", o.Format, "table", "json"),
		optional("resolution", o.Resolution, profile.MinResolution, profile.MaxResolution),
		between("max-pixels", o.MaxPixels, 1, math.MaxInt64),
		between("threads", o.Threads, 0, maxThreads),
		usageOf(profile.Parse(o.Profile, &p)),
		o.checkFiles(),
		o.checkUnfreeze(),
	} {
		if err != nil {
			return err
		}
	}
	if o.Variant != "" {
		if _, err := model.Lookup(o.Variant); err != nil {
			return usage(err)
		}
	}
	r := &o.Recipe
	if !(r.Share > 0 && r.Share < 1) {
		return usage(fmt.Errorf("--val-share %v is not between 0 and 1", r.Share))
	}
	if o.noAugment {
		r.Augment = train.Augment{}
	}
	if o.noFlip {
		r.Augment.Flip = 0
	}
	r.Model = o.Model
	r.Base = classify.Options{
		Variant: o.Variant, Overrides: o.Profile, Resolution: o.Resolution, Threads: o.Threads, MaxPixels: o.MaxPixels,
		Engine: versionString(), Resolve: resolveModel,
	}
	return r.Check()
}

// checkFiles sees to it that no two outputs are one.
func (o *TrainOptions) checkFiles() error {
	switch {
	case o.Output == "" || o.Output == "-":
		return usage(errors.New("name the file of the model: -o OUT"))
	case o.Model == "":
		return usage(errors.New("--model is empty"))
	case o.Curves != "" && !slices.Contains(plot.Formats, plotFormat(o.Curves)):
		return usage(fmt.Errorf("--curves %q does not end in .%s", o.Curves, strings.Join(plot.Formats, " or .")))
	}
	taken := map[string]string{}
	for flag, path := range map[string]string{"output": o.Output, "log": o.Log, "curves": o.Curves} {
		if path == "" {
			continue
		}
		path = filepath.Clean(path)
		if other, twice := taken[path]; twice {
			return usage(fmt.Errorf("--%s and --%s are the same file", min(flag, other), max(flag, other)))
		}
		taken[path] = flag
	}
	return nil
}

func (o *TrainOptions) checkUnfreeze() error {
	if o.unfreeze == "all" {
		o.Recipe.Unfreeze = train.AllBlocks
		return nil
	}
	n, err := strconv.Atoi(o.unfreeze)
	if err != nil || n < 0 {
		return usage(fmt.Errorf("--unfreeze %q is neither a number of blocks nor all", o.unfreeze))
	}
	o.Recipe.Unfreeze = n
	return nil
}
