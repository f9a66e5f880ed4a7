package jpeg

// Constants of libjpeg's reduced inverse transforms (jidctred), 13 fractional
// bits: an 8-point transform of which only every second or fourth sample pair,
// averaged, is computed.
const (
	fix0211 = 1730
	fix0509 = 4176
	fix0601 = 4926
	fix0720 = 5906
	fix0850 = 6967
	fix1061 = 8697
	fix1272 = 10426
	fix1451 = 11893
	fix2172 = 17799
	fix3624 = 29692
)

// inverseDCT4 is inverseDCT to 4×4 samples a block.
func inverseDCT4(coefs []int16, quant *[64]int16, dst []byte, stride int) {
	var half [32]int32
	for i := 0; i+64 <= len(coefs); i += 64 {
		in := (*[64]int16)(coefs[i:])
		to := dst[i/16:]
		if only(in) {
			v := byte(clamp((int32(in[0]*quant[0])+4)>>3 + 128))
			for y := range 4 {
				d := to[y*stride : y*stride+4]
				d[0], d[1], d[2], d[3] = v, v, v, v
			}
			in[0] = 0
			continue
		}
		for x := range 8 {
			if x == 4 {
				continue
			}
			at := func(row int) int32 { return int32(in[row*8+x] * quant[row*8+x]) }
			a, b, c, d := four(at(0), at(1), at(2), at(3), at(5), at(6), at(7), 1<<11)
			half[x], half[8+x], half[16+x], half[24+x] = saturate(a>>12), saturate(b>>12), saturate(c>>12), saturate(d>>12)
		}
		for y := range 4 {
			h := half[8*y : 8*y+8]
			a, b, c, d := four(h[0], h[1], h[2], h[3], h[5], h[6], h[7], 1<<18+128<<19)
			o := to[y*stride : y*stride+4]
			o[0], o[1], o[2], o[3] = byte(clamp(a>>19)), byte(clamp(b>>19)), byte(clamp(c>>19)), byte(clamp(d>>19))
		}
		*in = [64]int16{}
	}
}

// four computes four samples of a line, 14 fractional bits and round more.
func four(c0, c1, c2, c3, c5, c6, c7, round int32) (s0, s1, s2, s3 int32) {
	e := c0<<14 + round
	z := c2*fix1847 - c6*fix0765
	o0 := c1*fix1061 - c3*fix2172 + c5*fix1451 - c7*fix0211
	o2 := c1*fix2562 + c3*fix0899 - c5*fix0601 - c7*fix0509
	return e + z + o2, e - z + o0, e - z - o0, e + z - o2
}

// inverseDCT2 is inverseDCT to 2×2 samples a block.
func inverseDCT2(coefs []int16, quant *[64]int16, dst []byte, stride int) {
	for i := 0; i+64 <= len(coefs); i += 64 {
		in := (*[64]int16)(coefs[i:])
		to := dst[i/32:]
		if only(in) {
			v := byte(clamp((int32(in[0]*quant[0])+4)>>3 + 128))
			to[0], to[1], to[stride], to[stride+1] = v, v, v, v
			in[0] = 0
			continue
		}
		var top, bottom [8]int32
		for _, x := range [...]int{0, 1, 3, 5, 7} {
			at := func(row int) int32 { return int32(in[row*8+x] * quant[row*8+x]) }
			a, b := two(at(0), at(1), at(3), at(5), at(7), 1<<12)
			top[x], bottom[x] = saturate(a>>13), saturate(b>>13)
		}
		a, b := two(top[0], top[1], top[3], top[5], top[7], 1<<19+128<<20)
		to[0], to[1] = byte(clamp(a>>20)), byte(clamp(b>>20))
		a, b = two(bottom[0], bottom[1], bottom[3], bottom[5], bottom[7], 1<<19+128<<20)
		to[stride], to[stride+1] = byte(clamp(a>>20)), byte(clamp(b>>20))
		*in = [64]int16{}
	}
}

// two computes two samples of a line, 15 fractional bits and round more.
func two(c0, c1, c3, c5, c7, round int32) (s0, s1 int32) {
	e := c0<<15 + round
	o := c1*fix3624 - c3*fix1272 + c5*fix0850 - c7*fix0720
	return e + o, e - o
}

// only tells whether a block has no AC coefficient.
func only(in *[64]int16) bool {
	seen := int16(0)
	for _, c := range in[1:] {
		seen |= c
	}
	return seen == 0
}

// inverseDCT1 gives one sample for each DC coefficient, [n].
func inverseDCT1(coefs []int16, quant *[64]int16, dst []byte, _ int) {
	dst = dst[:len(coefs)]
	step := quant[0]
	for i, c := range coefs {
		dst[i] = byte(clamp((int32(c*step)+4)>>3 + 128))
	}
}
