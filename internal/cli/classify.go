package cli

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"

	"github.com/spf13/cobra"

	"github.com/effnet/effnet/internal/report"
	"github.com/effnet/effnet/pkg/model"
	"github.com/effnet/effnet/pkg/preprocess"
	"github.com/effnet/effnet/pkg/profile"
)

// Bounds of flags that ask for memory.
const (
	maxThreads = 1024
	maxBatch   = 1024
)

// ClassifyOptions are the arguments and flags of effnet classify.
type ClassifyOptions struct {
	Inputs    []string
	FilesFrom string
	NUL       bool

	Model, Variant string
	Labels         string
	Profile        string
	Resolution     int
	Precision      string
	Crop           string
	NoEXIF         bool
	Lenient        bool
	MaxPixels      int64

	Top     int // 0: all of Classes
	Classes []string
	MinProb float64

	Format     string
	Output     string
	Logits     bool
	Timing     bool
	Provenance bool

	Threads, Batch int
	FailFast       bool
	Quiet          bool
}

const classifyLong = `Print the most likely labels of each image.

INPUT is a file, a folder, a glob ("photos/**/*.jpg"), or - for one image on
standard input. A folder is walked in lexical order; hidden entries and files
that are no pictures by their name are skipped. Results keep the order of the
input. They go to standard output, messages to standard error.

Exit codes: 0 all done, 2 wrong usage, 3 some inputs could not be classified,
4 the model was refused, 5 output could not be written, 130 interrupted.`

const classifyExample = `  effnet classify cat.jpg
  effnet classify photos/ -k 1 -f csv -o labels.csv
  effnet classify 'photos/**/*.jpg' -f jsonl | head
  curl -s https://example.org/cat.jpg | effnet classify -
  find . -name '*.jpg' -print0 | effnet classify --files-from - -0
  effnet classify cat.jpg --class tabby --class "tiger cat" --logits`

func newClassifyCmd(s Streams, runF func(context.Context, Streams, ClassifyOptions) error) *cobra.Command {
	o := ClassifyOptions{}
	cmd := &cobra.Command{
		Use:     "classify INPUT...",
		Short:   "Print the most likely labels of each image",
		Long:    classifyLong,
		Example: classifyExample,
		Args:    cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Inputs = args
			if len(o.Classes) > 0 && !cmd.Flags().Changed("top") {
				o.Top = 0
			} else if err := between("top", o.Top, 1, math.MaxInt32); err != nil {
				return err
			}
			if err := o.check(); err != nil {
				return err
			}
			return runF(cmd.Context(), s, o)
		},
	}
	o.addFlags(cmd)
	return cmd
}

