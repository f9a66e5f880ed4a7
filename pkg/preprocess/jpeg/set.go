package jpeg

import (
	"sync"

	"github.com/effnet/effnet/internal/cpu"
)

// set is the loops over samples of one tier. All sets give the same samples.
type set struct {
	tier cpu.Tier
	// order is where a block keeps each zigzag index; 0 for the first.
	order [64]uint8
	// idct is by the side of a block in samples: 1, 2, 4 and 8.
	idct [9]func(coefs []int16, quant *[64]int16, dst []byte, stride int)
	h2v1 func(dst, src []byte)
	h2v2 func(dst, near, far []byte, scratch []int16)
	// rgb converts a row of YCbCr.
	rgb func(dst, y, cb, cr []byte)
}

// portable is the oracle of the others.
func portable() *set {
	s := &set{tier: cpu.Generic, order: zigzag, h2v1: triangle2, h2v2: triangle4, rgb: fromYCC}
	s.idct[1], s.idct[2], s.idct[4], s.idct[8] = inverseDCT1, inverseDCT2, inverseDCT4, inverseDCT
	return s
}

// chosen is the set of this machine, at most the tier that EFFNET_CPU names.
var chosen struct {
	once sync.Once
	set  *set
	err  error
}

// best returns the chosen set. The error is a *cpu.TierError.
func best() (*set, error) {
	chosen.once.Do(func() {
		var tiers []cpu.Tier
		for _, s := range builtIn() {
			tiers = append(tiers, s.tier)
		}
		tier, err := cpu.Select(tiers)
		for _, s := range builtIn() {
			if s.tier == tier {
				chosen.set = s
			}
		}
		chosen.err = err
	})
	return chosen.set, chosen.err
}
