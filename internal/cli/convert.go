package cli

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/effnet/effnet/internal/report"
	"github.com/effnet/effnet/pkg/classify"
	"github.com/effnet/effnet/pkg/model"
	"github.com/effnet/effnet/pkg/profile"
	"github.com/effnet/effnet/pkg/weights"
)

// ConvertOptions are the arguments and flags of effnet convert.
type ConvertOptions struct {
	In, Out    string
	Name       string
	Variant    string
	Profile    string
	Resolution int
	Labels     string
	License    string
	Quiet      bool
}

const convertLong = `Write a model file of this program: safetensors with the weights under canonical
names, what they say of their input, labels, and a few pictures with the logits that
belong to them, which effnet verify computes again.

IN is any weight file that -m takes, or the name of a model. Weights of float32 are
kept bit by bit, others become float32. Logits that IN has are kept; where it has
none they are computed here, by the portable kernels up to two billion multiply-adds
a picture, by the best that this machine has above.

OUT is replaced in one step when all is written; - is standard output.

Exit codes: 0 done, 2 wrong usage, 4 the weights were refused, 5 the file could not be
written, 130 interrupted.`

const convertExample = `  effnet convert my_model.pth my_model.safetensors --labels classes.txt
  effnet convert tf_b2.safetensors b2.safetensors --profile padding=same,bn_eps=0.001
  effnet convert lite0 cats.safetensors --profile crop=1`

func newConvertCmd(s Streams, runF func(context.Context, Streams, ConvertOptions) error) *cobra.Command {
	o := ConvertOptions{}
	cmd := &cobra.Command{
		Use:     "convert IN OUT",
		Short:   "Write any weight file as a model file of this program",
		Long:    convertLong,
		Example: convertExample,
		Args:    cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) != 2 {
				return usage(fmt.Errorf("%s takes two arguments, IN and OUT, got %d", cmd.CommandPath(), len(args)))
			}
			o.In, o.Out = args[0], args[1]
			if err := o.check(); err != nil {
				return err
			}
			return runF(cmd.Context(), s, o)
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVar(&o.Labels, "labels", "", "labels of the classes: `FILE` with one a line, or JSON")
	f.StringVar(&o.Profile, "profile", "", "override what the weights say of their input; `KEY=VALUE` pairs joined by commas")
	f.IntVar(&o.Resolution, "resolution", 0, "side of the network's input, `N` pixels (default: what the weights say)")
	f.StringVar(&o.Variant, "variant", "", "`NAME` of the architecture, where the file does not tell")
	f.StringVar(&o.Name, "name", "", "`NAME` of the model (default: OUT without its suffix)")
	f.StringVar(&o.License, "license", "", "licence of the weights, an SPDX `EXPRESSION` (default: what the file says)")
	f.BoolVarP(&o.Quiet, "quiet", "q", false, "no messages")
	complete(cmd, "variant", variantNames()...)
	return cmd
}

// check finds every wrong flag that can be told without reading anything.
func (o *ConvertOptions) check() error {
	p := profile.ImageNet(profile.MinResolution)
	for _, err := range []error{
		optional("resolution", o.Resolution, profile.MinResolution, profile.MaxResolution),
		usageOf(profile.Parse(o.Profile, &p)),
	} {
		if err != nil {
			return err
		}
	}
	if o.In == "" || o.Out == "" {
		return usage(errors.New("IN or OUT is empty"))
	}
	if o.Variant != "" {
		_, err := model.Lookup(o.Variant)
		return usageOf(err)
	}
	return nil
}

func runConvert(ctx context.Context, s Streams, o ConvertOptions) error {
	m, err := o.read()
	if err != nil {
		return err
	}
	tier, err := finishModel(ctx, m)
	switch {
	case ctx.Err() != nil:
		return &exitError{exitInterrupted, errors.New("interrupted: nothing was written")}
	case err != nil:
		return &classify.ModelError{Model: o.In, Err: err}
	}
	if err := o.write(s, m); err != nil {
		return err
	}
	if !o.Quiet {
		console := newConsole(s.Err)
		for _, line := range m.Assumed {
			console.say(report.Quote(o.In) + ": assumed " + line)
		}
		console.say(o.summary(m, tier))
	}
	return nil
}

