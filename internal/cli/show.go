package cli

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/effnet/effnet/pkg/classify"
	"github.com/effnet/effnet/pkg/kernels"
	"github.com/effnet/effnet/pkg/model"
	"github.com/effnet/effnet/pkg/profile"
)

// maxClasses bounds --classes.
const maxClasses = 1 << 20

// ShowOptions are the argument and flags of effnet show.
type ShowOptions struct {
	Model, Variant string
	Profile        string
	Resolution     int // 0: the model's
	Classes        int // 0: the model's, or 1000
	Layers         bool
	Format         string
}

const showLong = `Print what a model is made of: its stages or layers with output shapes,
parameters, multiply-adds and receptive fields, and what its file says of itself.

The argument is a model file, the name of a model, or a variant whose weights
are not here; of these only the architecture is shown. A variant may be a custom
shape, depth, width and resolution from B0: d1.3,w1.15,r272, or from another
variant: lite0:d1.3. Parameters count as torchvision counts, without the running
statistics of batch norm. A receptive field is the square of the picture that one
pixel of the output sees, in pixels, squeeze-and-excitation left aside.

Exit codes: 0 done, 2 wrong usage or an unknown name, 4 the model was refused.`

const showExample = `  effnet show lite0
  effnet show b4 --layers
  effnet show my.safetensors -f json
  effnet show d1.3,w1.15,r272 --classes 10`

func newShowCmd(s Streams, runF func(Streams, ShowOptions) error) *cobra.Command {
	o := ShowOptions{}
	cmd := &cobra.Command{
		Use:     "show [MODEL|VARIANT]",
		Short:   "Print the stages of a model, with shapes, parameters and multiply-adds",
		Long:    showLong,
		Example: showExample,
		Args:    atMostOneArg,
		RunE: func(_ *cobra.Command, args []string) error {
			o.Model = defaultModel()
			if len(args) > 0 {
				o.Model = args[0]
			}
			if err := o.check(); err != nil {
				return err
			}
			return runF(s, o)
		},
		ValidArgsFunction: completeVariant(cobra.ShellCompDirectiveDefault),
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.BoolVar(&o.Layers, "layers", false, "every step: name, operator, kernel, stride, and where a plan computes it")
	f.StringVarP(&o.Format, "format", "f", "table", "`FORMAT`: table or json")
	f.IntVar(&o.Resolution, "resolution", 0, "side of the network's input, `N` pixels (default: the model's)")
	f.IntVar(&o.Classes, "classes", 0, "`N` outputs of a variant without weights (default 1000)")
	f.StringVar(&o.Variant, "variant", "", "`NAME` of the architecture, where a model file does not tell")
	f.StringVar(&o.Profile, "profile", "", "override what the model says of its input; `KEY=VALUE` pairs joined by commas")
	complete(cmd, "format", "table", "json")
	complete(cmd, "variant", variantNames()...)
	return cmd
}

// check finds every wrong flag that can be told without reading anything.
func (o *ShowOptions) check() error {
	p := profile.ImageNet(profile.MinResolution)
	for _, err := range []error{
		oneOf("format", o.Format, "table", "json"),
		optional("resolution", o.Resolution, profile.MinResolution, profile.MaxResolution),
		optional("classes", o.Classes, 1, maxClasses),
		usageOf(profile.Parse(o.Profile, &p)),
	} {
		if err != nil {
			return err
		}
	}
	if o.Model == "" {
		return usage(errors.New("the name of the model is empty"))
	}
	if o.Variant != "" {
		_, err := model.Lookup(o.Variant)
		return usageOf(err)
	}
	return nil
}

// shown is what effnet show prints about.
type shown struct {
	model.Summary
	name    string
	padding profile.Padding
	info    *classify.Info // nil: a variant without weights
}

func runShow(s Streams, o ShowOptions) error {
	set, err := kernels.Best()
	if err != nil {
		return usage(err)
	}
	what, err := o.open(set)
	if err != nil {
		return err
	}
	if o.Format == "json" {
		return writeJSON(s.Out, what.document(o.Layers))
	}
	return written(s.Out.Write(what.table(o.Layers, columns(s.Out) > 0 && colorful())))
}

// open reads the model, or looks up the variant whose weights are not here.
func (o ShowOptions) open(set *kernels.Set) (shown, error) {
	m, err := openModel(o.Model, classify.Options{
		Variant: o.Variant, Overrides: o.Profile, Resolution: o.Resolution, Resolve: resolveModel,
	})
	var absent *classify.AbsentError
	switch {
	case errors.As(err, &absent):
		return o.bare(absent.Variant, set)
	case err != nil:
		return shown{}, err
	}
	info := m.Info()
	if o.Classes != 0 && o.Classes != info.Classes {
		return shown{}, usage(fmt.Errorf("--classes %d: the model has %d", o.Classes, info.Classes))
	}
	v, err := model.Lookup(info.Variant)
	if err != nil {
		return shown{}, err
	}
	sum := model.Summarize(v, info.Profile.Padding, info.Profile.Resolution, info.Classes, set)
	return shown{Summary: sum, name: info.Name, padding: info.Profile.Padding, info: &info}, nil
}

func (o ShowOptions) bare(name string, set *kernels.Set) (shown, error) {
	v, err := model.Lookup(name)
	if err != nil {
		return shown{}, usage(err)
	}
	if o.Variant != "" {
		asked, err := model.Lookup(o.Variant)
		if err != nil || asked.Name != v.Name {
			return shown{}, usage(fmt.Errorf("--variant %s: %s is a variant itself", o.Variant, v.Name))
		}
	}
	p := profile.ImageNet(v.Resolution)
	if err := profile.Parse(o.Profile, &p); err != nil {
		return shown{}, usage(err)
	}
	if o.Resolution != 0 {
		p.Resolution = o.Resolution
	}
	classes := o.Classes
	if classes == 0 {
		classes = 1000
	}
	return shown{Summary: model.Summarize(v, p.Padding, p.Resolution, classes, set), name: v.Name, padding: p.Padding}, nil
}
