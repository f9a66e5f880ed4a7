package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/effnet/effnet/internal/report"
	"github.com/effnet/effnet/pkg/classify"
	"github.com/effnet/effnet/pkg/kernels"
)

// VerifyOptions are the argument and flags of effnet verify.
type VerifyOptions struct {
	Model    string
	AllTiers bool
	Threads  int
	Format   string
}

const verifyLong = `Compute a model's own goldens on this machine and print how far the logits are from
those in its file, in units of their standard deviation. Of a pulled model the digest of
its file is computed too and held against what the pull wrote down.

Exit codes: 0 all within tolerance, 2 wrong usage or an unknown name, 4 the model was
refused, has no goldens, or failed.`

func newVerifyCmd(s Streams, runF func(context.Context, Streams, VerifyOptions) error) *cobra.Command {
	o := VerifyOptions{}
	cmd := &cobra.Command{
		Use:     "verify [NAME|FILE]",
		Short:   "Check that a model computes here what it should",
		Long:    verifyLong,
		Example: "  effnet verify\n  effnet verify b0 --all-tiers",
		Args:    atMostOneArg,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Model = defaultModel()
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
	f.BoolVar(&o.AllTiers, "all-tiers", false, "with every tier of kernels that this machine has")
	f.StringVarP(&o.Format, "format", "f", "table", "`FORMAT`: table or json")
	f.IntVar(&o.Threads, "threads", 0, "`N` threads; 0 = all the CPUs that the process may use")
	complete(cmd, "format", "table", "json")
	return cmd
}

func (o *VerifyOptions) check() error {
	if o.Model == "" {
		return usage(errors.New("the name of the model is empty"))
	}
	if err := between("threads", o.Threads, 0, maxThreads); err != nil {
		return err
	}
	return oneOf("format", o.Format, "table", "json")
}

// verified is what effnet verify -f json prints.
type verified struct {
	Schema    string        `json:"schema"`
	Model     string        `json:"model"`
	Source    string        `json:"source"`
	Tolerance float64       `json:"tolerance"`
	Digest    *digestResult `json:"digest,omitempty"` // of a pulled model
	Tiers     []tierResult  `json:"tiers"`
	Passed    bool          `json:"passed"`
}

type digestResult struct {
	SHA256 string `json:"sha256"`
	Passed bool   `json:"passed"`
	reason string
}

// tierResult is the worst difference of a logit, in units of their deviation;
// null where they are not finite.
type tierResult struct {
	Tier   string   `json:"tier"`
	Worst  *float64 `json:"worst"`
	Passed bool     `json:"passed"`
	reason string
}

func runVerify(ctx context.Context, s Streams, o VerifyOptions) error {
	best, err := kernels.Best()
	if err != nil {
		return usage(err)
	}
	limitThreads(o.Threads)
	tiers := []string{string(best.Tier)}
	if o.AllTiers {
		tiers = nil
		for _, set := range kernels.Sets() {
			tiers = append(tiers, string(set.Tier))
		}
	}
	v := verified{Schema: report.SchemaName, Tolerance: classify.Tolerance, Passed: true}
	for _, tier := range tiers {
		if ctx.Err() != nil {
			return &exitError{exitInterrupted, errors.New("interrupted")}
		}
		r, err := v.tier(o, tier)
		if err != nil && v.Digest != nil && !v.Digest.Passed {
			return &classify.ModelError{Model: o.Model, Err: errors.New(v.Digest.reason)}
		}
		if err != nil {
			return err
		}
		v.Tiers = append(v.Tiers, r)
		v.Passed = v.Passed && r.Passed
	}
	v.Passed = v.Passed && (v.Digest == nil || v.Digest.Passed)
	return v.print(s, o)
}

// resolve finds a pulled model and checks the digest of its file.
func (v *verified) resolve(name string) (full, path string, err error) {
	p, err := findPulled(name)
	if err != nil {
		return "", "", err
	}
	if v.Digest == nil {
		v.Digest = &digestResult{SHA256: p.SHA256, Passed: true}
		if err := p.Check(); err != nil {
			v.Digest.Passed, v.Digest.reason = false, reasonOf(err).Error()
		}
	}
	return resolvedName(name, p), p.Path, nil
}

// tier computes the goldens with the kernels of one tier.
func (v *verified) tier(o VerifyOptions, tier string) (r tierResult, err error) {
	defer refuseFaults(o.Model, &err)
	m, err := classify.Open(o.Model, classify.Options{Tier: tier, Threads: o.Threads, Resolve: v.resolve})
	if err != nil {
		return r, err
	}
	v.Model, v.Source = m.Info().Name, m.Info().Source
	worst, err := m.Verify()
	r = tierResult{Tier: tier, Worst: &worst, Passed: err == nil && worst <= classify.Tolerance}
	switch {
	case errors.Is(err, classify.ErrNoGoldens):
		return r, &classify.ModelError{Model: o.Model, Err: fmt.Errorf("%w: effnet convert writes a file that has some", err)}
	case err != nil:
		r.Worst, r.reason = nil, err.Error()
	case !r.Passed:
		r.reason = "beyond tolerance"
	}
	return r, nil
}

// print writes the result and turns it into an exit code.
func (v *verified) print(s Streams, o VerifyOptions) error {
	var err error
	if o.Format == "json" {
		err = writeJSON(s.Out, v)
	} else {
		err = written(s.Out.Write(v.table(columns(s.Out) > 0 && colorful())))
	}
	if err != nil {
		return err
	}
	if !v.Passed {
		return &classify.ModelError{Model: o.Model, Err: errors.New("verification failed")}
	}
	return nil
}

func (v *verified) table(color bool) []byte {
	g := grid{align: "lll", color: color}
	passed := func(ok bool, reason string) string {
		if ok {
			return "ok"
		}
		return "FAILED: " + reason
	}
	if v.Digest != nil {
		g.add(plain, "digest", "sha256 "+v.Digest.SHA256, passed(v.Digest.Passed, v.Digest.reason))
	}
	for _, t := range v.Tiers {
		text := "not finite"
		if t.Worst != nil {
			text = fmt.Sprintf("%.1e of the logits' deviation, at most %.0e", *t.Worst, v.Tolerance)
		}
		g.add(plain, t.Tier, text, passed(t.Passed, t.reason))
	}
	var b bytes.Buffer
	b.WriteString(report.Quote(v.Model) + "\n")
	g.writeTo(&b)
	return b.Bytes()
}
