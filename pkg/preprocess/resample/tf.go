package resample

import (
	"math"

	"github.com/effnet/effnet/pkg/profile"
)

// tfPlan is TensorFlow's ResizeBicubic, which does not widen its kernel when it
// shrinks a picture: four taps a direction, always, with weights from a table
// of 1024 steps.
type tfPlan struct {
	g    Geometry
	x, y []tfTaps
}

// tfTaps are the samples of one output and their weights.
type tfTaps struct {
	at     [4]int
	weight [4]float32
}

const tfSteps = 1024

// newTFPlan knows boxes of whole pixels only.
func newTFPlan(g Geometry) *tfPlan {
	halfPixel := g.Filter == profile.BicubicTF2
	a := -0.75
	if halfPixel {
		a = -0.5
	}
	near, far := tfTable(a)
	axis := func(from, to float32, out int) []tfTaps {
		first, size := int(from), int(to)-int(from)
		scale := float32(size) / float32(out)
		taps := make([]tfTaps, out)
		for i := range taps {
			at := float32(float32(i) * scale)
			if halfPixel {
				at = float32((float32(i)+0.5)*scale) - 0.5
			}
			taps[i] = newTFTaps(at, size, halfPixel, near, far)
			for j := range taps[i].at {
				taps[i].at[j] += first
			}
		}
		return taps
	}
	return &tfPlan{g, axis(g.Box[0], g.Box[2], g.OutW), axis(g.Box[1], g.Box[3], g.OutH)}
}

// tfTable gives the weights of the inner and the outer two samples by the
// distance, in steps.
func tfTable(a float64) (near, far [tfSteps + 1]float32) {
	for i := range near {
		x := float64(float32(i) / tfSteps)
		near[i] = float32(float64(float64((float64((a+2)*x)-(a+3))*x)*x) + 1)
		x++
		far[i] = float32(float64((float64((float64(a*x)-5*a)*x)+8*a)*x) - 4*a)
	}
	return near, far
}

// newTFTaps finds the samples around at. Those beyond the edges repeat the
// edge; with half pixels they weigh nothing and the others make up for them.
func newTFTaps(at float32, size int, halfPixel bool, near, far [tfSteps + 1]float32) (t tfTaps) {
	floor := float32(math.Floor(float64(at)))
	step := int(math.RoundToEven(float64(float32((at - floor) * tfSteps))))
	t.weight = [4]float32{far[step], near[step], near[tfSteps-step], far[tfSteps-step]}
	sum := float32(0)
	for j := range t.at {
		want := int(floor) - 1 + j
		t.at[j] = min(max(want, 0), size-1)
		if halfPixel && t.at[j] != want {
			t.weight[j] = 0
		}
		sum += t.weight[j]
	}
	if halfPixel && sum != 0 {
		inverse := 1 / sum
		for j := range t.weight {
			t.weight[j] *= inverse
		}
	}
	return t
}

// run resizes whole, [Height, Width, 3]: each sample down first, then across.
// set gets them in units of 0..255, which they may leave.
func (p *tfPlan) run(whole []byte, set func(y, x, c int, v float32)) {
	line := make([]float32, 3*p.g.Width)
	stride := 3 * p.g.Width
	for y, down := range p.y {
		for i := range line {
			var v [4]float32
			for j, row := range down.at {
				v[j] = float32(whole[row*stride+i])
			}
			line[i] = down.sum(v)
		}
		for x, across := range p.x {
			for c := range 3 {
				var v [4]float32
				for j, column := range across.at {
					v[j] = line[3*column+c]
				}
				set(y, x, c, across.sum(v))
			}
		}
	}
}

func (t *tfTaps) sum(v [4]float32) float32 {
	s := float32(v[0]*t.weight[0]) + float32(v[1]*t.weight[1])
	s += float32(v[2] * t.weight[2])
	return s + float32(v[3]*t.weight[3])
}

// set writes a sample; 8 bits are rounded and clipped.
func (t *Target) set(y, x, c int, v float32) {
	at := y*t.Stride + 3*x + c
	if t.Pix != nil {
		t.Pix[at] = byte(min(max(math.RoundToEven(float64(v)), 0), 255))
		return
	}
	t.Tensor[at] = t.Norm.float(v, c)
}

// keep copies stored rows to their places in the upright picture.
func (r *Resampler) keep(pix []byte, stride, n int) {
	p := r.plan
	w, h := p.needs.Dx(), p.needs.Dy()
	for range n {
		y := r.taken
		for x := range w {
			ux, uy := x, y
			switch p.Orientation {
			case 2, 3:
				ux = w - 1 - x
			case 6, 7:
				ux = h - 1 - y
			case 5, 8:
				ux = y
			}
			switch p.Orientation {
			case 3, 4:
				uy = h - 1 - y
			case 5, 6:
				uy = x
			case 7, 8:
				uy = w - 1 - x
			}
			copy(r.whole[3*(uy*p.Width+ux):][:3], pix[x*r.size:])
		}
		pix = pix[min(stride, len(pix)):]
		r.taken++
	}
}
