package evaluate

import "math"

// Temperatures are looked for between 1/8 and 8, on a grid of eight an octave;
// between its points sums are interpolated. That way no logits need be kept: of
// ImageNet's 50,000 pictures they would be 200 MB.
const (
	octaves   = 6
	perOctave = 8
	points    = octaves*perOctave + 1
	hottest   = 8.0 // temperature at point 0
)

// inverse is 1/T at a point of the grid.
func inverse(g int) float64 { return math.Exp2(float64(g)/perOctave) / hottest }

// lowestOctave is 1/T at the first points.
var lowestOctave = func() (list [perOctave]float64) {
	for i := range list {
		list[i] = inverse(i)
	}
	return list
}()

// logSums gives log Σ exp((z − most)/T) at a temperature and at the points of
// the grid. An octave's exponentials are the squares of those of the one before.
func logSums(logits []float32, most float32, temperature float64) (own float64, grid [points]float64) {
	const negligible = 1e-20 // beside the 1 of the highest logit
	var sums [octaves + 1][perOctave]float64
	for _, l := range logits {
		d := float64(l) - float64(most)
		own += math.Exp(d / temperature)
		var e [perOctave]float64
		for i, b := range &lowestOctave {
			e[i] = math.Exp(d * b)
		}
		for o := range sums {
			if e[0] < negligible {
				break
			}
			sum := &sums[o]
			for i := range e {
				v := e[i]
				sum[i] += v
				e[i] = v * v
			}
		}
	}
	for g := range grid {
		grid[g] = math.Log(sums[g/perOctave][g%perOctave])
	}
	return math.Log(own), grid
}

// logTruth is log Σ exp((z − most)/T) over the classes of truth.
func logTruth(logits []float32, most float32, truth []int, inverse float64) float64 {
	first := float64(logits[likeliest(truth, logits)])
	sum := 0.0
	for _, c := range truth {
		sum += math.Exp((float64(logits[c]) - first) * inverse)
	}
	return (first-float64(most))*inverse + math.Log(sum)
}

// Calibration is how far probabilities can be believed at a temperature.
type Calibration struct {
	Temperature float64 `json:"temperature"`
	ECE         float64 `json:"ece"` // expected calibration error, 15 bins of equal width
	NLL         float64 `json:"nll"` // mean negative log likelihood of the true class
	Reliability []Bin   `json:"reliability"`
	AtLimit     bool    `json:"at_limit,omitempty"` // the best temperature is beyond what was looked at
}

// Bin is the pictures whose prediction has a probability above From and at most
// To. Confidence is the mean of these, Accuracy how many are right.
type Bin struct {
	From       float64 `json:"from"`
	To         float64 `json:"to"`
	Images     int     `json:"images"`
	Confidence float64 `json:"confidence"`
	Accuracy   float64 `json:"accuracy"`
}

const bins = 15

// newCalibration measures the calibration error (Guo et al., "On calibration of
// modern neural networks", 2017) of the probabilities that confidence gives.
func newCalibration(list []sureness, confidence func(*sureness) float64) Calibration {
	c := Calibration{Reliability: make([]Bin, bins)}
	for i := range list {
		p := confidence(&list[i])
		b := &c.Reliability[min(max(int(math.Ceil(p*bins))-1, 0), bins-1)]
		b.Images++
		b.Confidence += p
		if list[i].right {
			b.Accuracy++
		}
	}
	for i := range c.Reliability {
		b := &c.Reliability[i]
		b.From, b.To = float64(i)/bins, float64(i+1)/bins
		if b.Images == 0 {
			continue
		}
		c.ECE += math.Abs(b.Accuracy-b.Confidence) / float64(len(list))
		b.Confidence /= float64(b.Images)
		b.Accuracy /= float64(b.Images)
	}
	return c
}

// own is the calibration as the model is.
func (t *Tally) own() Calibration {
	c := newCalibration(t.sureness, func(s *sureness) float64 { return float64(s.own) })
	c.Temperature = t.temperature
	c.NLL = share(t.nll, t.pictures)
	return c
}

// best is the calibration at the temperature of the least negative log
// likelihood; of nothing it is the model's own.
func (t *Tally) best() Calibration {
	if t.pictures == 0 {
		return t.own()
	}
	at := lowest(&t.grid)
	weights, first := interpolation(at)
	c := newCalibration(t.sureness, func(s *sureness) float64 {
		sum := 0.0
		for i, w := range weights {
			sum += w * float64(s.grid[first+i])
		}
		return math.Exp(-math.Max(sum, 0))
	})
	c.Temperature = hottest * math.Exp2(-at/perOctave)
	c.NLL = share(interpolated(&t.grid, at), t.pictures)
	c.AtLimit = at < 1e-3 || at > points-1-1e-3
	return c
}

// lowest is where on the grid a sum that is convex in 1/T is least, between its
// points too.
func lowest(grid *[points]float64) float64 {
	best := 0
	for g, v := range grid {
		if v < grid[best] {
			best = g
		}
	}
	low, high := float64(max(best-1, 0)), float64(min(best+1, points-1))
	const golden = 0.6180339887498949
	for range 60 {
		a, b := high-golden*(high-low), low+golden*(high-low)
		if interpolated(grid, a) <= interpolated(grid, b) {
			high = b
		} else {
			low = a
		}
	}
	return (low + high) / 2
}

func interpolated(grid *[points]float64, at float64) float64 {
	weights, first := interpolation(at)
	sum := 0.0
	for i, w := range weights {
		sum += w * grid[first+i]
	}
	return sum
}

// interpolation gives Lagrange's weights of the six points around a place.
func interpolation(at float64) (weights [6]float64, first int) {
	first = min(max(int(math.Floor(at))-2, 0), points-len(weights))
	for i := range weights {
		weights[i] = 1
		for j := range weights {
			if i != j {
				weights[i] *= (at - float64(first+j)) / float64(i-j)
			}
		}
	}
	return weights, first
}

// share is a part of n, 0 of nothing.
func share(part float64, n int) float64 {
	if n == 0 {
		return 0
	}
	return part / float64(n)
}
