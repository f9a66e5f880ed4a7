package cli

import (
	"context"
	"math"

	"github.com/spf13/cobra"

	"github.com/effnet/effnet/pkg/classify"
)

// ClassifyOptions are the arguments and flags of effnet classify.
type ClassifyOptions struct {
	InputOptions
	ModelOptions
	OutputOptions

	Top     int // 0: all of Classes
	Classes []string
	MinProb float64
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
			if err := o.check(cmd.Flags().Changed("format")); err != nil {
				return err
			}
			return runF(cmd.Context(), s, o)
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.IntVarP(&o.Top, "top", "k", 5, "`N` labels of each image (with --class all of these)")
	f.StringArrayVar(&o.Classes, "class", nil, "only this `LABEL`, whatever its rank; may be repeated")
	f.Float64Var(&o.MinProb, "min-prob", 0, "drop labels whose probability is below `P`")
	o.OutputOptions.addFlags(cmd)
	o.ModelOptions.addFlags(cmd)
	o.InputOptions.addFlags(cmd)
	return cmd
}

// check finds every wrong flag that can be told without reading anything.
func (o *ClassifyOptions) check(formatGiven bool) error {
	for _, err := range []error{
		o.OutputOptions.check(formatGiven),
		between("min-prob", o.MinProb, 0, 1),
		o.ModelOptions.check(),
		o.InputOptions.check(false),
	} {
		if err != nil {
			return err
		}
	}
	return nil
}

func runClassify(ctx context.Context, s Streams, o ClassifyOptions) error {
	b := &batch{
		inputs: &o.InputOptions, models: &o.ModelOptions, results: &o.OutputOptions,
		ranking: classify.Options{Top: o.Top, Classes: o.Classes, MinProb: o.MinProb},
	}
	return b.run(ctx, s)
}
