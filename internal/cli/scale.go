package cli

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/effnet/effnet/internal/plot"
	"github.com/effnet/effnet/pkg/model"
)

// ScaleOptions are the argument and flags of effnet scale.
type ScaleOptions struct {
	Base string

	Phi          float64
	Free         bool // Depth, Width and Resolution count, not Phi
	Depth, Width float64
	Resolution   int // 0: the base's
	Compound     model.Compound
	Classes      int

	Compare bool
	Plot    string // a file, empty for none
	Run     bool
	Threads int
	Format  string
}

const scaleLong = `Print what scaling does to a variant: channels and layers after rounding,
parameters, multiply-adds and memory, beside the baseline.

Compound scaling multiplies depth by α^φ, width by β^φ and resolution by γ^φ, so
that multiply-adds grow about (α·β²·γ²)^φ times. --depth, --width and --resolution
scale freely instead. --compare sets the result beside compound scaling and the
scaling of depth, width or resolution alone, each brought as near to the same
multiply-adds as rounding allows. --plot draws that, with the accuracies that the
EfficientNet paper published. --run measures with random weights on this machine.

The shape in the first line can be given wherever a variant can.

Exit codes: 0 done, 2 wrong usage or a shape that cannot be, 5 the picture could
not be written, 130 interrupted.`

const scaleExample = `  effnet scale --phi 2
  effnet scale lite0 --depth 1.3 --width 1.15 --resolution 272
  effnet scale --phi 2 --compare --run
  effnet scale b0 --phi 3 --plot scaling.png`

func newScaleCmd(s Streams, runF func(context.Context, Streams, ScaleOptions) error) *cobra.Command {
	o := ScaleOptions{Compound: model.PaperCompound}
	cmd := &cobra.Command{
		Use:     "scale [VARIANT]",
		Short:   "Print what a deeper, wider or sharper variant costs",
		Long:    scaleLong,
		Example: scaleExample,
		Args:    atMostOneArg,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Base = "b0"
			if len(args) > 0 {
				o.Base = args[0]
			}
			for _, name := range []string{"depth", "width", "resolution"} {
				o.Free = o.Free || cmd.Flags().Changed(name)
			}
			if o.Free && cmd.Flags().Changed("phi") {
				return usage(fmt.Errorf("--phi scales depth, width and resolution together: give either it or these"))
			}
			if err := o.check(); err != nil {
				return err
			}
			return runF(cmd.Context(), s, o)
		},
		ValidArgsFunction: completeVariant(cobra.ShellCompDirectiveNoFileComp),
	}
	o.addFlags(cmd)
	return cmd
}

func (o *ScaleOptions) addFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.SortFlags = false
	f.Float64Var(&o.Phi, "phi", 1, "compound coefficient `φ`")
	f.Float64Var(&o.Depth, "depth", 1, "multiply layers by `D`")
	f.Float64Var(&o.Width, "width", 1, "multiply channels by `W`")
	f.IntVar(&o.Resolution, "resolution", 0, "side of the network's input, `N` pixels (default: the variant's)")
	f.Float64Var(&o.Compound.Alpha, "alpha", o.Compound.Alpha, "growth `α` of depth")
	f.Float64Var(&o.Compound.Beta, "beta", o.Compound.Beta, "growth `β` of width")
	f.Float64Var(&o.Compound.Gamma, "gamma", o.Compound.Gamma, "growth `γ` of resolution")
	f.IntVar(&o.Classes, "classes", 1000, "`N` outputs")
	f.BoolVar(&o.Compare, "compare", false, "beside depth, width or resolution alone at the same multiply-adds")
	f.StringVar(&o.Plot, "plot", "", "draw the comparison into `FILE`, .png or .svg")
	f.BoolVar(&o.Run, "run", false, "measure latencies with random weights, on one thread and on all")
	f.IntVar(&o.Threads, "threads", 0, "what --run takes for all: `N` threads; 0 = all the CPUs that the process may use")
	f.StringVarP(&o.Format, "format", "f", "table", "`FORMAT`: table or json")
	complete(cmd, "format", "table", "json")
}

// check finds every wrong flag that can be told without computing anything.
func (o *ScaleOptions) check() error {
	for _, err := range []error{
		oneOf("format", o.Format, "table", "json"),
		between("classes", o.Classes, 1, maxClasses),
		between("threads", o.Threads, 0, maxThreads),
	} {
		if err != nil {
			return err
		}
	}
	if o.Plot != "" && !slices.Contains(plot.Formats, plotFormat(o.Plot)) {
		return usage(fmt.Errorf("--plot %q does not end in .%s", o.Plot, strings.Join(plot.Formats, " or .")))
	}
	return nil
}

// plotFormat is a file's suffix without the dot.
func plotFormat(file string) string {
	return strings.ToLower(strings.TrimPrefix(filepath.Ext(file), "."))
}
