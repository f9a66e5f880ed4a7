package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"
)

// EvalOptions are the arguments and flags of effnet eval.
type EvalOptions struct {
	ModelOptions

	Set              string // a folder of classes, or a manifest
	Format, Output   string
	Report           string // HTML
	Compare          string // another model
	Mistakes         int
	MinTop1, MinTop5 float64 // below 0: not given, as those that follow
	MinBalanced      float64
	MinF1            float64
	MaxECE           float64
	WriteTemperature bool
	Quiet            bool
}

const evalLong = `Say how good a model is on images whose classes are known: accuracy with its 95 %
interval, precision, recall and F1 of each class, what is taken for what, and whether
the probabilities can be believed.

DIR holds a folder of images for each class, MANIFEST.csv has the columns path and
label. A class is a label of the model, a synonym, a WordNet id or an index; _ may
stand for a blank. A folder whose name is none of these ends it before any work.

The temperature is what logits have to be divided by so that an image with the
probability P is right in P of all cases. --write-temperature stores it in the model
file of -m, where every command uses it.

With --compare the same images go through another model, and McNemar's test says
whether the difference is more than chance.

Exit codes: 0 all done, 1 a figure is not as asked for by --min-… or --max-…, 2 wrong
usage or no image, 3 some images could not be classified, 4 the model was refused,
5 output could not be written, 130 interrupted.`

const evalExample = `  effnet eval val/ -m my.safetensors
  effnet eval val/ -m my.safetensors --report val.html --min-top1 0.9
  effnet eval imagenet/val.csv -f json -o lite0.json
  effnet eval val/ -m new.safetensors --compare old.safetensors
  effnet eval val/ -m my.safetensors --write-temperature`

func newEvalCmd(s Streams, runF func(context.Context, Streams, EvalOptions) error) *cobra.Command {
	o := EvalOptions{}
	cmd := &cobra.Command{
		Use:     "eval DIR|MANIFEST.csv",
		Short:   "Say how good a model is on images whose classes are known",
		Long:    evalLong,
		Example: evalExample,
		Args:    cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usage(fmt.Errorf("%s takes one folder or manifest, got %d", cmd.CommandPath(), len(args)))
			}
			o.Set = args[0]
			if err := o.check(cmd.Flags().Changed); err != nil {
				return err
			}
			return runF(cmd.Context(), s, o)
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVarP(&o.Format, "format", "f", "table", "`FORMAT`: table, json, or csv of the classes")
	f.StringVarP(&o.Output, "output", "o", "", "write to `FILE`, which is replaced only when all is done")
	f.StringVar(&o.Report, "report", "", "write a page with the mistakes, the matrix and the curves as well: `FILE.html`")
	f.IntVar(&o.Mistakes, "mistakes", 24, "the worst `N` mistakes")
	f.StringVar(&o.Compare, "compare", "", "set another model, `NAME` or file, beside this one")
	f.Float64Var(&o.MinTop1, "min-top1", -1, "end with 1 where top-1 is below the share `P`")
	f.Float64Var(&o.MinTop5, "min-top5", -1, "the same of top-5: `P`")
	f.Float64Var(&o.MinBalanced, "min-balanced", -1, "the same of the mean recall of the classes: `P`")
	f.Float64Var(&o.MinF1, "min-f1", -1, "the same of their mean F1: `P`")
	f.Float64Var(&o.MaxECE, "max-ece", -1, "end with 1 where the expected calibration error is above `P`")
	f.BoolVar(&o.WriteTemperature, "write-temperature", false, "store the temperature in the model file of -m")
	for _, name := range thresholds {
		f.Lookup(name).DefValue = "0" // shows no default
	}
	addQuietFlag(cmd, &o.Quiet)
	o.ModelOptions.addFlags(cmd)
	complete(cmd, "format", "table", "json", "csv")
	if err := cmd.RegisterFlagCompletionFunc("compare", completeModel); err != nil {
		panic(err) // no such flag
	}
	return cmd
}

var thresholds = []string{"min-top1", "min-top5", "min-balanced", "min-f1", "max-ece"}

const maxMistakes = 10_000

// check finds every wrong flag that can be told without reading anything.
func (o *EvalOptions) check(given func(string) bool) error {
	for _, err := range []error{
		oneOf("format", o.Format, "table", "json", "csv"),
		between("mistakes", o.Mistakes, 1, maxMistakes),
		o.ModelOptions.check(),
	} {
		if err != nil {
			return err
		}
	}
	for i, v := range []float64{o.MinTop1, o.MinTop5, o.MinBalanced, o.MinF1, o.MaxECE} {
		if err := ifGiven(given(thresholds[i]), between(thresholds[i], v, 0, 1)); err != nil {
			return err
		}
	}
	switch {
	case o.Set == "" || o.Set == "-":
		return usage(errors.New("name a folder of classes, or a manifest"))
	case given("compare") && o.Compare == "":
		return usage(errors.New("--compare is empty"))
	case given("report") && (o.Report == "" || o.Report == "-"):
		return usage(errors.New("--report needs the name of a file"))
	}
	taken := map[string]string{}
	if o.WriteTemperature {
		taken[absolute(o.Model)] = "--model"
	}
	for _, out := range []struct{ flag, path string }{{"--output", o.Output}, {"--report", o.Report}} {
		if out.path == "" || out.path == "-" {
			continue
		}
		if other := taken[absolute(out.path)]; other != "" {
			return usage(fmt.Errorf("%s and %s name the same file", other, out.flag))
		}
		taken[absolute(out.path)] = out.flag
	}
	return nil
}
