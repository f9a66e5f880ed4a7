package cli

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/effnet/effnet/internal/report"
)

// OutputOptions say where records go, and what stands in them.
type OutputOptions struct {
	Format       string
	FormatString string
	Output       string
	Reports      []Report
	Resume       bool
	Logits       bool
	Timing       bool
	Provenance   bool
	FailFast     bool
	Quiet        bool

	reports []string
}

// Report is one of several outputs: FORMAT=FILE.
type Report struct{ Format, Path string }

func (o *OutputOptions) addFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVarP(&o.Format, "format", "f", "table", "`FORMAT`: "+strings.Join(report.Formats, ", "))
	f.StringVar(&o.FormatString, "format-string", "", "a line an image by a Go `TEMPLATE`, such as '{{.Path}}\\t{{.Top.Label}}'")
	f.StringVarP(&o.Output, "output", "o", "", "write to `FILE`, which is replaced only when all is done")
	f.StringArrayVar(&o.reports, "report", nil, "write to a file as well: `FORMAT=FILE`, with the formats of -f and\n"+
		strings.Join(extraFormats(), ", ")+"; may be repeated")
	f.BoolVar(&o.Resume, "resume", false, "go on with an interrupted run from what is in the file of -o")
	f.BoolVar(&o.Logits, "logits", false, "add the logit of each label")
	f.BoolVar(&o.Timing, "timing", false, "add the milliseconds of each part of the work")
	f.BoolVar(&o.Provenance, "provenance", false, "add version, kernel tier and the model's SHA-256")
	addFailureFlags(cmd, &o.FailFast, &o.Quiet)
	complete(cmd, "format", report.Formats...)
}

func addFailureFlags(cmd *cobra.Command, failFast, quiet *bool) {
	cmd.Flags().BoolVar(failFast, "fail-fast", false, "stop at the first input that cannot be classified")
	addQuietFlag(cmd, quiet)
}

func addQuietFlag(cmd *cobra.Command, quiet *bool) {
	cmd.Flags().BoolVarP(quiet, "quiet", "q", false, "no messages about inputs, no progress")
}

// extraFormats are those of --report that -f does not have.
func extraFormats() []string {
	var extra []string
	for _, f := range report.ReportFormats {
		if !slices.Contains(report.Formats, f) {
			extra = append(extra, f)
		}
	}
	return extra
}

func (o *OutputOptions) check(formatGiven bool) error {
	if err := oneOf("format", o.Format, report.Formats...); err != nil {
		return err
	}
	if o.FormatString != "" {
		if formatGiven {
			return usage(errors.New("--format and --format-string exclude each other"))
		}
		if _, err := report.ParseTemplate(o.FormatString); err != nil {
			return usage(fmt.Errorf("--format-string: %w", err))
		}
	}
	if err := o.checkResume(); err != nil {
		return err
	}
	return o.checkReports()
}

func (o *OutputOptions) checkResume() error {
	resumable := o.FormatString == "" && slices.Contains([]string{"jsonl", "csv", "parquet"}, o.Format)
	switch {
	case !o.Resume:
	case o.Output == "" || o.Output == "-":
		return usage(errors.New("--resume goes on with a file: name it with -o"))
	case !resumable:
		return usage(errors.New("--resume goes on with -f jsonl, csv or parquet"))
	case o.Format == "csv" && len(o.reports) > 0:
		return usage(errors.New("--report needs more than csv holds: to --resume, use -f jsonl or parquet"))
	}
	return nil
}

// absolute tells names of the same file alike, as far as they are spelt differently.
func absolute(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		return abs
	}
	return path
}

// writes tells whether an output goes to the file.
func (o *OutputOptions) writes(path string) bool {
	same := func(r Report) bool { return absolute(r.Path) == absolute(path) }
	return slices.ContainsFunc(o.Reports, same) || o.Output != "" && absolute(o.Output) == absolute(path)
}

// checkReports takes every --report apart; no file may be written twice.
func (o *OutputOptions) checkReports() error {
	taken := map[string]bool{}
	if o.Output != "" {
		taken[absolute(o.Output)] = true
	}
	o.Reports = nil
	for _, r := range o.reports {
		format, path, found := strings.Cut(r, "=")
		switch {
		case !found || path == "":
			return usage(fmt.Errorf("--report %q is not FORMAT=FILE", r))
		case path == "-":
			return usage(fmt.Errorf("--report %q: standard output is for -f; name a file", r))
		case taken[absolute(path)]:
			return usage(fmt.Errorf("--report %q: the file is written by another output too", r))
		}
		if err := oneOf("report", format, report.ReportFormats...); err != nil {
			return err
		}
		taken[absolute(path)] = true
		o.Reports = append(o.Reports, Report{format, path})
	}
	return nil
}
