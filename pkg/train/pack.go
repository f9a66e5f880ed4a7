package train

import "github.com/effnet/effnet/pkg/kernels"

// square is sixteen vectors of sixteen values.
type square = [kernels.Block * kernels.Block]float32

// transpose writes src to dst with rows and columns exchanged.
func transpose(dst, src *square) {
	for i := range kernels.Block {
		row := (*vector)(src[i*kernels.Block:])
		for j, v := range row {
			dst[j*kernels.Block+i] = v
		}
	}
}

// packPointwise packs weights [out][in], each output's times its scale, as the
// matrix of the forward pass.
func packPointwise(m *kernels.Matrix, values []float32, in int, scale *norm) {
	var rows, cols square
	for _, p := range m.Panels {
		width := p.Vecs * kernels.Block
		for b := range p.Vecs {
			first := (p.First + b) * kernels.Block
			for k := 0; k < in; k += kernels.Block {
				scaledSquare(&rows, values, first, k, m.N, in, scale)
				transpose(&cols, &rows)
				for i := range min(kernels.Block, in-k) {
					to := m.Data[p.Offset+(k+i)*width+b*kernels.Block:]
					*(*vector)(to) = *(*vector)(cols[i*kernels.Block:])
				}
			}
		}
	}
}

// scaledSquare copies outputs from first and inputs from k on, zeros beyond.
func scaledSquare(dst *square, values []float32, first, k, out, in int, scale *norm) {
	clear(dst[:])
	for j := range min(kernels.Block, out-first) {
		f := float32(scale.at(first + j))
		to := (*vector)(dst[j*kernels.Block:])
		for i, v := range values[(first+j)*in+k:][:min(kernels.Block, in-k)] {
			to[i] = v * f
		}
	}
}

// packTurned packs tap t of weights [out][in][taps], scaled, as the matrix of
// the input's gradient: its n are the inputs and its k the outputs.
func packTurned(m *kernels.Matrix, values []float32, in, taps, t int, scale *norm) {
	for _, p := range m.Panels {
		width := p.Vecs * kernels.Block
		first := p.First * kernels.Block
		n := min(width, in-first)
		for k := range m.Inputs {
			dst := m.Data[p.Offset+k*width:][:n]
			src := values[(k*in+first)*taps+t:]
			f := float32(scale.at(k))
			if taps == 1 {
				for j, v := range src[:n] {
					dst[j] = v * f
				}
				continue
			}
			for j := range dst {
				dst[j] = src[j*taps] * f
			}
		}
	}
}
