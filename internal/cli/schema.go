package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/effnet/effnet/internal/check"
	"github.com/effnet/effnet/internal/report"
)

// SchemaOptions are the argument of effnet schema.
type SchemaOptions struct{ Of string }

func newSchemaCmd(s Streams, runF func(context.Context, Streams, SchemaOptions) error) *cobra.Command {
	o := SchemaOptions{}
	return &cobra.Command{
		Use:       "schema [records|rules]",
		Short:     "Print the JSON Schema of records, or of the rules of check",
		Example:   "  effnet schema > effnet.schema.json\n  effnet schema rules",
		Args:      atMostOneArg,
		ValidArgs: []string{"records", "rules"},
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Of = "records"
			if len(args) > 0 {
				o.Of = args[0]
			}
			if o.Of != "records" && o.Of != "rules" {
				return usage(fmt.Errorf("there is no schema %q, only records and rules", o.Of))
			}
			return runF(cmd.Context(), s, o)
		},
	}
}

func runSchema(_ context.Context, s Streams, o SchemaOptions) error {
	text := report.Schema()
	if o.Of == "rules" {
		text = check.RulesSchema()
	}
	return written(s.Out.Write(text))
}
