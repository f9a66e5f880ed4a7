package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/effnet/effnet/internal/store"
	"github.com/effnet/effnet/pkg/classify"
)

// RemoveOptions are the arguments and flags of effnet rm.
type RemoveOptions struct {
	Names []string
	Quiet bool
}

const rmLong = `Delete pulled models, and what broken downloads of them left.

Exit codes: 0 done, 2 wrong usage or an unknown name, 4 a model was not pulled,
5 it could not be deleted.`

func newRemoveCmd(s Streams, runF func(context.Context, Streams, RemoveOptions) error) *cobra.Command {
	o := RemoveOptions{}
	cmd := &cobra.Command{
		Use:     "rm NAME[@SOURCE[:WEIGHTS]]...",
		Short:   "Delete pulled models",
		Long:    rmLong,
		Example: "  effnet rm b0 b3@noisy-student",
		Args:    cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Names = args
			if err := o.check(); err != nil {
				return err
			}
			return runF(cmd.Context(), s, o)
		},
		ValidArgsFunction: completePulled,
	}
	cmd.Flags().BoolVarP(&o.Quiet, "quiet", "q", false, "no messages")
	return cmd
}

func (o *RemoveOptions) check() error {
	if len(o.Names) == 0 {
		return usage(errors.New("no name given: effnet list shows what has been pulled"))
	}
	for _, name := range o.Names {
		if isEmbedded(name) {
			return usage(fmt.Errorf("%s is inside this program and cannot be deleted", embeddedModel))
		}
	}
	_, err := findAll(o.Names)
	return err
}

func runRemove(ctx context.Context, s Streams, o RemoveOptions) error {
	st, err := openStore()
	if err != nil {
		return err
	}
	for _, name := range o.Names {
		e, err := store.Find(name)
		if err != nil {
			return asUsage(err)
		}
		freed, err := st.Remove(e)
		if err != nil {
			return aboutModel(ctx, e.Name(), err)
		}
		if freed == 0 {
			return &classify.ModelError{Model: name, Err: notPulled(e)}
		}
		if !o.Quiet {
			newConsole(s.Err).say(fmt.Sprintf("%s: deleted, %s freed", e.Name(), sized(freed)))
		}
	}
	return nil
}

// notPulled names what has been pulled of the same variant.
func notPulled(e store.Entry) error {
	var others []string
	for _, name := range pulledNames() {
		if other, err := store.Find(name); err == nil && other.Variant == e.Variant {
			others = append(others, name)
		}
	}
	if len(others) == 0 {
		return errors.New("not pulled")
	}
	return fmt.Errorf("not pulled, but %s", strings.Join(others, ", "))
}
