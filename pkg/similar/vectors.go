// Package similar finds pictures that are alike by their embeddings, see
// classify.Model.Embed: the nearest to one, and groups of near-duplicates. It
// also reads and writes embeddings as JSON lines and as NumPy's arrays.
//
// Two embeddings are as alike as the cosine of the angle between them. Those of
// different models have nothing to do with each other.
package similar

import (
	"errors"
	"fmt"
	"math"
)

// maxDim bounds the length of a vector that is read.
const maxDim = 1 << 16

// Vectors are embeddings of one length, by name.
type Vectors struct {
	Names []string
	Dim   int       // 0 as long as there is none
	Data  []float32 // [len(Names)·Dim]
}

// Len is the number of vectors.
func (v *Vectors) Len() int { return len(v.Names) }

// Row is vector i, [Dim].
func (v *Vectors) Row(i int) []float32 { return v.Data[i*v.Dim : (i+1)*v.Dim : (i+1)*v.Dim] }

// Append copies a vector. The first one says how long all are; an error means
// that this one is of another length, or not finite.
func (v *Vectors) Append(name string, vector []float32) error {
	if len(vector) == 0 || len(vector) > maxDim {
		return fmt.Errorf("a vector of %d values", len(vector))
	}
	if v.Dim == 0 {
		v.Dim = len(vector)
	}
	if len(vector) != v.Dim {
		return fmt.Errorf("a vector of %d values among those of %d", len(vector), v.Dim)
	}
	for _, x := range vector {
		if math.IsNaN(float64(x)) || math.IsInf(float64(x), 0) {
			return errors.New("a vector with NaN or infinity")
		}
	}
	v.Names = append(v.Names, name)
	v.Data = append(v.Data, vector...)
	return nil
}

// Cosine is how alike two vectors of one length are, from -1 to 1; 0 where one
// is zero.
func Cosine(a, b []float32) float64 { return cosine(dot(a, b), norm(a), norm(b)) }

func cosine(dot, a, b float64) float64 {
	if a == 0 || b == 0 {
		return 0
	}
	return min(max(dot/a/b, -1), 1)
}

func norm(a []float32) float64 { return math.Sqrt(dot(a, a)) }

// dot sums in float64, in four lanes.
func dot(a, b []float32) float64 {
	var s0, s1, s2, s3 float64
	b = b[:len(a)]
	i := 0
	for ; i+4 <= len(a); i += 4 {
		s0 += float64(a[i]) * float64(b[i])
		s1 += float64(a[i+1]) * float64(b[i+1])
		s2 += float64(a[i+2]) * float64(b[i+2])
		s3 += float64(a[i+3]) * float64(b[i+3])
	}
	for ; i < len(a); i++ {
		s0 += float64(a[i]) * float64(b[i])
	}
	return (s0 + s1) + (s2 + s3)
}
