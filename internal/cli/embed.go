package cli

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/effnet/effnet/internal/report"
)

// EmbedOptions are the arguments and flags of effnet embed.
type EmbedOptions struct {
	InputOptions
	ModelOptions
	OutputOptions

	Near       string
	Top        int
	Duplicates float64 // least cosine; 0: not asked for
}

const embedLong = `Print what the network sees in each image before it names it: the features after
global pooling, a vector an image. Images are as alike as the cosine of the angle
between their vectors. Those of different models have nothing to do with each other.

INPUT is as in effnet classify. Formats are jsonl (the default), json, npy (an array
of NumPy's, with a path a line in FILE.txt; failed inputs are left out) and parquet.

With --near, the images of FILE that are most alike to each input, by a table, json
or jsonl. FILE is the jsonl or npy of an earlier run with the same model; an image
that is in it is its own nearest. Where FILE is an image, the inputs that are most
alike to it.

With --duplicates, groups of inputs that are alike, by a table or json. Each image of
a group is as alike as asked for to at least one other of it. 0.98 finds copies that
were made smaller or compressed again.

Exit codes: 0 all done, 2 wrong usage or no input, 3 some inputs have no vector,
4 the model was refused, 5 output could not be written, 130 interrupted.`

const embedExample = `  effnet embed photos/ -o photos.jsonl
  effnet embed photos/ -f npy -o photos.npy
  effnet embed cat.jpg --near photos.jsonl -k 10
  effnet embed photos/ --near cat.jpg
  effnet embed photos/ --duplicates 0.98`

func newEmbedCmd(s Streams, runF func(context.Context, Streams, EmbedOptions) error) *cobra.Command {
	o := EmbedOptions{}
	cmd := &cobra.Command{
		Use:     "embed INPUT...",
		Short:   "Print the features of each image, what is alike, and near-duplicates",
		Long:    embedLong,
		Example: embedExample,
		Args:    cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Inputs = args
			if err := o.check(cmd.Flags().Changed); err != nil {
				return err
			}
			return runF(cmd.Context(), s, o)
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVarP(&o.Format, "format", "f", "", "`FORMAT`: "+strings.Join(report.EmbeddingFormats, ", ")+"; with --near table (the default),\n"+
		"json, jsonl; with --duplicates table (the default), json")
	f.StringVarP(&o.Output, "output", "o", "", "write to `FILE`, which is replaced only when all is done")
	f.StringVar(&o.Near, "near", "", "the images of `FILE`, the output of an earlier run, that are most alike to each,\n"+
		"or the inputs that are most alike to the image FILE")
	f.IntVarP(&o.Top, "top", "k", 5, "`N` images of --near")
	f.Float64Var(&o.Duplicates, "duplicates", 0, "groups of inputs whose cosine is at least `C`, such as 0.98")
	f.BoolVar(&o.Resume, "resume", false, "go on with an interrupted run from what is in the file of -o")
	f.BoolVar(&o.Timing, "timing", false, "add the milliseconds of each part of the work")
	f.BoolVar(&o.Provenance, "provenance", false, "add version, kernel tier and the model's SHA-256")
	addFailureFlags(cmd, &o.FailFast, &o.Quiet)
	o.ModelOptions.addFlags(cmd)
	o.InputOptions.addFlags(cmd)
	complete(cmd, "format", append([]string{"table"}, report.EmbeddingFormats...)...)
	return cmd
}

// check finds every wrong flag that can be told without reading anything.
func (o *EmbedOptions) check(given func(string) bool) error {
	near := o.Near != "" || given("near")
	if given("duplicates") && (!(o.Duplicates > 0) || o.Duplicates > 1) {
		return usage(errors.New("--duplicates is a cosine above 0, at most 1"))
	}
	switch {
	case near && o.Near == "":
		return usage(errors.New("--near is empty"))
	case near && o.Duplicates > 0:
		return usage(errors.New("--near and --duplicates exclude each other"))
	case given("top") && !near:
		return usage(errors.New("--top is of use only with --near"))
	}
	for _, err := range []error{
		o.checkFormat(),
		between("top", o.Top, 1, math.MaxInt32),
		o.ModelOptions.check(),
		o.InputOptions.check(false),
	} {
		if err != nil {
			return err
		}
	}
	return nil
}

// checkFormat chooses a format where none was given.
func (o *EmbedOptions) checkFormat() error {
	formats := report.EmbeddingFormats
	switch {
	case o.Near != "":
		formats = []string{"table", "json", "jsonl"}
	case o.Duplicates > 0:
		formats = []string{"table", "json"}
	}
	if o.Format == "" {
		o.Format = formats[0]
	}
	if err := oneOf("format", o.Format, formats...); err != nil {
		return err
	}
	switch {
	case o.Resume && (o.Near != "" || o.Duplicates > 0):
		return usage(errors.New("--resume goes on with embeddings, not with what is compared with them"))
	case o.Resume && !slices.Contains(report.ResumeFormats, o.Format):
		return usage(errors.New("--resume goes on with -f jsonl, npy or parquet"))
	case (o.Resume || o.Format == "npy") && (o.Output == "" || o.Output == "-"):
		return usage(errors.New("npy and --resume need a file: name it with -o"))
	}
	return nil
}
