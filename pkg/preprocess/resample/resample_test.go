package resample

import (
	"bytes"
	"image"
	"slices"
	"testing"

	"github.com/disintegration/imaging"

	"github.com/effnet/effnet/internal/testkit"
	"github.com/effnet/effnet/pkg/profile"
)

var everyFilter = []profile.Interpolation{
	profile.Bicubic, profile.Bilinear, profile.Lanczos, profile.Nearest, profile.BicubicTF2, profile.BicubicTF1,
}

// A picture stored turned gives the pixels of the upright one, whatever comes
// first of the two passes, and in floats too.
func TestOrientations(t *testing.T) {
	random := testkit.NewRandom(4)
	set := bestSet(t)
	r := New(set)
	norm := set.Normaliser([3]float64{0.485, 0.456, 0.406}, [3]float64{0.229, 0.224, 0.225})
	for i := range 240 {
		side := func() int { return 1 + random.IntN(60) }
		g := Geometry{Filter: everyFilter[i%len(everyFilter)], Width: side(), Height: side(), OutW: side(), OutH: side()}
		x, y := random.IntN(g.Width), random.IntN(g.Height)
		g.Box = [4]float32{float32(x), float32(y), float32(x + 1 + random.IntN(g.Width-x)), float32(y + 1 + random.IntN(g.Height-y))}
		upright := picture(g.Width, g.Height)
		want := run(t, r, g, upright, 3, 4)
		floats := tensor(t, r, g, upright, norm)
		for g.Orientation = 2; g.Orientation <= 8; g.Orientation++ {
			stored := turned(upright, g.Width, g.Height, g.Orientation)
			if !bytes.Equal(run(t, r, g, stored, 3, 1+i%5), want) {
				t.Errorf("%+v: not the pixels of the upright picture", g)
			}
			if !slices.Equal(floats, tensor(t, r, g, stored, norm)) {
				t.Errorf("%+v: not the tensor of the upright picture", g)
			}
		}
	}
}

