package evaluate

import (
	"cmp"
	"container/heap"
	"encoding/base64"
	"encoding/json"
	"slices"
	"unicode/utf8"
)

// Mistake is a picture that was taken for another class.
type Mistake struct {
	Path        string  `json:"path"`
	Class       int     `json:"index"`
	Label       string  `json:"label"`
	Predicted   int     `json:"predicted_index"`
	As          string  `json:"predicted"`
	Confidence  float64 `json:"confidence"`  // probability of the prediction
	Probability float64 `json:"probability"` // of the true class

	serial int
}

// MarshalJSON adds path_b64 where the path is not valid UTF-8.
func (m Mistake) MarshalJSON() ([]byte, error) {
	type plain Mistake
	with := struct {
		plain
		PathB64 string `json:"path_b64,omitempty"`
	}{plain: plain(m)}
	if !utf8.ValidString(m.Path) {
		with.PathB64 = base64.StdEncoding.EncodeToString([]byte(m.Path))
	}
	return json.Marshal(with)
}

// worst keeps the most confident mistakes, the earlier of equal ones.
type worst struct {
	most   int
	serial int
	list   byConfidence
}

// byConfidence is a heap whose root is the least confident.
type byConfidence []Mistake

func (b byConfidence) Len() int           { return len(b) }
func (b byConfidence) Less(i, j int) bool { return compare(b[i], b[j]) > 0 }
func (b byConfidence) Swap(i, j int)      { b[i], b[j] = b[j], b[i] }
func (b *byConfidence) Push(x any)        { *b = append(*b, x.(Mistake)) }

func (b *byConfidence) Pop() any {
	last := len(*b) - 1
	m := (*b)[last]
	*b = (*b)[:last]
	return m
}

// compare puts the worse mistake first.
func compare(a, b Mistake) int {
	return cmp.Or(cmp.Compare(b.Confidence, a.Confidence), cmp.Compare(a.serial, b.serial))
}

func (w *worst) add(m Mistake) {
	m.serial = w.serial
	w.serial++
	if len(w.list) < w.most {
		heap.Push(&w.list, m)
	} else if compare(m, w.list[0]) < 0 {
		w.list[0] = m
		heap.Fix(&w.list, 0)
	}
}

// sorted lists the mistakes, the worst first.
func (w *worst) sorted() []Mistake {
	list := append([]Mistake{}, w.list...)
	slices.SortFunc(list, compare)
	return list
}
