//go:build !purego

package resample

import "github.com/effnet/effnet/internal/cpu"

func builtIn() []*Set {
	return []*Set{portableSet(), {cpu.NEON, horizontal1NEON, horizontal4NEON, verticalNEON, normaliseNEON}}
}

// horizontal1NEON is horizontalPortable for one row.
//
//go:noescape
func horizontal1NEON(a *HorizontalArgs)

// horizontal4NEON is horizontalPortable for four rows.
//
//go:noescape
func horizontal4NEON(a *HorizontalArgs)

// verticalNEON is verticalPortable.
//
//go:noescape
func verticalNEON(a *VerticalArgs)

// normaliseNEON does what NormaliseArgs says.
//
//go:noescape
func normaliseNEON(a *NormaliseArgs)
