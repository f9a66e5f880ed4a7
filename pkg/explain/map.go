package explain

import (
	"cmp"
	"errors"
	"fmt"
	"image"
	"math"
	"slices"

	"github.com/effnet/effnet/pkg/classify"
	"github.com/effnet/effnet/pkg/model"
	"github.com/effnet/effnet/pkg/preprocess"
	"github.com/effnet/effnet/pkg/tensor"
)

// Explanation is what speaks for labels in one picture.
type Explanation struct {
	Format        string // as in classify.Result
	Width, Height int    // of the picture upright, pixels
	Damaged       bool
	Place         preprocess.Place // where the input is in the picture
	Input         *image.NRGBA     // what the network saw, [resolution, resolution]
	Logits        []float32        // [classes]
	Maps          []Map            // the likeliest class first

	picture *image.NRGBA // whole, upright
}

// Map is what each part of the input adds to the logit of a class.
type Map struct {
	Class       int // index of the output
	Rank        int // from 1, among all classes
	WNID, Label string
	Probability float64
	Logit, Bias float32 // Logit is the mean of Values, and Bias
	H, W        int
	Values      []float32 // [H·W], in units of the logit
}

// classifier is the matrix after the pooling.
type classifier struct {
	weight, bias []float32 // [classes, features], [classes]
	features     int
}

func newClassifier(params model.Params, features int) (c classifier, err error) {
	w, b := params["classifier.weight"], params["classifier.bias"]
	if len(w.Shape) != 2 || w.Shape[1] != features || len(b.Shape) != 1 || b.Shape[0] != w.Shape[0] || w.Shape[0] < 1 {
		return c, fmt.Errorf("classifier of shape %v and bias %v does not fit %d features", w.Shape, b.Shape, features)
	}
	c.features = features
	if c.weight, err = w.Values(); err != nil {
		return c, err
	}
	c.bias, err = b.Values()
	if err == nil && (len(c.weight) != w.Shape[0]*features || len(c.bias) != w.Shape[0]) {
		err = errors.New("the classifier has other values than its shape says")
	}
	return c, err
}

// row is the weights of a class, [features].
func (c *classifier) row(class int) []float32 {
	return c.weight[class*c.features : (class+1)*c.features]
}

// dot is Σ w·f in float64.
func dot[F float32 | float64](w []float32, f []F) float64 {
	sum := 0.0
	for k, v := range w {
		sum += float64(v) * float64(f[k])
	}
	return sum
}

// conclude computes logits and maps of the head's activations, [1, H, W, features].
func (e *Explainer) conclude(x *Explanation, head *tensor.Tensor) error {
	s := head.Shape
	means := make([]float64, s.C)
	for p := range s.H * s.W {
		for k, v := range head.Data[p*s.C : (p+1)*s.C] {
			means[k] += float64(v) / float64(s.H*s.W)
		}
	}
	x.Logits = make([]float32, len(e.labels))
	for c := range x.Logits {
		l := dot(e.classifier.row(c), means) + float64(e.classifier.bias[c])
		if math.IsNaN(l) || math.Abs(l) > math.MaxFloat32 {
			return &classify.Error{Kind: classify.KindModel, Err: errors.New("the model gave NaN or infinity for this picture")}
		}
		x.Logits[c] = float32(l)
	}
	order := ranked(x.Logits)
	probabilities := (&classify.Result{Logits: x.Logits, Temperature: e.temperature}).Probabilities()
	for n, c := range order {
		if len(x.Maps) == e.top {
			break
		}
		if e.wanted != nil && !slices.Contains(e.wanted, c) {
			continue
		}
		m := Map{
			Class: c, Rank: n + 1, WNID: e.labels[c].WNID, Label: e.labels[c].Name, Probability: probabilities[c],
			Logit: x.Logits[c], Bias: e.classifier.bias[c], H: s.H, W: s.W, Values: make([]float32, s.H*s.W),
		}
		for p := range m.Values {
			m.Values[p] = float32(dot(e.classifier.row(c), head.Data[p*s.C:(p+1)*s.C]))
		}
		x.Maps = append(x.Maps, m)
	}
	return nil
}

// ranked lists all classes by their logits, ties by index.
func ranked(logits []float32) []int {
	order := make([]int, len(logits))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(logits[b], logits[a]) })
	return order
}
