package resample

import (
	"math"
	"testing"

	"github.com/effnet/effnet/pkg/profile"
)

// Samples that are estimated have the means that they are estimated from, and
// equal ones are found.
func TestEstimatesKeepMeans(t *testing.T) {
	for n := range estimates {
		var mean [5]float64
		for i := range n {
			sum := 0.0
			for k, share := range estimate(n, i) {
				sum += share
				mean[k] += share / float64(n)
			}
			if math.Abs(sum-1) > 1e-12 {
				t.Errorf("sample %d of %d: weights of %v together", i, n, sum)
			}
		}
		for k, m := range mean {
			want := 0.0
			if k == 2 {
				want = 1
			}
			if math.Abs(m-want) > 1e-12 {
				t.Errorf("mean %d counts %v in those of %d", k-2, m, n)
			}
		}
	}
}

// wave is a picture that changes slowly, [h, w, 3].
func wave(w, h int) []byte {
	pix := make([]byte, 3*w*h)
	for i := range pix {
		x, y, c := float64(i/3%w), float64(i/3/w), float64(i%3)
		pix[i] = byte(math.Round(128 + 60*math.Sin(x/23+c)*math.Cos(y/19) + 50*math.Sin((x-y)/31)))
	}
	return pix
}

// means reduces a picture.
func means(pix []byte, w, h, n int) []byte {
	out := make([]byte, 3*(w/n)*(h/n))
	for i := range out {
		x, y, sum := i/3%(w/n)*n, i/3/(w/n)*n, 0
		for k := range n * n {
			sum += int(pix[3*((y+k/n)*w+x+k%n)+i%3])
		}
		out[i] = byte((sum + n*n/2) / (n * n))
	}
	return out
}

// resized gives [out, out, 3].
func resized(t *testing.T, g Geometry, pix []byte) []byte {
	t.Helper()
	set, err := Best()
	if err != nil {
		t.Fatal(err)
	}
	r := New(set)
	p, err := r.Plan(g)
	if err != nil {
		t.Fatal(err)
	}
	needs, w := p.Needs(), g.Width
	if g.Orientation >= 5 {
		w = g.Height
	}
	out := make([]byte, 3*g.OutW*g.OutH)
	r.Start(p, 3, Target{Pix: out})
	r.Rows(needs.Min.Y, pix[3*(needs.Min.Y*w+needs.Min.X):], 3*w, needs.Dy())
	if err := r.Finish(); err != nil {
		t.Fatal(err)
	}
	return out
}

// difference is the mean in levels.
func difference(a, b []byte) float64 {
	sum := 0.0
	for i := range a {
		sum += math.Abs(float64(a[i]) - float64(b[i]))
	}
	return sum / float64(len(a))
}

// Means give nearly the picture that their pixels give, whatever the filter and
// the orientation; nearer than if they were pixels.
func TestReducedIsNearTheWhole(t *testing.T) {
	const w, h, x, y, side, out = 320, 240, 57, 17, 206, 20 // the crop is in the middle
	pix := wave(w, h)
	cut := make([]byte, 0, 3*side*side)
	for row := range side {
		cut = append(cut, pix[3*((y+row)*w+x):][:3*side]...)
	}
	for n := range estimates {
		small := means(pix, w, h, n)
		for _, f := range []profile.Interpolation{profile.Bicubic, profile.Bilinear, profile.Lanczos} {
			for o := 1; o <= 8; o++ {
				whole := Geometry{
					Filter: f, Width: side, Height: side, Box: [4]float32{2: side, 3: side}, OutW: out, OutH: out, Orientation: o,
				}
				reduced := whole
				reduced.Width, reduced.Height, reduced.Box, reduced.Reduced = w/n, h/n, [4]float32{x, y, x + side, y + side}, n
				if o >= 5 {
					reduced.Width, reduced.Height, reduced.Box = h/n, w/n, [4]float32{y, x, y + side, x + side}
				}
				for i := range reduced.Box {
					reduced.Box[i] /= float32(n)
				}
				plain := reduced
				plain.Reduced = 1
				want := resized(t, whole, cut)
				near, far := difference(want, resized(t, reduced, small)), difference(want, resized(t, plain, small))
				if near > 0.3 || near > 0.8*far {
					t.Errorf("means of %d, %s, orientation %d: %.3f levels from the whole, without estimates %.3f", n, f, o, near, far)
				}
			}
		}
	}
}

func TestReducedIsValidated(t *testing.T) {
	for _, g := range []Geometry{
		{Filter: profile.Bicubic, Reduced: 3},
		{Filter: profile.Bicubic, Reduced: -1},
		{Filter: profile.Nearest, Reduced: 2},
		{Filter: profile.BicubicTF2, Reduced: 2},
	} {
		g.Width, g.Height, g.Box, g.OutW, g.OutH = 8, 8, [4]float32{2: 8, 3: 8}, 2, 2
		if _, err := NewPlan(g); err == nil {
			t.Errorf("means of %d pass for %s", g.Reduced, g.Filter)
		}
	}
}
