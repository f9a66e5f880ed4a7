package store

import (
	"fmt"
	"strings"

	"github.com/effnet/effnet/pkg/model"
)

// NameError is a name that stands for nothing in the catalogue.
type NameError struct {
	Msg  string
	Near []string // names that resemble it, or all that there are
}

func (e *NameError) Error() string {
	if len(e.Near) == 0 {
		return e.Msg
	}
	return e.Msg + "; near: " + strings.Join(e.Near, ", ")
}

func variantOrder() map[string]int {
	order := map[string]int{}
	for i, v := range model.Variants() {
		order[v.Name] = i
	}
	return order
}

// Find resolves NAME[@SOURCE[:WEIGHTS]] to an entry. NAME is a variant with or
// without "efficientnet-". Without a source it is the variant's preferred one,
// without weights the source's default; weights may stand alone behind the @
// where only one source has them. The error is a *NameError.
func Find(name string) (Entry, error) {
	variant, source, qualified := strings.Cut(strings.ToLower(name), "@")
	entries, err := ofVariant(variant)
	if err != nil {
		return Entry{}, err
	}
	if !qualified {
		return entries[0], nil
	}
	source, weights, both := strings.Cut(plain(source), ":")
	var found []Entry
	for _, e := range entries {
		switch {
		case plain(e.Source) == source && (plain(e.Weights) == weights || !both && e.Default):
			return e, nil
		case !both && plain(e.Weights) == source:
			found = append(found, e)
		}
	}
	if len(found) == 1 {
		return found[0], nil
	}
	if len(found) > 1 {
		entries = found
	}
	return Entry{}, &NameError{fmt.Sprintf("no weights %q of %s", name, entries[0].Variant), names(entries)}
}

// plain makes hyphens and underscores one.
func plain(s string) string { return strings.ReplaceAll(s, "-", "_") }

func ofVariant(name string) ([]Entry, error) {
	v, err := model.Lookup(name)
	if unknown, ok := err.(*model.UnknownError); ok {
		return nil, &NameError{fmt.Sprintf("unknown model %q", name), unknown.Near}
	}
	if err != nil {
		return nil, &NameError{Msg: err.Error()}
	}
	var entries []Entry
	for _, e := range catalogue() {
		if e.Variant == v.Name {
			entries = append(entries, e)
		}
	}
	if len(entries) == 0 {
		return nil, &NameError{Msg: fmt.Sprintf("nobody publishes weights of %s", v.Name)}
	}
	return entries, nil
}

func names(entries []Entry) []string {
	list := make([]string, len(entries))
	for i, e := range entries {
		list[i] = e.ShortName()
	}
	return list
}

// ShortName is the shortest name that Find resolves to e.
func (e Entry) ShortName() string {
	variant := strings.TrimPrefix(e.Variant, "efficientnet-")
	for _, name := range []string{variant, variant + "@" + e.Source, variant + "@" + e.Weights} {
		if found, err := Find(name); err == nil && found.Name() == e.Name() {
			return name
		}
	}
	return variant + "@" + e.Source + ":" + e.Weights
}
