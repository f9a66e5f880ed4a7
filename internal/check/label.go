package check

import (
	"fmt"
	"slices"
	"strings"

	"github.com/effnet/effnet/internal/near"
	"github.com/effnet/effnet/internal/wordnet"
	"github.com/effnet/effnet/pkg/classify"
	"github.com/effnet/effnet/pkg/weights"
)

// target is what one expectation means among a model's classes.
type target struct {
	text    string // as messages name it
	classes []int
}

// resolve finds the classes that name means: those that bear it (their label,
// a synonym, WordNet id or index), else those of the group of WordNet that
// does; underscores stand for spaces. A name of neither is a
// *classify.UsageError with near matches among labels and groups.
func resolve(name string, labels []weights.Label) (target, error) {
	if t, ok := lookup(name, labels); ok {
		return t, nil
	}
	return target{}, &classify.UsageError{
		Msg:  fmt.Sprintf("unknown label %q", name),
		Near: near.Names(strings.ReplaceAll(strings.TrimSpace(name), "_", " "), known(labels)),
	}
}

// lookup is resolve that says no more than whether there is such a name.
func lookup(name string, labels []weights.Label) (target, bool) {
	name = strings.TrimSpace(name)
	spaced := strings.ReplaceAll(name, "_", " ")
	for _, n := range slices.Compact([]string{name, spaced}) {
		if found, err := classify.Find(labels, n); err == nil {
			return target{nameOf(labels[found[0]], n), found}, true
		}
	}
	group, _ := wordnet.Group(name)
	t := target{text: spaced}
	if lemma := wordnet.Lemma(name); lemma != "" {
		t.text = lemma
	}
	for i, l := range labels {
		if group[strings.ToLower(l.WNID)] {
			t.classes = append(t.classes, i)
		}
	}
	return t, len(t.classes) > 0
}

// nameOf is name where that is a word, and the label where it is an id or an index.
func nameOf(l weights.Label, name string) string {
	for _, s := range l.Synonyms {
		if strings.EqualFold(s, name) {
			return name
		}
	}
	if strings.EqualFold(l.Name, name) {
		return name
	}
	return l.Name
}

// known lists the labels, their synonyms and the groups that have a class in labels.
func known(labels []weights.Label) []string {
	var names []string
	ids := map[string]bool{}
	for _, l := range labels {
		names = append(append(names, l.Name), l.Synonyms...)
		ids[strings.ToLower(l.WNID)] = true
	}
	for _, name := range wordnet.Names() {
		group, _ := wordnet.Group(name)
		for id := range group {
			if ids[id] {
				names = append(names, name)
				break
			}
		}
	}
	return names
}
