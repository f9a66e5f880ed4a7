package classify

import (
	"errors"
	"math"
	"slices"
	"sort"

	"github.com/effnet/effnet/pkg/weights"
)

var errNotFinite = errors.New("the model gave NaN or infinity for this picture")

// ranking turns logits into predictions.
type ranking struct {
	labels  []weights.Label // [classes]
	chosen  []bool          // [classes]; nil: all of them
	top     int
	minProb float64
}

// predictions ranks all classes by their logits, ties by index, and keeps the
// first top of the chosen ones that are probable enough.
func (r *ranking) predictions(logits []float32, temperature float64) ([]Prediction, error) {
	if err := checkFinite(logits); err != nil {
		return nil, err
	}
	probabilities := probabilitiesOf(logits, temperature)
	best := r.best(logits)
	kept := make([]Prediction, 0, len(best))
	for n, i := range best {
		if probabilities[i] < r.minProb {
			continue
		}
		rank := n + 1
		if r.chosen != nil {
			rank = rankOf(i, logits)
		}
		kept = append(kept, Prediction{
			Rank: rank, Index: i, WNID: r.labels[i].WNID, Label: r.labels[i].Name,
			Probability: probabilities[i], Logit: logits[i],
		})
	}
	return kept, nil
}

func checkFinite(logits []float32) error {
	for _, l := range logits {
		if math.IsNaN(float64(l)) || math.IsInf(float64(l), 0) {
			return &Error{KindModel, errNotFinite}
		}
	}
	return nil
}

// best lists the first top of the chosen classes.
func (r *ranking) best(logits []float32) []int {
	best := make([]int, 0, r.top+1)
	for i, l := range logits {
		if r.chosen != nil && !r.chosen[i] {
			continue
		}
		if len(best) == r.top && l <= logits[best[r.top-1]] {
			continue
		}
		// Equal logits stay in front: theirs is the lower index.
		at := sort.Search(len(best), func(n int) bool { return logits[best[n]] < l })
		best = slices.Insert(best, at, i)
		best = best[:min(len(best), r.top)]
	}
	return best
}

// rankOf is the place of class i among all, from 1.
func rankOf(i int, logits []float32) int {
	rank := 1
	for j, l := range logits {
		if l > logits[i] || l == logits[i] && j < i {
			rank++
		}
	}
	return rank
}

// Probabilities gives every class its own, [classes]: a softmax over all
// Logits divided by Temperature, of a single one its sigmoid.
func (r *Result) Probabilities() []float64 { return probabilitiesOf(r.Logits, r.Temperature) }

func probabilitiesOf(logits []float32, temperature float64) []float64 {
	if temperature == 0 {
		temperature = 1
	}
	if len(logits) == 1 {
		return []float64{sigmoid(float64(logits[0]) / temperature)}
	}
	return softmax(logits, temperature)
}

// softmax in float64, shifted by the largest logit so that nothing overflows.
func softmax(logits []float32, temperature float64) []float64 {
	largest := float64(slices.Max(logits))
	p := make([]float64, len(logits))
	sum := 0.0
	for i, l := range logits {
		p[i] = math.Exp((float64(l) - largest) / temperature)
		sum += p[i]
	}
	for i := range p {
		p[i] /= sum
	}
	return p
}

func sigmoid(x float64) float64 { return 1 / (1 + math.Exp(-x)) }
