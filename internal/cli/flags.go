package cli

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/effnet/effnet/internal/source"
)

func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usage(fmt.Errorf("%s takes no argument, got %q", cmd.CommandPath(), args[0]))
	}
	return nil
}

func atMostOneArg(cmd *cobra.Command, args []string) error {
	if len(args) > 1 {
		return usage(fmt.Errorf("%s takes one argument, got %q too", cmd.CommandPath(), args[1]))
	}
	return nil
}

// oneOf is a usage error where value is none of words.
func oneOf(flag, value string, words ...string) error {
	if slices.Contains(words, value) {
		return nil
	}
	return usage(fmt.Errorf("--%s %q is none of %s", flag, value, strings.Join(words, ", ")))
}

// between is a usage error where value is out of range.
func between[T int | ~int64 | float64](flag string, value, least, most T) error {
	if value >= least && value <= most {
		return nil
	}
	return usage(fmt.Errorf("--%s %v is not from %v to %v", flag, value, least, most))
}

// optional is between for a flag whose 0 means that it was not given.
func optional(flag string, value, least, most int) error {
	if value == 0 {
		return nil
	}
	return between(flag, value, least, most)
}

// completeVariant offers the variants as the first argument.
func completeVariant(otherwise cobra.ShellCompDirective) cobra.CompletionFunc {
	return func(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return variantNames(), otherwise
	}
}

// complete offers words as the values of a flag.
func complete(cmd *cobra.Command, flag string, words ...string) {
	err := cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp))
	if err != nil {
		panic(err) // no such flag
	}
}

// reasonOf drops operation and path from an error of the operating system.
func reasonOf(err error) error { return errors.New(source.Reason(err)) }