// read finds the weights and puts what the flags say over what they tell.
func (o *ConvertOptions) read() (m *weights.Model, err error) {
	defer refuseFaults(o.In, &err)
	options := classify.Options{Variant: o.Variant, Overrides: o.Profile, Resolution: o.Resolution, Resolve: resolveModel}
	if o.Labels != "" {
		if options.Labels, err = readLabels(o.Labels); err != nil {
			return nil, usage(fmt.Errorf("--labels %s: %w", strconv.Quote(o.Labels), err))
		}
	}
	full, data, err := classify.Load(o.In, options)
	if err != nil {
		return nil, err
	}
	m, err = classify.Weights(data, options)
	var wrongUse *classify.UsageError
	if err != nil && !errors.As(err, &wrongUse) {
		return nil, &classify.ModelError{Model: o.In, Err: err}
	}
	if err != nil {
		return nil, err
	}
	if m.Source == "" {
		sum := sha256.Sum256(data)
		m.Source = fmt.Sprintf("%s, sha256 %s", strconv.Quote(filepath.Base(full)), hex.EncodeToString(sum[:]))
	}
	if m.Name = o.Name; m.Name == "" {
		m.Name = strings.TrimSuffix(filepath.Base(o.Out), filepath.Ext(o.Out))
	}
	if o.License != "" {
		m.License = o.License
	}
	return m, nil
}

// refuseFaults makes of a reader's unforeseen failure a refusal of the model.
func refuseFaults(name string, err *error) {
	if fault := recover(); fault != nil {
		*err = &classify.ModelError{Model: name, Err: fmt.Errorf("internal fault: %v", fault)}
	}
}

// finishModel gives weights what a model file has besides: ImageNet's labels
// where they have a thousand outputs and no labels, and goldens where they have
// none. tier is of the kernels that computed these; empty where none did.
func finishModel(ctx context.Context, m *weights.Model) (tier string, err error) {
	if len(m.Labels) == 0 && m.Classes() == 1000 {
		if m.Labels, err = classify.ImageNetLabels(); err != nil {
			return "", err
		}
	}
	if len(m.Goldens) > 0 {
		return "", nil
	}
	m.Goldens, tier, err = classify.Goldens(ctx, m)
	return tier, err
}

// write puts the model in OUT's place in one step.
func (o *ConvertOptions) write(s Streams, m *weights.Model) error {
	failed := func(err error) error {
		return &exitError{exitOutput, fmt.Errorf("%s: %w", strconv.Quote(o.Out), reasonOf(err))}
	}
	if o.Out == "-" {
		counted := &counting{w: s.Out}
		err := weights.Write(counted, m)
		return written(counted.n, err)
	}
	file, err := report.Create(o.Out)
	if err != nil {
		return failed(err)
	}
	err = weights.Write(file, m)
	if err == nil {
		err = file.Commit()
	} else {
		file.Keep()
	}
	if err != nil && file.Part() != "" {
		os.Remove(file.Part())
	}
	if err != nil {
		return failed(err)
	}
	return nil
}

// counting counts the bytes written.
type counting struct {
	w io.Writer
	n int
}

func (c *counting) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += n
	return n, err
}

func (o *ConvertOptions) summary(m *weights.Model, tier string) string {
	values := 0
	for _, p := range m.Params {
		values += len(p.Data)
	}
	text := fmt.Sprintf("%s: %s, %d classes, %s values, %s", report.Quote(o.Out), m.Variant, m.Classes(),
		grouped(int64(values)), m.Profile)
	if tier == "" {
		return text + fmt.Sprintf("; %d goldens kept", len(m.Goldens))
	}
	return text + fmt.Sprintf("; %d goldens computed by the %s kernels", len(m.Goldens), tier)
}
