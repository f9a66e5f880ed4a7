package resample

import (
	"sync"
	"unsafe"

	"github.com/effnet/effnet/internal/cpu"
)

//go:generate go run ./gen

// Set is the kernels of one tier.
type Set struct {
	Tier        cpu.Tier
	Horizontal1 func(*HorizontalArgs)
	Horizontal4 func(*HorizontalArgs)
	Vertical    func(*VerticalArgs)
	Normalise   func(*NormaliseArgs)
}

// HorizontalArgs resizes one row, or four, to N pixels of packed RGB. A source
// pixel has Size bytes, 3 or 4, of which three count. Up to four bytes after
// the last pixel that a group reaches are read, and one is written after the
// last pixel of each result; the results of several rows do not overlap.
type HorizontalArgs struct {
	Src       *byte
	SrcStride int
	Dst       *byte
	DstStride int
	Left      *int32 // [N] first source pixel
	Weights   *int16 // [N, Groups, 8]: low digits of four weights, then high
	Groups    int    // at least 1
	N         int    // at least 1
	Size      int
	Shuffle   *byte // [32] of shuffles, for Size
}

// VerticalArgs sums 2·Pairs rows of N bytes, a multiple of 32 at least 32.
type VerticalArgs struct {
	Src     *byte
	Offsets *int   // [Pairs, 2] of the rows, in bytes from Src
	Weights *int16 // [Pairs, 4]: low digits of two weights, then high
	Pairs   int    // at least 1
	Dst     *byte  // [N]
	N       int
}

// NormaliseArgs makes floats of 24·Blocks bytes: with t = v − Shift, exact,
// the result is fma(t, Scale, fma(t, Rest, Offset)).
type NormaliseArgs struct {
	Src       *byte
	Dst       *float32
	Blocks    int // at least 1
	Constants *normaliseConstants
}

// normaliseConstants repeat R, G, B over three vectors of eight.
type normaliseConstants struct{ Shift, Scale, Rest, Offset [24]float32 }

// shuffles tell, by the size of a pixel, which of 16 bytes become 16-bit words:
// four reds, four greens, four blues, four zeros.
var shuffles = [5]*[32]byte{3: newShuffle(3), 4: newShuffle(4)}

func newShuffle(size int) *[32]byte {
	s := new([32]byte)
	for i := range s {
		s[i] = 0x80
		if word := i / 2; i%2 == 0 && word < 12 {
			s[i] = byte(word%4*size + word/4)
		}
	}
	return s
}

// Sets returns the kernels of every tier that this machine can run, the
// portable ones first.
func Sets() []*Set {
	var sets []*Set
	info := cpu.Detect()
	for _, s := range builtIn() {
		if info.Has(s.Tier) {
			sets = append(sets, s)
		}
	}
	return sets
}

// Best returns the kernels of the best tier, capped by EFFNET_CPU. The error
// is a *cpu.TierError.
var Best = sync.OnceValues(func() (*Set, error) {
	var tiers []cpu.Tier
	sets := builtIn()
	for _, s := range sets {
		tiers = append(tiers, s.Tier)
	}
	best, err := cpu.Select(tiers)
	if err != nil {
		return nil, err
	}
	for _, s := range sets {
		if s.Tier == best {
			return s, nil
		}
	}
	panic("resample: no set of the selected tier")
})

func portableSet() *Set {
	return &Set{
		Tier:        cpu.Generic,
		Horizontal1: func(a *HorizontalArgs) { horizontalPortable(a, 1) },
		Horizontal4: func(a *HorizontalArgs) { horizontalPortable(a, 4) },
		Vertical:    verticalPortable,
	}
}

// horizontalPortable is the reference of Horizontal1 and Horizontal4.
func horizontalPortable(a *HorizontalArgs, rows int) {
	left := unsafe.Slice(a.Left, a.N)
	weights := unsafe.Slice(a.Weights, a.N*a.Groups*8)
	for row := range rows {
		dst := unsafe.Slice((*byte)(unsafe.Add(unsafe.Pointer(a.Dst), row*a.DstStride)), 3*a.N)
		source := unsafe.Add(unsafe.Pointer(a.Src), row*a.SrcStride)
		k := weights
		for _, first := range left {
			src := unsafe.Slice((*byte)(unsafe.Add(source, int(first)*a.Size)), 4*a.Groups*a.Size)
			var r, g, b int32 = half, half, half
			for ; len(src) >= 4*a.Size; src, k = src[4*a.Size:], k[8:] {
				for j := range 4 {
					w := int32(k[4+j])<<15 + int32(k[j])
					p := src[j*a.Size:][:3]
					r += w * int32(p[0])
					g += w * int32(p[1])
					b += w * int32(p[2])
				}
			}
			dst[0], dst[1], dst[2] = clip(r), clip(g), clip(b)
			dst = dst[3:]
		}
	}
}

// verticalPortable is the reference of Vertical.
func verticalPortable(a *VerticalArgs) {
	offsets := unsafe.Slice(a.Offsets, 2*a.Pairs)
	weights := unsafe.Slice(a.Weights, 4*a.Pairs)
	dst := unsafe.Slice(a.Dst, a.N)
	var sums [32]int32
	for x := 0; x < a.N; x += len(sums) {
		for i := range sums {
			sums[i] = half
		}
		for i, offset := range offsets {
			k := weights[i/2*4+i%2:]
			w := int32(k[2])<<15 + int32(k[0])
			row := (*[32]byte)(unsafe.Add(unsafe.Pointer(a.Src), offset+x))
			for j, v := range row {
				sums[j] += w * int32(v)
			}
		}
		for i, s := range sums {
			dst[x+i] = clip(s)
		}
	}
}

// half is what rounds a sum.
const half = 1 << (precision - 1)

func clip(sum int32) byte { return byte(min(max(sum>>precision, 0), 255)) }
