package preprocess

import (
	"image"
	"image/color"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/effnet/effnet/pkg/profile"
)

func TestCenterSquare(t *testing.T) {
	tests := []struct {
		w, h int
		crop float64
		want image.Rectangle
	}{
		{640, 480, 0.875, image.Rect(110, 30, 530, 450)},
		{481, 640, 0.875, image.Rect(30, 110, 450, 530)},
		{333, 500, 0.875, image.Rect(21, 104, 312, 395)},
		{1, 50, 0.875, image.Rect(0, 24, 1, 25)},
		{50, 1, 0.1, image.Rect(24, 0, 25, 1)},
		{7, 7, 1, image.Rect(0, 0, 7, 7)},
	}
	for _, tt := range tests {
		if got := centerSquare(tt.w, tt.h, tt.crop); got != tt.want {
			t.Errorf("centerSquare(%d, %d, %v) = %v, want %v", tt.w, tt.h, tt.crop, got, tt.want)
		}
	}
}

// TestPad holds the place of the picture and the colour around it.
func TestPad(t *testing.T) {
	white := color.NRGBA{255, 255, 255, 255}
	ground := color.NRGBA{124, 116, 104, 255} // ImageNet's mean · 255
	tests := []struct {
		w, h int
		want image.Rectangle
	}{
		{64, 32, image.Rect(0, 8, 32, 24)},
		{10, 20, image.Rect(8, 0, 24, 32)},
		{5, 5, image.Rect(0, 0, 32, 32)},
		{1000, 1, image.Rect(0, 15, 32, 16)},
		{3, 32, image.Rect(14, 0, 17, 32)},
	}
	for _, tt := range tests {
		p, err := FromImage(filled(tt.w, tt.h, white))
		if err != nil {
			t.Fatal(err)
		}
		img, err := p.Resize(Pad, profile.ImageNet(32))
		if err != nil {
			t.Fatal(err)
		}
		for y := range 32 {
			for x := range 32 {
				want := ground
				if image.Pt(x, y).In(tt.want) {
					want = white
				}
				if got := img.NRGBAAt(x, y); got != want {
					t.Fatalf("%d×%d padded: pixel (%d,%d) is %v, want %v", tt.w, tt.h, x, y, got, want)
				}
			}
		}
	}
}

func TestResizeRefuses(t *testing.T) {
	p, err := FromImage(filled(4, 4, color.White))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Resize("middle", profile.ImageNet(32)); err == nil {
		t.Error("an unknown crop passes")
	}
	if _, err := p.Resize(Center, profile.Profile{}); err == nil {
		t.Error("an empty profile passes")
	}
	if err := Tensor(p, "", profile.ImageNet(32), nil); err == nil {
		t.Error("Tensor lets an empty crop pass")
	}
}

// TestThinPictures gives a whole tensor for pictures one pixel wide or high.
func TestThinPictures(t *testing.T) {
	pr := profile.ImageNet(32)
	want := make([]float32, 32*32*3)
	Normalise(filled(32, 32, color.NRGBA{9, 99, 199, 255}), pr, want)
	for _, size := range []image.Point{{1, 1}, {1, 400}, {400, 1}, {2, 3}} {
		for _, c := range []Crop{Center, Squash, Pad} {
			p, err := FromImage(filled(size.X, size.Y, color.NRGBA{9, 99, 199, 255}))
			if err != nil {
				t.Fatal(err)
			}
			got, want := make([]float32, len(want)), want
			if err := Tensor(p, c, pr, got); err != nil {
				t.Fatal(err)
			}
			if c == Pad { // pixel (15,15) shows even a line one pixel wide
				middle := (15*32 + 15) * 3
				got, want = got[middle:middle+3], want[middle:middle+3]
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("%v %s (-want +got):\n%s", size, c, d)
			}
		}
	}
}

// TestNormalise holds every value of every channel to the formula.
func TestNormalise(t *testing.T) {
	pr := profile.ImageNet(32)
	pr.Std[1] = 128.0 / 255
	img := image.NewNRGBA(image.Rect(0, 0, 16, 16))
	for i := range 256 {
		copy(img.Pix[4*i:], []byte{byte(i), byte(255 - i), byte(i * 3), 255})
	}
	got := make([]float32, 3*256+1)
	got[768] = 42
	Normalise(img, pr, got)
	for i, v := range got[:768] {
		c := i % 3
		want := float32((float64(img.Pix[i/3*4+c])/255 - pr.Mean[c]) / pr.Std[c])
		if math.Float32bits(v) != math.Float32bits(want) {
			t.Fatalf("value %d is %v, want %v", i, v, want)
		}
	}
	if got[768] != 42 {
		t.Error("Normalise writes beyond the picture")
	}
}

// TestNormalisePart reads the rows of a sub-picture at their stride.
func TestNormalisePart(t *testing.T) {
	img := image.NewNRGBA(image.Rect(0, 0, 5, 4))
	for i := range img.Pix {
		img.Pix[i] = byte(i)
	}
	part := img.SubImage(image.Rect(1, 1, 3, 3)).(*image.NRGBA)
	pr := profile.Profile{Std: [3]float64{1.0 / 255, 1.0 / 255, 1.0 / 255}}
	got := make([]float32, 12)
	Normalise(part, pr, got)
	want := []float32{24, 25, 26, 28, 29, 30, 44, 45, 46, 48, 49, 50}
	for i := range want {
		if math.Abs(float64(got[i]-want[i])) > 1e-4 {
			t.Errorf("value %d is %v, want %v", i, got[i], want[i])
		}
	}
}
