package similar

import (
	"cmp"
	"fmt"
	"runtime"
	"slices"
	"sync"
)

// Match is a vector and how alike it is to what was asked for.
type Match struct {
	Index  int // in the order of Add, or of Vectors
	Name   string
	Cosine float64
}

// compare puts the nearer match first, of equal ones the earlier.
func compare(a, b Match) int {
	return cmp.Or(cmp.Compare(b.Cosine, a.Cosine), cmp.Compare(a.Index, b.Index))
}

// Top keeps the matches of one vector that are nearest, as vectors come by; it
// needs no memory for the others. It belongs to one goroutine.
type Top struct {
	query []float32
	norm  float64
	most  int
	count int
	list  []Match
}

// NewTop looks for the n nearest to query, which must not change.
func NewTop(query []float32, n int) *Top {
	return &Top{query: query, norm: norm(query), most: max(n, 0)}
}

// Add looks at a vector. An error means that it is of another length.
func (t *Top) Add(name string, vector []float32) error {
	if len(vector) != len(t.query) {
		return fmt.Errorf("a vector of %d values, looked for is one of %d", len(vector), len(t.query))
	}
	t.put(Match{t.count, name, cosine(dot(t.query, vector), t.norm, norm(vector))})
	t.count++
	return nil
}

func (t *Top) put(m Match) {
	at, _ := slices.BinarySearchFunc(t.list, m, compare)
	if at < t.most {
		t.list = slices.Insert(t.list, at, m)
		t.list = t.list[:min(len(t.list), t.most)]
	}
}

// Matches lists the nearest first, ties in the order of Add.
func (t *Top) Matches() []Match { return slices.Clone(t.list) }

// Nearest lists the n vectors that are most alike to query, nearest first, ties
// in their order. It takes as many multiply-adds as v has values, on all
// processors. An error means that query is of another length.
func (v *Vectors) Nearest(query []float32, n int) ([]Match, error) {
	if v.Len() > 0 && len(query) != v.Dim {
		return nil, fmt.Errorf("a vector of %d values, looked for among those of %d", len(query), v.Dim)
	}
	parts := min(runtime.GOMAXPROCS(0), max(1, v.Len()/1024))
	tops := make([]*Top, parts)
	var wg sync.WaitGroup
	for p := range tops {
		tops[p] = NewTop(query, n)
		wg.Go(func() {
			t := tops[p]
			for i := v.Len() * p / parts; i < v.Len()*(p+1)/parts; i++ {
				row := v.Row(i)
				t.put(Match{i, v.Names[i], cosine(dot(query, row), t.norm, norm(row))})
			}
		})
	}
	wg.Wait()
	for _, t := range tops[1:] {
		for _, m := range t.list {
			tops[0].put(m)
		}
	}
	return tops[0].list, nil
}
