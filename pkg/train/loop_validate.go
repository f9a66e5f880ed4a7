package train

import (
	"context"
	"sync"

	"github.com/effnet/effnet/pkg/tensor"
)

// keptValues is the most values of validation pictures that stay in memory
// between epochs; the others are computed each time.
const keptValues = 128 << 20 / 4

// validation is the pictures that epochs are judged by, in pieces.
type validation struct {
	frozen   *front
	pictures []Picture
	size     int       // pictures of a piece
	weights  []float64 // [classes] of a picture of each, in the loss
	kept     []*inputs // a piece each; nil where it is not kept
	failed   func(Picture, error)
}

// inputs is pictures as the tail reads them.
type inputs struct {
	x      *tensor.Tensor
	labels []int
}

func newValidation(f *front, pictures []Picture, weights []float64, size int, failed func(Picture, error)) *validation {
	v := &validation{frozen: f, pictures: pictures, weights: weights, size: size, failed: failed}
	v.kept = make([]*inputs, (len(pictures)+size-1)/size)
	return v
}

// piece gives pictures i·size … of the set.
func (v *validation) piece(ctx context.Context, i int, t *Tail) (*inputs, error) {
	if v.kept[i] != nil {
		return v.kept[i], nil
	}
	part := v.pictures[i*v.size : min((i+1)*v.size, len(v.pictures))]
	x := make([]float32, len(part)*v.frozen.values)
	errs := make([]error, len(part))
	var done sync.WaitGroup
	done.Add(len(part))
	for j, p := range part {
		v.frozen.jobs <- job{ctx, p, nil, x[j*v.frozen.values:][:v.frozen.values], &errs[j], &done}
	}
	done.Wait()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s := &inputs{}
	n := 0
	for j, err := range errs {
		if err != nil {
			v.failed(part[j], err)
			continue
		}
		copy(x[n*v.frozen.values:], x[j*v.frozen.values:][:v.frozen.values])
		s.labels = append(s.labels, part[j].Class)
		n++
	}
	s.x = &tensor.Tensor{Shape: t.InputShape(n), Data: x[:n*v.frozen.values]}
	if (i+1)*v.size*v.frozen.values <= keptValues {
		v.kept[i] = s
	}
	return s, nil
}

// score judges the tail as it is, by cross entropy without smoothing.
func (v *validation) score(ctx context.Context, t *Tail) (s Score, err error) {
	l := loss{classes: t.Classes()}
	z, slope := make([]float64, l.classes), make([]float64, l.classes)
	hits, total := 0, 0.0
	for i := range v.kept {
		piece, err := v.piece(ctx, i, t)
		if err != nil {
			return Score{}, err
		}
		if len(piece.labels) == 0 {
			continue
		}
		logits, err := t.Logits(ctx, piece.x)
		if err != nil {
			return Score{}, err
		}
		for j, row := range logits {
			for c := range z {
				z[c] = float64(row[c])
			}
			value, hit := l.of(z, piece.labels[j], slope)
			weight := v.weights[piece.labels[j]]
			s.Loss += weight * value
			total += weight
			if hit {
				hits++
			}
		}
		s.Pictures += len(piece.labels)
	}
	if s.Pictures > 0 {
		s.Loss /= total
		s.Accuracy = float64(hits) / float64(s.Pictures)
	}
	return s, nil
}

// better tells whether s is to be preferred. Where nothing validates, what is
// later is better.
func (s Score) better(than Score) bool {
	if s.Pictures == 0 || s.Accuracy != than.Accuracy {
		return s.Accuracy >= than.Accuracy
	}
	return s.Loss < than.Loss
}
