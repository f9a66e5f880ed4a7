package classify

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/effnet/effnet/internal/near"
	"github.com/effnet/effnet/models"
	"github.com/effnet/effnet/pkg/weights"
)

const imageNetClasses = 1000

// labelsFor names every output: given labels before the file's own, else
// ImageNet's where the number of outputs is theirs, else "class N". Of two
// labels for a single output, the second is the one that it stands for.
func labelsFor(given, own []weights.Label, classes int) ([]weights.Label, error) {
	if err := weights.CheckLabels(given, classes); err != nil {
		return nil, err
	}
	labels := given
	if len(labels) == 0 {
		labels = own
	}
	if len(labels) == 0 && classes == imageNetClasses {
		return imageNetLabels()
	}
	if len(labels) == 0 {
		for i := range classes {
			labels = append(labels, weights.Label{Name: fmt.Sprintf("class %d", i)})
		}
	}
	if classes == 1 {
		labels = labels[len(labels)-1:]
	}
	return labels, nil
}

// otherLabel is what a low value of a single output means, empty where that is
// not told.
func otherLabel(given, own []weights.Label, classes int) weights.Label {
	if len(given) == 0 {
		given = own
	}
	if classes == 1 && len(given) == 2 {
		return given[0]
	}
	return weights.Label{}
}

// Labels names every output of weights as Open does.
func Labels(w *weights.Model) ([]weights.Label, error) { return labelsFor(nil, w.Labels, w.Classes()) }

// imageNetLabels are those of the embedded model.
func imageNetLabels() ([]weights.Label, error) {
	return weights.ReadLabels(models.Lite0)
}

// Find lists the classes that name names: by label, synonym, WordNet id or
// index, without regard to case; a name that several classes bear names them
// all. Where there is none, the error is a *UsageError with near matches.
func Find(labels []weights.Label, name string) ([]int, error) {
	name = strings.TrimSpace(name)
	var found []int
	for i, l := range labels {
		if bears(l, name) {
			found = append(found, i)
		}
	}
	if len(found) > 0 {
		return found, nil
	}
	if i, err := strconv.ParseUint(name, 10, 31); err == nil && i < uint64(len(labels)) {
		return []int{int(i)}, nil
	}
	return nil, &UsageError{Msg: fmt.Sprintf("unknown label %q", name), Near: near.Names(name, allNames(labels))}
}

// choose marks the classes that names name; no names at all give nil.
func choose(names []string, labels []weights.Label) ([]bool, error) {
	if len(names) == 0 {
		return nil, nil
	}
	chosen := make([]bool, len(labels))
	for _, name := range names {
		found, err := Find(labels, name)
		if err != nil {
			return nil, err
		}
		for _, i := range found {
			chosen[i] = true
		}
	}
	return chosen, nil
}

func bears(l weights.Label, name string) bool {
	if strings.EqualFold(l.Name, name) || l.WNID != "" && strings.EqualFold(l.WNID, name) {
		return true
	}
	for _, s := range l.Synonyms {
		if strings.EqualFold(s, name) {
			return true
		}
	}
	return false
}

func allNames(labels []weights.Label) []string {
	var names []string
	for _, l := range labels {
		names = append(append(names, l.Name), l.Synonyms...)
	}
	return names
}
