package explain

import (
	"flag"
	"image"
	"image/color"
	"image/draw"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/disintegration/imaging"

	"github.com/effnet/effnet/pkg/classify"
	"github.com/effnet/effnet/pkg/preprocess"
)

var photos = flag.String("photos", "", "a folder of photographs to measure occlusion on, besides the test pictures")

// draws is how many random fifths a picture's hottest is compared with.
const draws = 5

// fills are what may stand in the place of occluded pixels.
var fills = []struct {
	name string
	of   func(img *image.NRGBA) image.Image
}{
	{"black", func(*image.NRGBA) image.Image { return image.Black }},
	{"blurred", func(img *image.NRGBA) image.Image { return imaging.Blur(img, 16) }},
	{"the picture's mean", func(img *image.NRGBA) image.Image {
		return image.NewUniform(imaging.Resize(img, 1, 1, imaging.Box).NRGBAAt(0, 0))
	}},
	{"mid-grey", func(*image.NRGBA) image.Image { return image.NewUniform(color.Gray{127}) }},
}

// Without the hottest fifth of the pixels the label loses more of its
// probability than without random fifths, which are the same shape moved
// elsewhere (around the edges), on average.
func TestOcclusionLowersTheProbability(t *testing.T) {
	files, err := filepath.Glob("../../testdata/*.jpg")
	if err != nil || len(files) < 3 {
		t.Fatal(files, err)
	}
	o := newOccluder(t)
	for _, file := range files {
		if own, random := o.losses(t, file, 0, 1); !(own > random) {
			t.Errorf("%s: the hottest fifth takes %.3f, a random one %.3f", filepath.Base(file), own, random)
		}
	}
	if *photos == "" {
		return
	}
	files, err = filepath.Glob(filepath.Join(*photos, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for fill := range fills {
		better, sumOwn, sumRandom := 0, 0.0, 0.0
		for i, file := range files {
			own, random := o.losses(t, file, fill, uint64(i))
			sumOwn, sumRandom = sumOwn+own, sumRandom+random
			if own > random {
				better++
			}
		}
		n := float64(len(files))
		t.Logf("%s: %d of %d photographs, mean loss %.3f, of random fifths %.3f", fills[fill].name, better, len(files), sumOwn/n, sumRandom/n)
	}
}

type occluder struct{ explain, squash *Explainer }

func newOccluder(t *testing.T) *occluder {
	t.Helper()
	return &occluder{open(t, "", classify.Options{}), open(t, "", classify.Options{Crop: preprocess.Squash})}
}

// losses is what the label of a picture loses of its probability without the
// hottest fifth, and without a random one.
func (o *occluder) losses(t *testing.T, file string, fill int, seed uint64) (own, random float64) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	x, err := o.explain.Bytes(t.Context(), data)
	if err != nil {
		t.Fatal(err)
	}
	side := x.Input.Rect.Dx()
	m := &x.Maps[0]
	hot := hottestFifth(m.Upsampled(side, side))
	instead := fills[fill].of(x.Input)
	loss := func(dx, dy int) float64 {
		y, err := o.squash.Image(t.Context(), occluded(x.Input, instead, hot, dx, dy))
		if err != nil {
			t.Fatal(err)
		}
		return m.Probability - (&classify.Result{Logits: y.Logits}).Probabilities()[m.Class]
	}
	own = loss(0, 0)
	r := rand.New(rand.NewPCG(seed, 1))
	for range draws {
		random += loss(r.IntN(side), r.IntN(side)) / draws
	}
	return own, random
}

// hottestFifth marks a fifth of the pixels.
func hottestFifth(heat []float32) []bool {
	least := slices.Sorted(slices.Values(heat))[len(heat)*4/5]
	hot := make([]bool, len(heat))
	for i, v := range heat {
		hot[i] = v >= least
	}
	return hot
}

// occluded puts another picture's pixels where it is hot, moved by (dx, dy)
// around the edges.
func occluded(img *image.NRGBA, instead image.Image, hot []bool, dx, dy int) *image.NRGBA {
	side := img.Rect.Dx()
	mask := image.NewAlpha(img.Rect)
	for i, h := range hot {
		if h {
			mask.Pix[mask.PixOffset((i%side+dx)%side, (i/side+dy)%side)] = 255
		}
	}
	out := image.NewNRGBA(img.Rect)
	draw.Draw(out, out.Rect, img, image.Point{}, draw.Src)
	draw.DrawMask(out, out.Rect, instead, image.Point{}, mask, image.Point{}, draw.Over)
	return out
}
