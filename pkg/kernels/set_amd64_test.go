//go:build !purego

package kernels

import "github.com/effnet/effnet/internal/cpu"

// expectedTiers is what a build must hold, best last.
var expectedTiers = []cpu.Tier{cpu.Generic, cpu.AVX2, cpu.AVX512}
