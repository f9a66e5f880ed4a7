package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/spf13/cobra"

	"github.com/effnet/effnet/internal/store"
	"github.com/effnet/effnet/pkg/classify"
	"github.com/effnet/effnet/pkg/model"
)

// embeddedModel is the name of the model inside this program.
const embeddedModel = "efficientnet-lite0"

// isEmbedded tells whether a name without a source is the embedded model's.
func isEmbedded(name string) bool {
	v, err := model.Lookup(lower(name))
	return err == nil && v.Name == embeddedModel
}

func lower(s string) string { return strings.ToLower(s) }

// sourced tells whether a name says whose weights are meant.
func sourced(name string) bool { return strings.Contains(name, "@") }

// resolveModel finds the file of a pulled model.
func resolveModel(name string) (full, path string, err error) {
	p, err := findPulled(name)
	if err != nil {
		return "", "", err
	}
	return resolvedName(name, p), p.Path, nil
}

// resolvedName is the full name of what a name stands for: it has a source
// where one was given.
func resolvedName(given string, p store.Pulled) string {
	if sourced(given) {
		return p.Entry.Name()
	}
	return p.Entry.Variant
}

// findPulled finds a pulled model, or says how to pull it.
func findPulled(name string) (store.Pulled, error) {
	e, err := store.Find(name)
	if err != nil {
		return store.Pulled{}, asUsage(err)
	}
	st, err := store.Open()
	if err != nil {
		return store.Pulled{}, err
	}
	p, ok, err := st.Lookup(e)
	if err != nil {
		return p, reasonOf(err)
	}
	if !ok {
		return p, &classify.AbsentError{Variant: e.Variant, Remedy: "effnet pull " + e.ShortName()}
	}
	return p, nil
}

// asUsage makes an unknown name the error that classify has for it.
func asUsage(err error) error {
	var name *store.NameError
	if errors.As(err, &name) {
		return &classify.UsageError{Msg: name.Msg, Near: name.Near}
	}
	return err
}

// findAll resolves the names of a command line.
func findAll(names []string) ([]store.Entry, error) {
	var entries []store.Entry
	for _, name := range names {
		e, err := store.Find(name)
		if err != nil {
			return nil, asUsage(err)
		}
		entries = append(entries, e)
	}
	return entries, nil
}

// openStore finds the folder of pulled models.
func openStore() (*store.Store, error) {
	st, err := store.Open()
	if err != nil {
		return nil, &exitError{exitOutput, err}
	}
	return st, nil
}

// aboutModel gives the failure of a work on a model its exit code and the name
// before it.
func aboutModel(ctx context.Context, name string, err error) error {
	code := exitOutput
	var convert *store.ConvertError
	switch {
	case ctx.Err() != nil:
		code, err = exitInterrupted, errors.New("interrupted")
	case errors.As(err, &convert):
		code = exitModel
	}
	var onPath *fs.PathError
	if errors.As(err, &onPath) {
		err = fmt.Errorf("%q: %w", onPath.Path, reasonOf(err))
	}
	return &exitError{code, fmt.Errorf("%q: %w", name, err)}
}

// completeEntries offers the shortest names of everything that can be pulled.
func completeEntries(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
	var names []string
	for _, e := range store.Catalogue() {
		names = append(names, e.ShortName())
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

// pulledNames are the shortest names of what is in the store.
func pulledNames() []string {
	st, err := store.Open()
	if err != nil {
		return nil
	}
	pulled, err := st.List()
	if err != nil {
		return nil
	}
	var names []string
	for _, p := range pulled {
		names = append(names, p.Entry.ShortName())
	}
	return names
}

// completePulled offers what is in the store.
func completePulled(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
	return pulledNames(), cobra.ShellCompDirectiveNoFileComp
}
