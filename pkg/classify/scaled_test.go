package classify

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"math"
	"testing"
)

// ripples is a JPEG of w×h pixels.
func ripples(t *testing.T, w, h int) []byte {
	t.Helper()
	img := image.NewGray(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			img.SetGray(x, y, color.Gray{byte(128 + 100*math.Sin(float64(x*x+y*y)/90000))})
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// Only what is asked for is scaled, only large pictures are, and what comes out
// is nearly the same.
func TestScaled(t *testing.T) {
	cache := newMemory()
	full := open(t, "", Options{Cache: cache})
	scaled := open(t, "", Options{Scaled: true, Cache: cache})
	for _, tt := range []struct{ w, h, scale int }{{1024, 768, 1}, {1200, 1024, 2}, {2100, 2048, 4}, {600, 599, 1}} {
		data := ripples(t, tt.w, tt.h)
		want, err := full.Bytes(t.Context(), data)
		if err != nil {
			t.Fatal(err)
		}
		got, err := scaled.Bytes(t.Context(), data)
		if err != nil {
			t.Fatal(err)
		}
		if want.Timing.Scale != 1 || got.Timing.Scale != tt.scale || got.Width != tt.w || got.Height != tt.h {
			t.Errorf("%d×%d pixels at 1/%d and 1/%d, want 1/1 and 1/%d", got.Width, got.Height, want.Timing.Scale, got.Timing.Scale, tt.scale)
		}
		for i, p := range softmax(want.Logits, 1) {
			if q := softmax(got.Logits, 1)[i]; math.Abs(p-q) > 0.05 || tt.scale == 1 && p != q {
				t.Fatalf("%d×%d pixels: class %d has probability %.4f, scaled %.4f", tt.w, tt.h, i, p, q)
			}
		}
	}
}
