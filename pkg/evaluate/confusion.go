package evaluate

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
)

// Confusion counts pictures of each class by what they were taken for.
type Confusion struct {
	classes int
	counts  map[[2]int32]int
}

// denseClasses is the most classes whose matrix is written whole.
const denseClasses = 4096

func newConfusion(classes int) Confusion { return Confusion{classes, map[[2]int32]int{}} }

func (c *Confusion) add(actual, predicted int) { c.counts[[2]int32{int32(actual), int32(predicted)}]++ }

func (c *Confusion) clone() Confusion { return Confusion{c.classes, maps.Clone(c.counts)} }

// Classes is the number of rows and columns.
func (c *Confusion) Classes() int { return c.classes }

// Count is how many pictures of a class were taken for another, or for itself.
func (c *Confusion) Count(actual, predicted int) int {
	return c.counts[[2]int32{int32(actual), int32(predicted)}]
}

// MarshalJSON writes rows of actual classes by columns of predicted ones; null
// beyond 4096 classes.
func (c Confusion) MarshalJSON() ([]byte, error) {
	if c.classes > denseClasses {
		return []byte("null"), nil
	}
	b := []byte{'['}
	for i := range c.classes {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, '[')
		for j := range c.classes {
			if j > 0 {
				b = append(b, ',')
			}
			b = strconv.AppendInt(b, int64(c.Count(i, j)), 10)
		}
		b = append(b, ']')
	}
	return append(b, ']'), nil
}

// Mixup is how often a class was taken for another.
type Mixup struct {
	Class     int    `json:"index"`
	Label     string `json:"label"`
	Predicted int    `json:"predicted_index"`
	As        string `json:"predicted"`
	Images    int    `json:"images"`
}

// mixups lists the most frequent, at most n.
func (t *Tally) mixups(n int) []Mixup {
	list := make([]Mixup, 0, len(t.confusion.counts))
	for at, images := range t.confusion.counts {
		if a, p := int(at[0]), int(at[1]); a != p {
			list = append(list, Mixup{a, t.labels[a].Name, p, t.labels[p].Name, images})
		}
	}
	slices.SortFunc(list, func(a, b Mixup) int {
		return cmp.Or(cmp.Compare(b.Images, a.Images), cmp.Compare(a.Class, b.Class), cmp.Compare(a.Predicted, b.Predicted))
	})
	return slices.Clip(list[:min(len(list), n)])
}
