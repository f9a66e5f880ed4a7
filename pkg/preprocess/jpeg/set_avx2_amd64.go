//go:build !purego

package jpeg

import "github.com/effnet/effnet/internal/cpu"

// avx2Set is for tiers from AVX2 on.
func avx2Set(tier cpu.Tier) *set {
	s := &set{tier: tier, h2v1: h2v1Wide, h2v2: h2v2Wide, rgb: rgbWide}
	s.idct[1], s.idct[2], s.idct[4], s.idct[8] = inverseDCT1, idct2AVX2, idct4AVX2, idct8AVX2
	// Pairs of rows, then columns; see gen.
	rows := [8]int{0, 33, 16, 49, 1, 48, 17, 32}
	columns := [8]int{0, 10, 4, 14, 2, 12, 6, 8}
	for k, at := range zigzag {
		s.order[k] = uint8(rows[at/8] + columns[at%8])
	}
	return s
}

func h2v1Wide(dst, src []byte) {
	if len(src) < 18 {
		triangle2(dst, src)
		return
	}
	h2v1AVX2(dst, src)
}

func h2v2Wide(dst, near, far []byte, scratch []int16) {
	if len(near) < 16 {
		triangle4(dst, near, far, scratch)
		return
	}
	h2v2AVX2(dst, near, far, scratch)
}

func rgbWide(dst, y, cb, cr []byte) {
	if len(y) < 32 {
		fromYCC(dst, y, cb, cr)
		return
	}
	rgbAVX2(dst, y, cb, cr)
}

// idct8AVX2 is inverseDCT in the order of avx2Set.
//
//go:noescape
func idct8AVX2(coefs []int16, quant *[64]int16, dst []byte, stride int)

// idct4AVX2 is inverseDCT4 in the order of avx2Set.
//
//go:noescape
func idct4AVX2(coefs []int16, quant *[64]int16, dst []byte, stride int)

// idct2AVX2 is inverseDCT2 in the order of avx2Set.
//
//go:noescape
func idct2AVX2(coefs []int16, quant *[64]int16, dst []byte, stride int)

// h2v1AVX2 is triangle2 for at least 18 samples.
//
//go:noescape
func h2v1AVX2(dst, src []byte)

// h2v2AVX2 is triangle4 for at least 16 samples.
//
//go:noescape
func h2v2AVX2(dst, near, far []byte, scratch []int16)

// rgbAVX2 is fromYCC for at least 32 pixels.
//
//go:noescape
func rgbAVX2(dst, y, cb, cr []byte)
