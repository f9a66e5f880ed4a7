package cli

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"

	"github.com/spf13/cobra"
)

// CheckOptions are the arguments and flags of effnet check.
type CheckOptions struct {
	InputOptions
	ModelOptions
	OutputOptions

	Top            int
	Expect, Reject []string
	TopK           int     // 0: not given
	MinProb        float64 // below 0: not given
	MinMargin      float64 // below 0: not given
	ExpectFolder   bool
	Manifest       string
	Rules          string
	Baseline       string
	UpdateBaseline bool
	MaxDrift       float64
}

const checkLong = `Assert what images show, and end with 1 where one shows something else.

LABEL is the name, a synonym, the WordNet id or the index of a class, or a group of
WordNet's such as dog, vehicle or food. Expectations are flags that hold for every
image, or stand in a manifest (a csv file with the columns path and expect), in the
names of folders, in a file of rules, or in the results of an earlier run.

Exit codes: 0 all as expected, 1 an image is not, 2 wrong usage or no input, 3 some
inputs could not be classified, 4 the model was refused, 5 output could not be
written, 130 interrupted.`

const checkExample = `  effnet check products/ --expect "running shoe" --expect sandal --expect-topk 3
  effnet check uploads/ --reject weapon --min-prob 0.4
  effnet check --manifest expected.csv
  effnet check photos/ --expect-folder --report junit=results.xml
  effnet check --rules effnet.yaml
  effnet check photos/ --baseline labels.jsonl
  effnet check photos/ --baseline labels.jsonl --update-baseline`

// rulesFile is looked for where no expectation is given.
const rulesFile = "effnet.yaml"

func newCheckCmd(s Streams, runF func(context.Context, Streams, CheckOptions) error) *cobra.Command {
	o := CheckOptions{}
	cmd := &cobra.Command{
		Use:     "check [INPUT...] --expect LABEL",
		Short:   "Assert what images show; for CI",
		Long:    checkLong,
		Example: checkExample,
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
	f.StringArrayVar(&o.Expect, "expect", nil, "the image shows `LABEL`; repeated: any of them")
	f.IntVar(&o.TopK, "expect-topk", 0, "what is expected is among the first `N` labels")
	f.Float64Var(&o.MinProb, "min-prob", -1, "what is expected, else the first label, has at least the probability `P`")
	f.StringArrayVar(&o.Reject, "reject", nil, "the image does not show `LABEL`; repeated: none of them")
	f.Float64Var(&o.MinMargin, "min-margin", -1, "the first label is ahead of the second by at least the probability `P`")
	f.BoolVar(&o.ExpectFolder, "expect-folder", false, "the name of the folder that holds an image is its label")
	f.StringVar(&o.Manifest, "manifest", "", "what each image shows: csv `FILE` with the columns path and expect")
	f.StringVar(&o.Rules, "rules", "", "`FILE` of rules (default: "+rulesFile+" where nothing else is expected)")
	f.StringVar(&o.Baseline, "baseline", "", "the first labels are those in `FILE`, the jsonl of an earlier run")
	f.BoolVar(&o.UpdateBaseline, "update-baseline", false, "write the file of --baseline anew")
	f.Float64Var(&o.MaxDrift, "max-drift", 0.05, "how far a probability may be from the baseline's: `P`")
	f.IntVarP(&o.Top, "top", "k", 5, "`N` labels of each image in the records")
	for _, name := range []string{"expect-topk", "min-prob", "min-margin"} {
		f.Lookup(name).DefValue = "0" // shows no default
	}
	o.OutputOptions.addFlags(cmd)
	o.ModelOptions.addFlags(cmd)
	o.InputOptions.addFlags(cmd)
	return cmd
}

// check finds what is wrong before anything is read.
func (o *CheckOptions) check(given func(string) bool) error {
	for _, err := range []error{
		o.OutputOptions.check(given("format")),
		between("top", o.Top, 1, math.MaxInt32),
		ifGiven(given("expect-topk"), between("expect-topk", o.TopK, 1, math.MaxInt32)),
		ifGiven(given("min-prob"), between("min-prob", o.MinProb, 0, 1)),
		ifGiven(given("min-margin"), between("min-margin", o.MinMargin, 0, 1)),
		between("max-drift", o.MaxDrift, 0, 1),
		o.ModelOptions.check(),
		o.checkExpectations(given),
		o.InputOptions.check(o.Manifest != "" || o.Rules != ""),
	} {
		if err != nil {
			return err
		}
	}
	return nil
}

// checkExpectations sees to it that something is asserted. The rules of the current
// folder serve where nothing else is.
func (o *CheckOptions) checkExpectations(given func(string) bool) error {
	asserted := o.Baseline != "" || len(o.Expect) > 0 || len(o.Reject) > 0 || given("min-prob") || given("min-margin")
	sources := 0
	for _, is := range []bool{o.ExpectFolder, o.Manifest != "", o.Rules != ""} {
		if is {
			sources++
		}
	}
	if !asserted && sources == 0 && isFile(rulesFile) {
		o.Rules, sources = rulesFile, 1
	}
	asserted = asserted || sources > 0
	switch {
	case sources > 1:
		return usage(errors.New("--expect-folder, --manifest and --rules exclude each other"))
	case !asserted:
		return usage(errors.New("nothing is expected: give --expect, --reject, --min-prob, --min-margin, --expect-folder, " +
			"--manifest, --rules or --baseline"))
	case given("expect-topk") && len(o.Expect) == 0 && sources == 0:
		return usage(errors.New("--expect-topk is of use only where labels are expected"))
	case o.UpdateBaseline && o.Baseline == "":
		return usage(errors.New("--update-baseline needs the file: --baseline FILE"))
	case o.UpdateBaseline && o.writes(o.Baseline):
		return usage(fmt.Errorf("--baseline %q: the file is written by another output too", o.Baseline))
	case given("max-drift") && o.Baseline == "":
		return usage(errors.New("--max-drift is of use only with --baseline"))
	case o.Resume:
		return usage(errors.New("check judges every image anew: --resume is classify's"))
	}
	return nil
}

func ifGiven(given bool, err error) error {
	if !given {
		return nil
	}
	return err
}

func isFile(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.Mode().IsRegular()
}
