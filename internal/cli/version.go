package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	"github.com/effnet/effnet/internal/cpu"
	"github.com/effnet/effnet/internal/licenses"
	"github.com/effnet/effnet/internal/report"
	"github.com/effnet/effnet/pkg/kernels"
)

// version is set by the linker in a release: -X …/internal/cli.version=v1.2.3.
var version string

// VersionOptions are the flags of effnet version.
type VersionOptions struct {
	Format   string
	Licenses bool
}

func newVersionCmd(s Streams, runF func(Streams, VersionOptions) error) *cobra.Command {
	var o VersionOptions
	cmd := &cobra.Command{
		Use:     "version",
		Short:   "Print the version, the chosen kernels and the CPU's features",
		Example: "  effnet version\n  effnet version -f json\n  effnet version --licenses",
		Args:    noArgs,
		RunE: func(*cobra.Command, []string) error {
			if err := oneOf("format", o.Format, "table", "json"); err != nil {
				return err
			}
			return runF(s, o)
		},
	}
	cmd.Flags().StringVarP(&o.Format, "format", "f", "table", "table or json")
	cmd.Flags().BoolVar(&o.Licenses, "licenses", false, "print NOTICE and the licences of everything inside")
	complete(cmd, "format", "table", "json")
	return cmd
}

// build is what effnet version -f json prints.
type build struct {
	Schema   string     `json:"schema"`
	Version  string     `json:"version"`
	Go       string     `json:"go"`
	OS       string     `json:"os"`
	Arch     string     `json:"arch"`
	Tier     cpu.Tier   `json:"tier"`
	Tiers    []cpu.Tier `json:"tiers"`
	Features []string   `json:"features"`
}

func runVersion(s Streams, o VersionOptions) error {
	if o.Licenses {
		return written(io.WriteString(s.Out, licenses.Text()))
	}
	set, err := kernels.Best()
	if err != nil {
		return usage(err)
	}
	b := build{
		Schema: report.SchemaName, Version: versionString(), Go: runtime.Version(),
		OS: runtime.GOOS, Arch: runtime.GOARCH, Tier: set.Tier, Features: cpu.Detect().Features,
	}
	for _, set := range kernels.Sets() {
		b.Tiers = append(b.Tiers, set.Tier)
	}
	if b.Features == nil {
		b.Features = []string{}
	}
	if o.Format == "json" {
		text, err := json.Marshal(b)
		if err != nil {
			return err
		}
		return written(fmt.Fprintf(s.Out, "%s\n", text))
	}
	return written(fmt.Fprintf(s.Out, "effnet %s\nbuilt with  %s for %s/%s\nkernels     %s of %s\ncpu         %s\n",
		b.Version, b.Go, b.OS, b.Arch, b.Tier, join(b.Tiers), strings.Join(b.Features, " ")))
}

func join(tiers []cpu.Tier) string {
	words := make([]string, len(tiers))
	for i, t := range tiers {
		words[i] = string(t)
	}
	return strings.Join(words, ", ")
}

// versionString is the linker's version, else the module's.
func versionString() string {
	if version != "" {
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}

// written gives the error of a write to stdout its exit code.
func written(_ int, err error) error {
	if err == nil || isBrokenPipe(err) {
		return nil
	}
	return &exitError{exitOutput, fmt.Errorf("standard output: %w", reasonOf(err))}
}
