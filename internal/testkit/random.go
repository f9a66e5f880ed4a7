package testkit

import "math/rand/v2"

// Random is a stream of inputs that a seed decides.
type Random struct{ *rand.Rand }

// NewRandom returns the stream of a seed.
func NewRandom(seed uint64) Random { return Random{rand.New(rand.NewPCG(seed, 0x5eed))} }

// Signed is uniform in [−1, 1).
func (r Random) Signed() float32 { return r.Float32()*2 - 1 }

// Fill writes signed values over all of dst and returns it.
func (r Random) Fill(dst []float32) []float32 {
	for i := range dst {
		dst[i] = r.Signed()
	}
	return dst
}

// Signeds returns n signed values.
func (r Random) Signeds(n int) []float32 { return r.Fill(make([]float32, n)) }
