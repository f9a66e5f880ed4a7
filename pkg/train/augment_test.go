package train

import (
	"errors"
	"image"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/effnet/effnet/pkg/classify"
	"github.com/effnet/effnet/pkg/preprocess"
	"github.com/effnet/effnet/pkg/profile"
)

// noise is a picture of chance levels.
func noise(w, h int) *preprocess.Picture {
	img := image.NewNRGBA(image.Rect(0, 0, w, h))
	r := rand.New(rand.NewPCG(uint64(w), uint64(h)))
	for i := range img.Pix {
		if img.Pix[i] = 255; i%4 < 3 {
			img.Pix[i] = byte(r.IntN(256))
		}
	}
	return &preprocess.Picture{Width: w, Height: h, RGB: img}
}

// plain leaves levels from 0 to 1.
func plain(resolution int) profile.Profile {
	p := profile.ImageNet(resolution)
	p.Mean, p.Std = [3]float64{}, [3]float64{1, 1, 1}
	return p
}

func augmented(t *testing.T, a Augment, p *preprocess.Picture, pr profile.Profile, d Draw) []float32 {
	t.Helper()
	dst := make([]float32, 3*pr.Resolution*pr.Resolution)
	if err := a.Tensor(p, pr, d, dst); err != nil {
		t.Fatal(err)
	}
	return dst
}

func TestAugmentOfNothingIsPreprocess(t *testing.T) {
	p, pr := noise(90, 70), profile.ImageNet(32)
	for _, crop := range []preprocess.Crop{"", preprocess.Center, preprocess.Squash, preprocess.Pad} {
		want := make([]float32, 3*32*32)
		named := crop
		if named == "" {
			named = preprocess.Center
		}
		if err := preprocess.Tensor(p, named, pr, want); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, augmented(t, Augment{Crop: crop}, p, pr, NewDraw(1, 2, 3))); diff != "" {
			t.Errorf("crop %q: %s", crop, diff)
		}
	}
}

// With ranges so small that they change no pixel by much, the frame is what
// preprocess takes.
func TestAugmentFramesAsPreprocess(t *testing.T) {
	p, err := preprocess.Decode(drawn(1, 7), preprocess.Options{})
	if err != nil {
		t.Fatal(err)
	}
	wide := image.NewNRGBA(image.Rect(0, 0, 112, 80))
	copy(wide.Pix, p.RGB.Pix)
	p = &preprocess.Picture{Width: 112, Height: 80, RGB: wide}
	for _, crop := range []preprocess.Crop{preprocess.Center, preprocess.Squash} {
		pr := plain(64)
		want := make([]float32, 3*64*64)
		if err := preprocess.Tensor(p, crop, pr, want); err != nil {
			t.Fatal(err)
		}
		got := augmented(t, Augment{Rotate: 1e-9, Crop: crop}, p, pr, NewDraw(1, 2, 3))
		sum := 0.0
		for i := range got {
			sum += math.Abs(float64(got[i] - want[i]))
		}
		if mean := sum / float64(len(got)); !(mean < 0.03) {
			t.Errorf("crop %q: mean difference of %v from the picture as it is", crop, mean)
		}
	}
}

func TestFlipMirrors(t *testing.T) {
	p, pr := noise(40, 40), plain(32)
	pr.Crop = 0.8 // of 40 pixels 32: each output pixel is one of the picture
	dst := augmented(t, Augment{Flip: 1}, p, pr, NewDraw(1, 1, 1))
	for y := range 32 {
		for x := range 32 {
			for c := range 3 {
				want := float64(p.RGB.Pix[(y+4)*p.RGB.Stride+4*(35-x)+c]) / 255
				if got := float64(dst[(y*32+x)*3+c]); math.Abs(got-want) > 1e-3 {
					t.Fatalf("pixel %d,%d channel %d: got %v, want %v", x, y, c, got, want)
				}
			}
		}
	}
}

// Turned by 90° and shifted, a picture's pixels are where geometry puts them.
func TestRotationAndShift(t *testing.T) {
	p, pr := noise(32, 32), plain(32)
	pr.Crop = 1
	d := Draw{rotate: 1, shiftX: 1, shiftY: 0.5} // +90°, a quarter of the width to the right
	dst := augmented(t, Augment{Rotate: 90, Shift: 0.25}, p, pr, d)
	for y := range 32 {
		for x := range 32 {
			sx, sy := mirrored(31-y+8, 32), mirrored(x, 32)
			want := float64(p.RGB.Pix[sy*p.RGB.Stride+4*sx]) / 255
			if got := float64(dst[(y*32+x)*3]); math.Abs(got-want) > 1e-3 {
				t.Fatalf("pixel %d,%d: got %v, want that of %d,%d, %v", x, y, got, sx, sy, want)
			}
		}
	}
}

// slowWarp is warp in float64, a pixel at a time.
func slowWarp(src *image.NRGBA, f affine, res int) []float64 {
	w, h := src.Rect.Dx(), src.Rect.Dy()
	var out []float64
	for row := range res {
		for col := range res {
			u, v := (float64(col)+0.5)/float64(res)-0.5, (float64(row)+0.5)/float64(res)-0.5
			x, y := f.x0+f.xu*u+f.xv*v-0.5, f.y0+f.yu*u+f.yv*v-0.5
			ix, iy := math.Floor(x), math.Floor(y)
			at := func(dx, dy, c int) float64 {
				return float64(src.Pix[mirrored(int(iy)+dy, h)*src.Stride+4*mirrored(int(ix)+dx, w)+c])
			}
			fx, fy := x-ix, y-iy
			for c := range 3 {
				out = append(out, (1-fy)*((1-fx)*at(0, 0, c)+fx*at(1, 0, c))+fy*((1-fx)*at(0, 1, c)+fx*at(1, 1, c)))
			}
		}
	}
	return out
}

