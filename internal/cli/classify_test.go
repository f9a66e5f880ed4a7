package cli

import (
	"context"
	"io"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/effnet/effnet/internal/source"
)

// parse gives the options that a command line stands for, without doing the work.
func parse(t *testing.T, args ...string) (ClassifyOptions, error) {
	t.Helper()
	var got ClassifyOptions
	s := Streams{Out: io.Discard, Err: io.Discard}
	cmd := newClassifyCmd(s, func(_ context.Context, _ Streams, o ClassifyOptions) error { got = o; return nil })
	cmd.SetOut(io.Discard)
	cmd.SetErr(io.Discard)
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	cmd.SetArgs(args)
	err := cmd.Execute()
	return got, err
}

// typed leaves out what options keep of a flag before it is taken apart.
var typed = cmpopts.IgnoreUnexported(InputOptions{}, ModelOptions{}, OutputOptions{})

func TestClassifyFlags(t *testing.T) {
	t.Setenv("EFFNET_MODEL", "")
	with := func(change func(*ClassifyOptions)) ClassifyOptions {
		o := ClassifyOptions{
			InputOptions: InputOptions{Inputs: []string{"x"}},
			ModelOptions: ModelOptions{
				Model: "efficientnet-lite0", Precision: "f32", Crop: "center", MaxPixels: 100_000_000, Batch: 1, CacheSize: 1024,
			},
			OutputOptions: OutputOptions{Format: "table"},
			Top:           5,
		}
		change(&o)
		return o
	}
	tests := []struct {
		args []string
		want ClassifyOptions
	}{
		{[]string{"x"}, with(func(*ClassifyOptions) {})},
		{[]string{"-k", "1", "x"}, with(func(o *ClassifyOptions) { o.Top = 1 })},
		{[]string{"x", "--class", "a,b", "--class", "c"}, with(func(o *ClassifyOptions) { o.Classes, o.Top = []string{"a,b", "c"}, 0 })},
		{[]string{"x", "--class", "a", "-k", "5"}, with(func(o *ClassifyOptions) { o.Classes, o.Top = []string{"a"}, 5 })},
		{[]string{"-f", "csv", "-o", "out", "-m", "b0", "-q", "x"}, with(func(o *ClassifyOptions) {
			o.Format, o.Output, o.Model, o.Quiet = "csv", "out", "b0", true
		})},
		{[]string{"--files-from", "l", "-0"}, with(func(o *ClassifyOptions) { o.Inputs, o.FilesFrom, o.NUL = []string{}, "l", true })},
		{[]string{"--logits", "--timing", "--provenance", "--fail-fast", "--lenient", "--no-exif", "x"}, with(func(o *ClassifyOptions) {
			o.Logits, o.Timing, o.Provenance, o.FailFast, o.Lenient, o.NoEXIF = true, true, true, true, true, true
		})},
		{[]string{"--threads", "3", "--batch", "4", "--resolution", "32", "--crop", "pad", "--max-pixels", "9", "x"}, with(func(o *ClassifyOptions) {
			o.Threads, o.Batch, o.Resolution, o.Crop, o.MaxPixels = 3, 4, 32, "pad", 9
		})},
		{[]string{"--labels", "l", "--variant", "efficientnet-b0", "--profile", "crop=1", "--min-prob", "0.5", "--precision", "f32", "x"}, with(func(o *ClassifyOptions) {
			o.Labels, o.Variant, o.Profile, o.MinProb = "l", "efficientnet-b0", "crop=1", 0.5
		})},
		{[]string{"--include", "*.jpg", "--exclude", "a", "--exclude", "b,c", "--shard", "2/8", "--allow-empty", "x"}, with(func(o *ClassifyOptions) {
			o.Include, o.Exclude, o.Shard, o.AllowEmpty = []string{"*.jpg"}, []string{"a", "b,c"}, source.Shard{Index: 2, Count: 8}, true
		})},
		{[]string{"--report", "junit=a=b.xml", "--report", "csv=c", "--format-string", "{{.Path}}", "x"}, with(func(o *ClassifyOptions) {
			o.Reports, o.FormatString = []Report{{"junit", "a=b.xml"}, {"csv", "c"}}, "{{.Path}}"
		})},
		{[]string{"--resume", "-f", "jsonl", "-o", "o", "--cache", "c", "--cache-size", "1", "x"}, with(func(o *ClassifyOptions) {
			o.Resume, o.Format, o.Output, o.Cache, o.CacheSize = true, "jsonl", "o", "c", 1
		})},
		{[]string{"--", "-k"}, with(func(o *ClassifyOptions) { o.Inputs = []string{"-k"} })},
		{[]string{"-"}, with(func(o *ClassifyOptions) { o.Inputs = []string{"-"} })},
	}
	for _, tt := range tests {
		got, err := parse(t, tt.args...)
		if err != nil {
			t.Errorf("%q: %v", tt.args, err)
		} else if d := cmp.Diff(tt.want, got, typed); d != "" {
			t.Errorf("%q (-want +got):\n%s", tt.args, d)
		}
	}
}

func TestClassifyModelFromEnvironment(t *testing.T) {
	t.Setenv("EFFNET_MODEL", "b3")
	if o, err := parse(t, "x"); err != nil || o.Model != "b3" {
		t.Errorf("got %q, %v", o.Model, err)
	}
}

func TestClassifyWrongFlags(t *testing.T) {
	for _, args := range [][]string{
		{}, {"-0", "x"}, {"-k", "0", "x"}, {"-k", "-1", "x"}, {"-k", "99999999999999999999", "x"},
		{"--threads", "1025", "x"}, {"--batch", "1025", "x"}, {"--resolution", "-1", "x"}, {"--min-prob", "-0.1", "x"},
		{"--max-pixels", "-5", "x"}, {"-m", "", "x"}, {"--variant", "resnet", "x"}, {"--profile", "a", "x"},
		{"--precision", "bf16", "x"}, {"--scaled", "--exact", "x"}, {"--crop", "", "x"}, {"-f", "", "x"},
	} {
		if _, err := parse(t, args...); err == nil {
			t.Errorf("%q: no error", args)
		} else if got := codeOf(err); got != exitUsage {
			t.Errorf("%q: exit code %d for %v", args, got, err)
		}
	}
}
