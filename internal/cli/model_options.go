package cli

import (
	"errors"
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/effnet/effnet/internal/cache"
	"github.com/effnet/effnet/pkg/classify"
	"github.com/effnet/effnet/pkg/model"
	"github.com/effnet/effnet/pkg/preprocess"
	"github.com/effnet/effnet/pkg/profile"
)

// Bounds of flags that ask for memory.
const (
	maxThreads = 1024
	maxBatch   = 1024
)

// ModelOptions say which model computes, and how it takes a picture.
type ModelOptions struct {
	Model, Variant string
	Labels         string
	Profile        string
	Resolution     int
	Precision      string
	Crop           string
	NoEXIF         bool
	Lenient        bool
	Scaled, Exact  bool
	MaxPixels      int64
	Threads, Batch int
	Cache          string
	CacheSize      int64 // MiB

	kept *cache.Dir // of Cache, once the model is open
}

func (o *ModelOptions) addFlags(cmd *cobra.Command) {
	o.addNetworkFlags(cmd)
	f := cmd.Flags()
	f.BoolVar(&o.Scaled, "scaled", false, "decode large JPEGs at a fraction of their size: faster, and not quite\nthe same probabilities")
	f.BoolVar(&o.Exact, "exact", false, "decode every image in full, as without --scaled")
	f.IntVar(&o.Batch, "batch", 1, "`N` images pass through the network at once")
	f.StringVar(&o.Cache, "cache", "", "remember what was computed in the folder `DIR`, and take it from there")
	f.Int64Var(&o.CacheSize, "cache-size", 1024, "keep the folder of --cache below `N` MiB")
}

// addNetworkFlags leaves out what only a run of many images has.
func (o *ModelOptions) addNetworkFlags(cmd *cobra.Command) {
	o.Batch, o.CacheSize = 1, 1
	f := cmd.Flags()
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

	f.IntVar(&o.Threads, "threads", 0, "`N` threads; 0 = all the CPUs that the process may use")

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
func (o *ModelOptions) check() error {
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
		oneOf("crop", o.Crop, string(preprocess.Center), string(preprocess.Squash), string(preprocess.Pad)),
		checkPrecision(o.Precision),
		between("resolution", resolution, profile.MinResolution, profile.MaxResolution),
		between("max-pixels", o.MaxPixels, 1, math.MaxInt64),
		between("threads", o.Threads, 0, maxThreads),
		between("batch", o.Batch, 1, maxBatch),
		between("cache-size", o.CacheSize, 1, math.MaxInt64>>20),
		usageOf(profile.Parse(o.Profile, &p)),
		usageOf(variantErr),
	} {
		if err != nil {
			return err
		}
	}
	if o.Scaled && o.Exact {
		return usage(errors.New("--scaled and --exact exclude each other"))
	}
	if o.Model == "" {
		return usage(errors.New("--model is empty"))
	}
	return nil
}

func usageOf(err error) error {
	if err == nil {
		return nil
	}
	return usage(err)
}

func checkPrecision(word string) error {
	if word == "bf16" || word == "int8" {
		return usage(fmt.Errorf("--precision %s is not in this build, f32 is", word))
	}
	return oneOf("precision", word, "f32")
}

// options are those of the model but for the cache. ranking are the options that choose
// among its classes.
func (o *ModelOptions) options(ranking classify.Options) (classify.Options, error) {
	options := ranking
	options.Variant, options.Overrides, options.Resolution = o.Variant, o.Profile, o.Resolution
	options.Crop, options.Threads, options.MaxPixels = preprocess.Crop(o.Crop), o.Threads, o.MaxPixels
	options.NoEXIF, options.Lenient, options.Scaled, options.Resolve = o.NoEXIF, o.Lenient, o.Scaled, resolveModel
	if o.Labels != "" {
		labels, err := readLabels(o.Labels)
		if err != nil {
			return options, usage(fmt.Errorf("--labels %s: %w", strconv.Quote(o.Labels), err))
		}
		options.Labels = labels
	}
	return options, nil
}

// open reads the model.
func (o *ModelOptions) open(ranking classify.Options) (*classify.Model, error) {
	options, err := o.options(ranking)
	if err != nil {
		return nil, err
	}
	if o.Cache != "" {
		dir, err := cache.Open(o.Cache, o.CacheSize<<20)
		if err != nil {
			return nil, &exitError{exitOutput, fmt.Errorf("--cache %s: %w", strconv.Quote(o.Cache), reasonOf(err))}
		}
		o.kept, options.Cache, options.Engine = dir, dir, engine()
	}
	return openModel(o.Model, options)
}

// close holds the folder of --cache to its size.
func (o *ModelOptions) close() {
	if o.kept != nil {
		o.kept.Close()
		o.kept = nil
	}
}

// engine tells this program from any other that might compute something else. A version
// that stays the same while code changes has the executable's time beside it.
func engine() string {
	v := versionString()
	if !strings.Contains(v, "devel") && !strings.Contains(v, "dirty") && v != "unknown" {
		return v
	}
	path, err := os.Executable()
	if err != nil {
		return v
	}
	info, err := os.Stat(path)
	if err != nil {
		return v
	}
	return fmt.Sprintf("%s %d %d", v, info.Size(), info.ModTime().UnixNano())
}

// openModel refuses a model that makes its reader fail in a way not foreseen.
func openModel(name string, o classify.Options) (m *classify.Model, err error) {
	defer func() {
		if fault := recover(); fault != nil {
			err = &classify.ModelError{Model: name, Err: fmt.Errorf("internal fault: %v", fault)}
		}
	}()
	return classify.Open(name, o)
}
