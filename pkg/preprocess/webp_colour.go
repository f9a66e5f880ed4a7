package preprocess

import "image"

// vp8ToRGB converts VP8's planes as libwebp does by default: chroma
// interpolated with weights 9, 3, 3, 1, then limited-range BT.601 in fixed
// point. image.YCbCr's own conversion is JPEG's full range.
func vp8ToRGB(m *image.YCbCr) *image.NRGBA {
	w, h := m.Rect.Dx(), m.Rect.Dy()
	out := image.NewNRGBA(image.Rect(0, 0, w, h))
	cw, ch := (w+1)/2, (h+1)/2
	u, v := make([]byte, w), make([]byte, w)
	for y := range h {
		near := y / 2
		far := near - 1
		if y&1 == 1 {
			far = near + 1
		}
		far = min(max(far, 0), ch-1)
		interpolateChroma(m.Cb[near*m.CStride:][:cw], m.Cb[far*m.CStride:][:cw], u)
		interpolateChroma(m.Cr[near*m.CStride:][:cw], m.Cr[far*m.CStride:][:cw], v)
		dst := out.Pix[y*out.Stride:][:4*w]
		for x, luma := range m.Y[y*m.YStride:][:w] {
			*(*[4]byte)(dst[4*x:]) = limitedToRGB(int32(luma), int32(u[x]), int32(v[x]))
		}
	}
	return out
}

// interpolateChroma doubles a chroma row for one output row: near is the row
// that covers it, far the neighbour on its other side. The rounding is that of
// libwebp's upsampling: two averages of four, then one of two.
func interpolateChroma(near, far, out []byte) {
	out[0] = quarter(near[0], far[0])
	for x := 1; x < len(near); x++ {
		n0, n1, f0, f1 := int(near[x-1]), int(near[x]), int(far[x-1]), int(far[x])
		sum := n0 + n1 + f0 + f1 + 8
		out[2*x-1] = byte(((sum+2*(n1+f0))>>3 + n0) >> 1)
		out[2*x] = byte(((sum+2*(n0+f1))>>3 + n1) >> 1)
	}
	if last := len(near) - 1; len(out)&1 == 0 {
		out[len(out)-1] = quarter(near[last], far[last])
	}
}

// quarter is (3·near + far) / 4, rounded.
func quarter(near, far byte) byte { return byte((3*int(near) + int(far) + 2) >> 2) }

// limitedToRGB is BT.601 of luma 16..235 with 14 fractional bits, of which the
// products keep 6.
func limitedToRGB(y, u, v int32) [4]byte {
	luma := y * 19077 >> 8
	return [4]byte{
		clip6(luma + v*26149>>8 - 14234),
		clip6(luma - u*6419>>8 - v*13320>>8 + 8708),
		clip6(luma + u*33050>>8 - 17685),
		255,
	}
}

// clip6 drops six fractional bits and clamps to 0..255.
func clip6(v int32) byte { return byte(min(max(v>>6, 0), 255)) }
