package wordnet

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/effnet/effnet/models"
	"github.com/effnet/effnet/pkg/weights"
)

func labels(t *testing.T) []weights.Label {
	t.Helper()
	l, err := weights.ReadLabels(models.Lite0)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// byName gives the indices of the classes in a group, in order.
func byName(t *testing.T, all []weights.Label, name string) []int {
	t.Helper()
	group, ok := Group(name)
	if !ok {
		t.Errorf("no group %q", name)
	}
	var found []int
	for i, l := range all {
		if group[l.WNID] {
			found = append(found, i)
			delete(group, l.WNID)
		}
	}
	if len(group) > 0 {
		t.Errorf("%s: not classes: %v", name, group)
	}
	return found
}

func between(first, last int) []int {
	var list []int
	for i := first; i <= last; i++ {
		list = append(list, i)
	}
	return list
}

func TestGroupsAreTheirClasses(t *testing.T) {
	all := labels(t)
	for name, want := range map[string][]int{
		"dog":          between(151, 268),
		"bird":         slices.Concat(between(7, 24), between(80, 100), between(127, 146)),
		"cat":          between(281, 293), // domestic and big ones
		"domestic cat": between(281, 285),
		"snake":        between(52, 68),
		"bear":         between(294, 297),
		"shark":        between(2, 4),
		"monkey":       between(370, 382),
		"fish":         slices.Concat(between(0, 6), between(389, 397)),
		"spider":       between(72, 77),
	} {
		if diff := cmp.Diff(want, byName(t, all, name)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	everything := byName(t, all, "entity")
	if len(everything) != len(all) {
		t.Errorf("%d of %d classes are entities", len(everything), len(all))
	}
}

func TestGroupsHoldWhatPeopleExpect(t *testing.T) {
	all := labels(t)
	for name, tt := range map[string]struct{ in, out []string }{
		"vehicle":            {[]string{"sports car", "fire engine", "canoe", "airliner", "mountain bike"}, []string{"tabby", "car wheel"}},
		"food":               {[]string{"pizza", "cheeseburger", "ice cream", "espresso", "broccoli"}, []string{"plate rack", "tabby"}},
		"fruit":              {[]string{"orange", "banana", "strawberry", "lemon"}, []string{"broccoli", "tabby"}},
		"vegetable":          {[]string{"broccoli", "cauliflower", "bell pepper"}, []string{"banana"}},
		"furniture":          {[]string{"bookcase", "dining table", "rocking chair"}, []string{"broom"}},
		"musical instrument": {[]string{"acoustic guitar", "grand piano", "violin", "trombone"}, []string{"tennis ball"}},
		"animal":             {[]string{"tabby", "tench", "scorpion", "starfish"}, []string{"teddy"}},
		"clothing":           {[]string{"jean", "miniskirt", "sock"}, []string{"broom"}},
		"car":                {[]string{"sports car", "convertible"}, []string{"fire engine"}},
		"building":           {[]string{"barn", "church"}, []string{"bridge"}},
	} {
		group, _ := Group(name)
		for _, want := range tt.in {
			if !inGroup(all, group, want) {
				t.Errorf("%s lacks %s", name, want)
			}
		}
		for _, not := range tt.out {
			if inGroup(all, group, not) {
				t.Errorf("%s has %s", name, not)
			}
		}
	}
}

func inGroup(all []weights.Label, group map[string]bool, label string) bool {
	return slices.ContainsFunc(all, func(l weights.Label) bool { return l.Name == label && group[l.WNID] })
}

func TestGroupIsFoundByAnyOfItsNames(t *testing.T) {
	want, _ := Group("dog")
	for _, name := range []string{"DOG", " dog ", "domestic_dog", "Domestic Dog", "canis familiaris", "n02084071", "N02084071"} {
		got, ok := Group(name)
		if diff := cmp.Diff(want, got); !ok || diff != "" {
			t.Errorf("%q: %v, %s", name, ok, diff)
		}
	}
	if got := Lemma("N02084071"); got != "dog" {
		t.Errorf("lemma %q", got)
	}
}

func TestUnknownGroups(t *testing.T) {
	for _, name := range []string{"", "_", "dgo", "n99999999", "n02099601", "golden retriever", "tabby"} {
		if got, ok := Group(name); ok || got != nil {
			t.Errorf("%q: %v", name, got)
		}
		if got := Lemma(name); got != "" {
			t.Errorf("%q: lemma %q", name, got)
		}
	}
}

// A lemma of several hypernyms is all of them; each is to be had by its id.
func TestLemmaOfSeveral(t *testing.T) {
	both, _ := Group("cat")
	small, _ := Group("n02121620")
	big, _ := Group("n02127808")
	if len(small) != 7 || len(big) != 6 || len(both) != 13 {
		t.Errorf("%d and %d give %d", len(small), len(big), len(both))
	}
}

// Every class has a line, and every line is a class or above one.
func TestTableIsWhole(t *testing.T) {
	tr := parse(table)
	classes := map[string]bool{}
	for _, l := range labels(t) {
		classes[l.WNID] = true
	}
	lines := map[string]bool{}
	for line := range strings.Lines(table) {
		id, _, _ := strings.Cut(line, "\t")
		if lines[id] {
			t.Errorf("%s twice", id)
		}
		lines[id] = true
		if hypernym := tr.lemmas[id] != nil; hypernym == classes[id] {
			t.Errorf("%s: class %v, lemmas %q", id, classes[id], tr.lemmas[id])
		} else if hypernym && len(tr.classes([]string{id})) == 0 {
			t.Errorf("%s is above no class", id)
		}
	}
	for id := range classes {
		if !lines[id] {
			t.Errorf("no line of %s", id)
		}
	}
	for parent := range tr.children {
		if !lines[parent] {
			t.Errorf("no line of the parent %s", parent)
		}
	}
}

func TestNames(t *testing.T) {
	names := Names()
	for _, want := range []string{"dog", "musical instrument", "vehicle"} {
		if !slices.Contains(names, want) {
			t.Errorf("no %q", want)
		}
	}
	for _, name := range names {
		if _, ok := Group(name); !ok {
			t.Errorf("no group of the name %q", name)
		}
	}
}

func BenchmarkParse(b *testing.B) {
	for b.Loop() {
		parse(table)
	}
}
