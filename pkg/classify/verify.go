package classify

import (
	"context"
	"errors"
	"fmt"
	"image"
	"math"

	"github.com/effnet/effnet/pkg/preprocess"
)

// ErrNoGoldens is Verify's error where there is nothing to compare with.
var ErrNoGoldens = errors.New("the model has no goldens for this profile")

// Verify computes the model's own goldens and gives the worst difference of a
// logit from what the reference implementation computed, in units of the
// standard deviation of the golden's logits. It is ErrNoGoldens where the file
// has none, or where an override changed the profile that they belong to.
func (m *Model) Verify() (worst float64, err error) {
	if len(m.goldens) == 0 {
		return 0, ErrNoGoldens
	}
	s := m.Session(0)
	defer s.Close()
	s.shape(1)
	side := m.plan.Resolution()
	for i, g := range m.goldens {
		preprocess.Normalise(opaque(g.Pixels, side), m.prof, s.row(0))
		logits, _, err := s.run(context.Background())
		if err != nil {
			return 0, fmt.Errorf("golden %d: %w", i, err)
		}
		d := difference(logits, g.Logits)
		if math.IsNaN(d) {
			return d, fmt.Errorf("golden %d: the logits are not finite", i)
		}
		worst = max(worst, d)
	}
	return worst, nil
}

// opaque makes a picture of packed RGB, [side·side·3].
func opaque(rgb []byte, side int) *image.NRGBA {
	img := image.NewNRGBA(image.Rect(0, 0, side, side))
	for i := range side * side {
		copy(img.Pix[4*i:], rgb[3*i:3*i+3])
		img.Pix[4*i+3] = 0xff
	}
	return img
}

// difference is max |got-want| / std(want); NaN where a value is not finite.
func difference(got, want []float32) float64 {
	var sum, squares, worst float64
	for i, w := range want {
		sum += float64(w)
		squares += float64(w) * float64(w)
		d := math.Abs(float64(got[i]) - float64(w))
		if math.IsNaN(d) || math.IsInf(d, 0) {
			return math.NaN()
		}
		worst = max(worst, d)
	}
	n := float64(len(want))
	mean := sum / n
	deviation := math.Sqrt(max(squares/n-mean*mean, 0))
	if deviation == 0 { // a single output
		deviation = 1
	}
	return worst / deviation
}
