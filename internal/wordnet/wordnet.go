// Package wordnet knows what the 1,000 ImageNet classes are kinds of: the
// hypernyms above their synsets in WordNet 3.0, instance hypernyms among them.
package wordnet

import (
	_ "embed"
	"maps"
	"slices"
	"strings"
	"sync"
)

// table has a line a synset, cells by tab: its id, the ids of its parents, its
// lemmas. Classes, which have their lemmas in the labels, come without.
//
//go:embed hypernyms.txt
var table string

// tree is the part of WordNet that is a class or above one.
type tree struct {
	children map[string][]string // id → ids
	byLemma  map[string][]string // lemma in lower case → ids of hypernyms
	lemmas   map[string][]string // id of a hypernym → lemmas
}

var load = sync.OnceValue(func() *tree { return parse(table) })

func parse(table string) *tree {
	t := &tree{children: map[string][]string{}, byLemma: map[string][]string{}, lemmas: map[string][]string{}}
	for line := range strings.Lines(table) {
		cells := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		id, parents, lemmas := cells[0], cells[1], cells[2:]
		for parent := range strings.FieldsSeq(parents) {
			t.children[parent] = append(t.children[parent], id)
		}
		if len(lemmas) > 0 {
			t.lemmas[id] = lemmas
		}
		for _, l := range lemmas {
			l = strings.ToLower(l)
			t.byLemma[l] = append(t.byLemma[l], id)
		}
	}
	return t
}

// Group gives the ids of the ImageNet classes that are kinds of name: a lemma
// of a hypernym in any case, words by spaces or underscores, or a hypernym's
// id such as n02084071. A lemma of several hypernyms gives the classes of all.
// Where nothing has that name, ok is false.
func Group(name string) (wnids map[string]bool, ok bool) {
	t := load()
	name = strings.ToLower(strings.Join(strings.Fields(strings.ReplaceAll(name, "_", " ")), " "))
	roots := t.byLemma[name]
	if t.lemmas[name] != nil {
		roots = []string{name}
	}
	if len(roots) == 0 {
		return nil, false
	}
	return t.classes(roots), true
}

// classes are those below any of roots, which are hypernyms.
func (t *tree) classes(roots []string) map[string]bool {
	found := map[string]bool{}
	seen := map[string]bool{}
	pending := slices.Clone(roots)
	for len(pending) > 0 {
		id := pending[len(pending)-1]
		pending = pending[:len(pending)-1]
		if seen[id] {
			continue
		}
		seen[id] = true
		if t.lemmas[id] == nil {
			found[id] = true
		}
		pending = append(pending, t.children[id]...)
	}
	return found
}

// Lemma gives the first lemma of the hypernym with the given id, "" where
// there is none.
func Lemma(wnid string) string {
	if lemmas := load().lemmas[strings.ToLower(wnid)]; len(lemmas) > 0 {
		return lemmas[0]
	}
	return ""
}

// Names lists the lemmas that Group knows, each once, sorted.
func Names() []string {
	t := load()
	var names []string
	for _, id := range slices.Sorted(maps.Keys(t.lemmas)) {
		names = append(names, t.lemmas[id]...)
	}
	slices.Sort(names)
	return slices.Compact(names)
}
