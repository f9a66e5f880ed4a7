//go:build !purego

package jpeg

import "github.com/effnet/effnet/internal/cpu"

func builtIn() []*set { return []*set{portable(), neonSet()} }

func neonSet() *set {
	s := portable()
	s.tier = cpu.NEON
	s.idct[2], s.idct[4], s.idct[8] = idct2NEON, idct4NEON, idct8NEON
	s.h2v1, s.h2v2, s.rgb = h2v1Wide, h2v2Wide, rgbWide
	return s
}

func h2v1Wide(dst, src []byte) {
	if len(src) < 10 {
		triangle2(dst, src)
		return
	}
	h2v1NEON(dst, src)
}

func h2v2Wide(dst, near, far []byte, scratch []int16) {
	if len(near) < 8 {
		triangle4(dst, near, far, scratch)
		return
	}
	h2v2NEON(dst, near, far, scratch)
}

func rgbWide(dst, y, cb, cr []byte) {
	if len(y) < 16 {
		fromYCC(dst, y, cb, cr)
		return
	}
	rgbNEON(dst, y, cb, cr)
}

// idct8NEON is inverseDCT.
//
//go:noescape
func idct8NEON(coefs []int16, quant *[64]int16, dst []byte, stride int)

// idct4NEON is inverseDCT4.
//
//go:noescape
func idct4NEON(coefs []int16, quant *[64]int16, dst []byte, stride int)

// idct2NEON is inverseDCT2.
//
//go:noescape
func idct2NEON(coefs []int16, quant *[64]int16, dst []byte, stride int)

// h2v1NEON is triangle2 for at least 10 samples.
//
//go:noescape
func h2v1NEON(dst, src []byte)

// h2v2NEON is triangle4 for at least 8 samples.
//
//go:noescape
func h2v2NEON(dst, near, far []byte, scratch []int16)

// rgbNEON is fromYCC for at least 16 pixels.
//
//go:noescape
func rgbNEON(dst, y, cb, cr []byte)