func bestSet(t testing.TB) *Set {
	t.Helper()
	set, err := Best()
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func tensor(t *testing.T, r *Resampler, g Geometry, pix []byte, norm *Normaliser) []float32 {
	t.Helper()
	p, err := r.Plan(g)
	if err != nil {
		t.Fatal(err)
	}
	w, _ := p.stored(g.Width, g.Height)
	out := make([]float32, 3*g.OutW*g.OutH)
	r.Start(p, 3, Target{Tensor: out, Norm: norm})
	feed(r, p.Needs(), pix, 3*w, 3, 3)
	if err := r.Finish(); err != nil {
		t.Fatal(err)
	}
	return out
}

// turned stores an upright picture so that orientation o turns it back.
func turned(upright []byte, w, h, o int) []byte {
	storedW := w
	if o >= 5 {
		storedW = h
	}
	out := make([]byte, len(upright))
	for y := range h {
		for x := range w {
			sx, sy := x, y
			switch o {
			case 2:
				sx = w - 1 - x
			case 3:
				sx, sy = w-1-x, h-1-y
			case 4:
				sy = h - 1 - y
			case 5:
				sx, sy = y, x
			case 6:
				sx, sy = y, w-1-x
			case 7:
				sx, sy = h-1-y, w-1-x
			case 8:
				sx, sy = h-1-y, x
			}
			copy(out[3*(sy*storedW+sx):][:3], upright[3*(y*w+x):])
		}
	}
	return out
}

// The normalised tensor is the normalised 8-bit picture.
func TestTensor(t *testing.T) {
	set := bestSet(t)
	r := New(set)
	norm := set.Normaliser([3]float64{0.485, 0.456, 0.406}, [3]float64{0.229, 0.224, 0.225})
	for i, x := range goldens(t) {
		if i%7 != 0 {
			continue
		}
		pix := picture(x.g.Width, x.g.Height)
		want := make([]float32, 3*x.g.OutW*x.g.OutH)
		for j, v := range run(t, r, x.g, pix, 3, 4) {
			want[j] = norm.table[j%3][v]
		}
		if !slices.Equal(want, tensor(t, r, x.g, pix, norm)) {
			t.Errorf("%s: not the normalised pixels", x.name)
		}
	}
}

// The package imaging is another implementation of the same filters. It always
// has the horizontal pass first, with which the difference can grow.
func TestImagingAgrees(t *testing.T) {
	filters := map[profile.Interpolation]imaging.ResampleFilter{
		profile.Bicubic: imaging.CatmullRom, profile.Bilinear: imaging.Linear, profile.Lanczos: imaging.Lanczos,
	}
	random := testkit.NewRandom(5)
	r := New(bestSet(t))
	for name, filter := range filters {
		for range 60 {
			g := Geometry{Filter: name, Width: 1 + random.IntN(90), Height: 1 + random.IntN(90), OutW: 1 + random.IntN(90), OutH: 1 + random.IntN(90)}
			g.Box = [4]float32{2: float32(g.Width), 3: float32(g.Height)}
			// No pass clips: there the two differ by their order.
			img := image.NewNRGBA(image.Rect(0, 0, g.Width, g.Height))
			for i := range img.Pix {
				img.Pix[i] = byte(64 + random.IntN(128))
				if i%4 == 3 {
					img.Pix[i] = 255
				}
			}
			got := run(t, r, g, img.Pix, 4, 4)
			want := imaging.Resize(img, g.OutW, g.OutH, filter)
			bound := 1
			if g.verticalFirst() {
				bound = 2
			}
			for i, v := range got {
				if d := int(v) - int(want.Pix[i/3*4+i%3]); d > bound || d < -bound {
					t.Fatalf("%+v: sample %d is %d, imaging has %d", g, i, v, want.Pix[i/3*4+i%3])
				}
			}
		}
	}
}

func TestNewPlanRefuses(t *testing.T) {
	good := Geometry{Filter: profile.Bicubic, Width: 9, Height: 9, Box: [4]float32{0, 0, 9, 9}, OutW: 4, OutH: 4}
	if _, err := NewPlan(good); err != nil {
		t.Fatal(err)
	}
	nan := float32(0)
	nan /= nan
	for name, change := range map[string]func(*Geometry){
		"filter":      func(g *Geometry) { g.Filter = "sharp" },
		"orientation": func(g *Geometry) { g.Orientation = 9 },
		"no width":    func(g *Geometry) { g.Width = 0 },
		"no output":   func(g *Geometry) { g.OutH = 0 },
		"box beyond":  func(g *Geometry) { g.Box[2] = 10 },
		"box inside":  func(g *Geometry) { g.Box[0] = 9 },
		"box NaN":     func(g *Geometry) { g.Box[3] = nan },
		"too long":    func(g *Geometry) { g.Height, g.Box[3] = 1e9, 1e9 },
	} {
		g := good
		change(&g)
		if _, err := NewPlan(g); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// The plans of the last geometries are kept, others go.
func TestPlansAreKept(t *testing.T) {
	r := New(bestSet(t))
	plan := func(w int) *Plan {
		p, err := r.Plan(Geometry{Filter: profile.Bilinear, Width: w, Height: 9, Box: [4]float32{2: float32(w), 3: 9}, OutW: 4, OutH: 4})
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	first := plan(1)
	for w := 2; w <= plansKept; w++ {
		plan(w)
	}
	if plan(1) != first {
		t.Error("a plan used shortly before is computed again")
	}
	for w := 2; w <= plansKept+1; w++ {
		plan(w)
	}
	if plan(1) == first || len(r.plans) != plansKept {
		t.Errorf("%d plans are kept", len(r.plans))
	}
}

func TestMissingRows(t *testing.T) {
	r := New(bestSet(t))
	p, err := r.Plan(Geometry{Filter: profile.Bilinear, Width: 9, Height: 9, Box: [4]float32{0, 0, 9, 9}, OutW: 4, OutH: 4})
	if err != nil {
		t.Fatal(err)
	}
	r.Start(p, 3, Target{Pix: make([]byte, 48)})
	r.Rows(0, make([]byte, 27*8), 27, 8)
	if err := r.Finish(); err != ErrRows {
		t.Errorf("a row is missing: %v", err)
	}
}

// A Resampler with its buffers makes the next picture without allocating.
func TestAllocations(t *testing.T) {
	set := bestSet(t)
	r, pix := New(set), picture(100, 80)
	norm := set.Normaliser([3]float64{}, [3]float64{1, 1, 1})
	out := make([]float32, 3*32*32)
	for o := 1; o <= 8; o++ {
		g := Geometry{Filter: profile.Bicubic, Width: 100, Height: 80, Box: [4]float32{10, 10, 70, 70}, OutW: 32, OutH: 32, Orientation: o}
		if o >= 5 {
			g.Width, g.Height = 80, 100
		}
		if n := testing.AllocsPerRun(5, func() {
			p, err := r.Plan(g)
			if err != nil {
				t.Fatal(err)
			}
			r.Start(p, 3, Target{Tensor: out, Norm: norm})
			feed(r, p.Needs(), pix, 300, 3, 4)
			if err := r.Finish(); err != nil {
				t.Fatal(err)
			}
		}); n != 0 {
			t.Errorf("orientation %d: %v allocations", o, n)
		}
	}
}
