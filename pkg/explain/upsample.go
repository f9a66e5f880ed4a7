package explain

import "math"

// region is a part of the input, in units of its side.
type region struct{ x0, y0, x1, y1 float64 }

var wholeInput = region{0, 0, 1, 1}

// Upsampled is the map at h × w points over the whole input, [h·w]: cubic
// interpolation (Catmull-Rom) between the middles of the cells, the outermost
// cells repeated beyond the edge. Cells tile the input.
func (m *Map) Upsampled(h, w int) []float32 { return m.sampled(wholeInput, h, w) }

// sampled is the map at h × w points over a part of the input.
func (m *Map) sampled(r region, h, w int) []float32 {
	cols, rows := newTaps(m.W, w, r.x0, r.x1), newTaps(m.H, h, r.y0, r.y1)
	wide := make([]float64, m.H*w) // [m.H, w]
	for y := range m.H {
		for x, t := range cols {
			for i, at := range t.at {
				wide[y*w+x] += t.weight[i] * float64(m.Values[y*m.W+at])
			}
		}
	}
	out := make([]float32, h*w)
	for y, t := range rows {
		for x := range w {
			sum := 0.0
			for i, at := range t.at {
				sum += t.weight[i] * wide[at*w+x]
			}
			out[y*w+x] = float32(sum)
		}
	}
	return out
}

// taps are the four cells that a point is made of.
type taps struct {
	at     [4]int
	weight [4]float64
}

// newTaps places n points, pixels that tile from..to, among cells that tile 0..1.
func newTaps(cells, n int, from, to float64) []taps {
	list := make([]taps, n)
	for i := range list {
		at := (from+(to-from)*(float64(i)+0.5)/float64(n))*float64(cells) - 0.5
		first := math.Floor(at)
		t := &list[i]
		t.weight = catmullRom(at - first)
		for j := range t.at {
			t.at[j] = min(max(int(first)-1+j, 0), cells-1)
		}
	}
	return list
}

// catmullRom weighs the points -1, 0, 1 and 2 at x of 0..1.
func catmullRom(x float64) [4]float64 {
	return [4]float64{
		((2-x)*x - 1) * x / 2,
		((3*x-5)*x*x + 2) / 2,
		((4-3*x)*x + 1) * x / 2,
		(x - 1) * x * x / 2,
	}
}
