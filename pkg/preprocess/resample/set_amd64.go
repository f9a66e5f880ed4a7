//go:build !purego

package resample

import "github.com/effnet/effnet/internal/cpu"

// AVX-512 is served by the kernels of AVX2.
func builtIn() []*Set {
	sets := []*Set{portableSet()}
	for _, t := range []cpu.Tier{cpu.AVX2, cpu.AVX512} {
		sets = append(sets, &Set{t, horizontal1AVX2, horizontal4AVX2, verticalAVX2, normaliseAVX2})
	}
	return sets
}

// horizontal1AVX2 is horizontalPortable for one row.
//
//go:noescape
func horizontal1AVX2(a *HorizontalArgs)

// horizontal4AVX2 is horizontalPortable for four rows.
//
//go:noescape
func horizontal4AVX2(a *HorizontalArgs)

// verticalAVX2 is verticalPortable.
//
//go:noescape
func verticalAVX2(a *VerticalArgs)

// normaliseAVX2 does what NormaliseArgs says.
//
//go:noescape
func normaliseAVX2(a *NormaliseArgs)
