package cli

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/spf13/cobra"

	"github.com/effnet/effnet/pkg/profile"
)

// BenchOptions are the argument and flags of effnet bench.
type BenchOptions struct {
	Model, Variant string
	Random         bool
	Resolution     int
	Precision      string
	Threads, Batch int
	Runs           int // 0: as many as take some seconds
	Layers         bool
	Compare        string // an earlier result, empty for none
	Folder         string // of --end-to-end, empty for none
	Format         string
}

const benchLong = `Measure how fast a model runs on this machine.

Latency is that of one batch through the network, the input tensor ready. The peak
is measured in the same run: multiply-adds alone, with the same instructions, on the
same number of threads. $EFFNET_CPU caps the instructions. The network's multiply-adds
are counted as it is defined: convolutions that need fewer, by Winograd's method, can
exceed the peak.

--layers adds where the time goes; what takes the clock between steps costs some
microseconds. --compare sets an earlier result of -f json beside this one.
--end-to-end takes the pictures of a folder from file to labels instead and says
which share each part has of the time that the processors work.

Exit codes: 0 done, 2 wrong usage or an unknown name, 3 some pictures could not be
classified, 4 the model was refused, 130 interrupted.`

const benchExample = `  effnet bench
  effnet bench b4 --random --threads 1 --layers
  effnet bench -f json > before.json && effnet bench --compare before.json
  EFFNET_CPU=avx2 effnet bench b0 --random
  effnet bench --end-to-end photos/`

func newBenchCmd(s Streams, runF func(context.Context, Streams, BenchOptions) error) *cobra.Command {
	o := BenchOptions{}
	cmd := &cobra.Command{
		Use:     "bench [NAME|FILE]",
		Short:   "Measure latency, throughput and the share of the CPU's peak",
		Long:    benchLong,
		Example: benchExample,
		Args:    atMostOneArg,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 && cmd.Flags().Changed("model") {
				return usage(errors.New("the model is named twice: give the argument or -m"))
			}
			if len(args) > 0 {
				o.Model = args[0]
			}
			if err := o.check(); err != nil {
				return err
			}
			return runF(cmd.Context(), s, o)
		},
		ValidArgsFunction: completeModel,
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVarP(&o.Model, "model", "m", defaultModel(), "`NAME` of a model, or a model file; the argument says the same")
	f.StringVar(&o.Variant, "variant", "", "`NAME` of the architecture, where a model file does not tell")
	f.BoolVar(&o.Random, "random", false, "random weights: any variant, nothing is downloaded")
	f.IntVar(&o.Resolution, "resolution", 0, "side of the network's input, `N` pixels (default: the model's)")
	f.StringVar(&o.Precision, "precision", "f32", "`WORD`: f32")
	f.IntVar(&o.Threads, "threads", 0, "`N` threads; 0 = all the CPUs that the process may use")
	f.IntVar(&o.Batch, "batch", 1, "`N` images pass through the network at once")
	f.IntVar(&o.Runs, "runs", 0, "measure `N` batches (default: as many as take some seconds)")
	f.BoolVar(&o.Layers, "layers", false, "add time, speed and memory of every step")
	f.StringVar(&o.Compare, "compare", "", "compare with an earlier result of -f json in `FILE`")
	f.StringVar(&o.Folder, "end-to-end", "", "classify the pictures in the folder `DIR` and say what takes the time")
	f.StringVarP(&o.Format, "format", "f", "table", "`FORMAT`: table or json")
	complete(cmd, "format", "table", "json")
	complete(cmd, "precision", "f32")
	complete(cmd, "variant", variantNames()...)
	return cmd
}

func (o *BenchOptions) check() error {
	for _, err := range []error{
		oneOf("format", o.Format, "table", "json"),
		checkPrecision(o.Precision),
		optional("resolution", o.Resolution, profile.MinResolution, profile.MaxResolution),
		between("threads", o.Threads, 0, maxThreads),
		between("batch", o.Batch, 1, maxBatch),
		between("runs", o.Runs, 0, math.MaxInt32),
	} {
		if err != nil {
			return err
		}
	}
	switch {
	case o.Model == "":
		return usage(errors.New("the name of the model is empty"))
	case o.Folder != "" && (o.Random || o.Layers || o.Compare != "" || o.Runs != 0):
		return usage(fmt.Errorf("--end-to-end excludes --random, --layers, --compare and --runs"))
	case o.Random && o.Variant != "":
		return usage(fmt.Errorf("--random takes the variant as the model's name"))
	}
	return nil
}