func TestWarpIsBilinear(t *testing.T) {
	a := Augment{Scale: 0.2, Aspect: 3, Flip: 0.5, Rotate: 180, Shift: 0.7}
	for i, size := range [][2]int{{1, 1}, {1, 50}, {50, 1}, {2, 2}, {33, 47}, {64, 20}, {3, 3}} {
		p := noise(size[0], size[1])
		for j := range 6 {
			for _, crop := range []preprocess.Crop{preprocess.Center, preprocess.Squash, preprocess.Pad} {
				f := a.frame(p, crop, plain(32), NewDraw(7, i, j))
				dst := make([]float32, 3*37*37)
				warp(p.RGB, f, 37, dst)
				for at, want := range slowWarp(p.RGB, f, 37) {
					if !(math.Abs(float64(dst[at])-want) < 0.25) {
						t.Fatalf("%v, draw %d, crop %s, value %d: got %v, want %v", size, j, crop, at, dst[at], want)
					}
				}
			}
		}
	}
}

func TestInside(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 20000 {
		start, step := r.Int64N(200<<32)-(100<<32), r.Int64N(8<<32)-(4<<32)
		if r.IntN(20) == 0 {
			step = 0
		}
		size, n := 1+r.IntN(60), 1+r.IntN(80)
		first, last := inside(start, step, size, n)
		for i := range n {
			x := start + int64(i)*step
			if in := x >= 0 && x < int64(size-1)<<32; in != (i >= first && i < last) {
				t.Fatalf("start %d step %d size %d n %d: %d to %d, but %d is %v", start, step, size, n, first, last, i, in)
			}
		}
	}
}

// A pattern of single pixels shrunk to a fifth is even grey: no alias.
func TestAugmentShrinksWithoutAlias(t *testing.T) {
	img := image.NewNRGBA(image.Rect(0, 0, 400, 400))
	for i := range img.Pix {
		if img.Pix[i] = 255; i%4 < 3 {
			img.Pix[i] = byte(255 * ((i/4 + i/1600) & 1))
		}
	}
	p := &preprocess.Picture{Width: 400, Height: 400, RGB: img}
	a := DefaultAugment()
	a.Contrast = 0
	for j := range 5 {
		for at, v := range augmented(t, a, p, plain(64), NewDraw(3, 0, j)) {
			if math.Abs(float64(v)-0.5) > 0.12 {
				t.Fatalf("draw %d, value %d: %v, want about 0.5", j, at, v)
			}
		}
	}
}

func TestContrastKeepsTheMean(t *testing.T) {
	p, pr := noise(32, 32), plain(32)
	for i := range p.RGB.Pix { // far from the ends, where nothing is cut off
		if i%4 < 3 {
			p.RGB.Pix[i] = 96 + p.RGB.Pix[i]/4
		}
	}
	pr.Crop = 1
	base := augmented(t, Augment{Rotate: 1e-12}, p, pr, Draw{rotate: 0.5})
	more := augmented(t, Augment{Contrast: 0.5}, p, pr, Draw{contrast: 1})
	mean := 0.0
	for i := 1; i < len(base); i += 3 {
		mean += float64(base[i]) * 3 / float64(len(base))
	}
	for i := 1; i < len(base); i += 3 {
		if want := mean + 1.5*(float64(base[i])-mean); math.Abs(float64(more[i])-want) > 1e-4 {
			t.Fatalf("value %d: got %v, want %v", i, more[i], want)
		}
	}
}

// What a picture becomes depends on seed, epoch and index alone, and on each.
func TestAugmentIsDeterministic(t *testing.T) {
	p, pr, a := noise(120, 90), profile.ImageNet(32), DefaultAugment()
	const n = 24
	draws := func(threads int) [][]float32 {
		out := make([][]float32, n)
		spread(threads, n, func(i int) {
			out[i] = make([]float32, 3*32*32)
			if err := a.Tensor(p, pr, NewDraw(uint64(i&1), i>>1&1, i>>2), out[i]); err != nil {
				t.Error(err)
			}
		})
		return out
	}
	one, many := draws(1), draws(7)
	for i := range n {
		if !slices.Equal(one[i], many[i]) {
			t.Errorf("draw %d is another one by several threads", i)
		}
		for j := range i {
			if slices.Equal(one[i], one[j]) {
				t.Errorf("draws %d and %d are alike", i, j)
			}
		}
	}
}

func TestAugmentRefuses(t *testing.T) {
	if err := DefaultAugment().Validate(); err != nil {
		t.Error(err)
	}
	for _, a := range []Augment{
		{Scale: -0.1}, {Scale: 1.1}, {Aspect: 0.5}, {Aspect: math.Inf(1)}, {Flip: 2}, {Rotate: 181}, {Shift: math.NaN()}, {Contrast: -1},
	} {
		var wrong *classify.UsageError
		if err := a.Validate(); !errors.As(err, &wrong) {
			t.Errorf("%+v: got %v, want a UsageError", a, err)
		}
	}
}

func BenchmarkAugment(b *testing.B) {
	p, pr, a := noise(500, 375), profile.ImageNet(224), DefaultAugment()
	dst := make([]float32, 3*224*224)
	for i := 0; b.Loop(); i++ {
		if err := a.Tensor(p, pr, NewDraw(1, 0, i), dst); err != nil {
			b.Fatal(err)
		}
	}
}