func (o *ClassifyOptions) addFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.SortFlags = false

	f.IntVarP(&o.Top, "top", "k", 5, "`N` labels of each image (with --class all of these)")
	f.StringVarP(&o.Format, "format", "f", "table", "`FORMAT`: table, json, jsonl or csv")
	f.StringVarP(&o.Output, "output", "o", "", "write to `FILE`, which is replaced only when all is done")
	f.StringArrayVar(&o.Classes, "class", nil, "only this `LABEL`, whatever its rank; may be repeated")
	f.Float64Var(&o.MinProb, "min-prob", 0, "drop labels whose probability is below `P`")
	f.BoolVar(&o.Logits, "logits", false, "add the logit of each label")
	f.BoolVar(&o.Timing, "timing", false, "add the milliseconds of each part of the work")
	f.BoolVar(&o.Provenance, "provenance", false, "add version, kernel tier and the model's SHA-256")

	f.StringVarP(&o.Model, "model", "m", defaultModel(), "`NAME` of a model, or a model file; $EFFNET_MODEL sets the default")
	f.StringVar(&o.Variant, "variant", "", "`NAME` of the architecture, where a model file does not tell")
	f.StringVar(&o.Labels, "labels", "", "labels of the classes: `FILE` with one a line, or JSON")
	f.StringVar(&o.Precision, "precision", "f32", "`WORD`: f32")

	f.StringVar(&o.Crop, "crop", "center", "`WORD`: center, squash (whole image) or pad (whole image, borders filled)")
	f.IntVar(&o.Resolution, "resolution", 0, "side of the network's input, `N` pixels (default: the model's)")
	f.StringVar(&o.Profile, "profile", "", "override what the model says of its input; keys: padding, bn_eps,\n"+
		"mean, std, crop, interpolation; `KEY=VALUE` pairs joined by commas")
	f.BoolVar(&o.NoEXIF, "no-exif", false, "ignore the orientation in EXIF data")
	f.BoolVar(&o.Lenient, "lenient", false, "classify damaged images from what could be decoded")
	f.Int64Var(&o.MaxPixels, "max-pixels", 100_000_000, "refuse images of more than `N` pixels")

	f.StringVar(&o.FilesFrom, "files-from", "", "read names of inputs from `FILE`, - for standard input; one a line")
	f.BoolVarP(&o.NUL, "null", "0", false, "names in --files-from end with NUL instead")
	f.IntVar(&o.Threads, "threads", 0, "`N` threads; 0 = all the CPUs that the process may use")
	f.IntVar(&o.Batch, "batch", 1, "`N` images pass through the network at once")
	f.BoolVar(&o.FailFast, "fail-fast", false, "stop at the first input that cannot be classified")
	f.BoolVarP(&o.Quiet, "quiet", "q", false, "no messages about inputs, no progress")

	complete(cmd, "format", report.Formats...)
	complete(cmd, "crop", "center", "squash", "pad")
	complete(cmd, "precision", "f32")
	complete(cmd, "variant", variantNames()...)
	if err := cmd.RegisterFlagCompletionFunc("model", completeModel); err != nil {
		panic(err) // no such flag
	}
}

func defaultModel() string {
	if name := os.Getenv("EFFNET_MODEL"); name != "" {
		return name
	}
	return "efficientnet-lite0"
}

// completeModel offers the names of models, and files.
func completeModel(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return append([]string{embeddedModel}, pulledNames()...), cobra.ShellCompDirectiveDefault
}

func variantNames() []string {
	var names []string
	for _, v := range model.Variants() {
		names = append(names, v.Name)
	}
	return names
}

// check finds every wrong flag that can be told without reading anything.
func (o *ClassifyOptions) check() error {
	p := profile.ImageNet(profile.MinResolution)
	var variantErr error
	if o.Variant != "" {
		_, variantErr = model.Lookup(o.Variant)
	}
	resolution := o.Resolution
	if resolution == 0 {
		resolution = profile.MinResolution
	}
	for _, err := range []error{
		oneOf("format", o.Format, report.Formats...),
		oneOf("crop", o.Crop, string(preprocess.Center), string(preprocess.Squash), string(preprocess.Pad)),
		o.checkPrecision(),
		between("min-prob", o.MinProb, 0, 1),
		between("resolution", resolution, profile.MinResolution, profile.MaxResolution),
		between("max-pixels", o.MaxPixels, 1, math.MaxInt64),
		between("threads", o.Threads, 0, maxThreads),
		between("batch", o.Batch, 1, maxBatch),
		usageOf(profile.Parse(o.Profile, &p)),
		usageOf(variantErr),
		o.checkInputs(),
	} {
		if err != nil {
			return err
		}
	}
	return nil
}

func usageOf(err error) error {
	if err == nil {
		return nil
	}
	return usage(err)
}

func (o *ClassifyOptions) checkPrecision() error {
	if o.Precision == "bf16" || o.Precision == "int8" {
		return usage(fmt.Errorf("--precision %s is not in this build, f32 is", o.Precision))
	}
	return oneOf("precision", o.Precision, "f32")
}

func (o *ClassifyOptions) checkInputs() error {
	switch {
	case len(o.Inputs) == 0 && o.FilesFrom == "":
		return usage(errors.New("no input given: name files, folders, globs, or - for standard input"))
	case o.NUL && o.FilesFrom == "":
		return usage(errors.New("-0 is of use only with --files-from"))
	case o.Model == "":
		return usage(errors.New("--model is empty"))
	}
	return nil
}
