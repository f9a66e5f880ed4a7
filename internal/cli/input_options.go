package cli

import (
	"errors"
	"io"

	"github.com/spf13/cobra"

	"github.com/effnet/effnet/internal/source"
)

// InputOptions say which pictures a command takes.
type InputOptions struct {
	Inputs           []string
	FilesFrom        string
	NUL              bool
	Include, Exclude []string
	Shard            source.Shard
	AllowEmpty       bool

	shard string
	names []string // that the command knows by itself
}

func (o *InputOptions) addFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&o.FilesFrom, "files-from", "", "read names of inputs from `FILE`, - for standard input; one a line")
	f.BoolVarP(&o.NUL, "null", "0", false, "names in --files-from end with NUL instead")
	f.StringArrayVar(&o.Include, "include", nil, "only inputs that match `GLOB`; may be repeated")
	f.StringArrayVar(&o.Exclude, "exclude", nil, "no inputs that match `GLOB`; may be repeated")
	f.StringVar(&o.shard, "shard", "", "only the `I/N`-th part of the inputs, such as 2/8, told apart by their paths")
	f.BoolVar(&o.AllowEmpty, "allow-empty", false, "no input at all is no error")
}

// check finds what is wrong before anything is read. implied says that the command
// knows inputs that are not on its command line.
func (o *InputOptions) check(implied bool) error {
	switch {
	case len(o.Inputs) == 0 && o.FilesFrom == "" && !implied:
		return usage(errors.New("no input given: name files, folders, globs, or - for standard input"))
	case o.NUL && o.FilesFrom == "":
		return usage(errors.New("-0 is of use only with --files-from"))
	}
	if o.shard != "" {
		var err error
		if o.Shard, err = source.ParseShard(o.shard); err != nil {
			return usage(err)
		}
	}
	return nil
}

// source describes the stream of inputs.
func (o *InputOptions) source(stdin io.Reader) source.Options {
	return source.Options{
		Args: o.Inputs, Names: o.names, FilesFrom: o.FilesFrom, NUL: o.NUL, Stdin: stdin,
		Include: o.Include, Exclude: o.Exclude, Shard: o.Shard,
	}
}
