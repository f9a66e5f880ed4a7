package train

import "math"

// Schedule is the learning rate by step: it rises evenly from 0 to Peak over
// Warmup steps and falls to Floor along half a cosine at the last of Steps.
type Schedule struct {
	Peak, Floor   float64
	Warmup, Steps int
}

// Rate is the rate of step i, counted from 0.
func (s Schedule) Rate(i int) float64 {
	if i < s.Warmup {
		return s.Peak * float64(i+1) / float64(s.Warmup)
	}
	if i >= s.Steps {
		return s.Floor
	}
	along := float64(i-s.Warmup) / float64(max(1, s.Steps-1-s.Warmup))
	return s.Floor + (s.Peak-s.Floor)*(1+math.Cos(math.Pi*along))/2
}
