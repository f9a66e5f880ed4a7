package plot

import (
	"bytes"
	"image/png"
	"math"
	"strings"
	"testing"
)

func sample(latency float64) Comparison {
	network := func(name string, macs, params, activations, latency float64) Network {
		return Network{name, macs, params, activations, latency}
	}
	return Comparison{
		Baseline: network("efficientnet-b0", 0.386e9, 5.3e6, 2.6, latency),
		Scaled: []Scaled{
			{Compound, network("φ = 2", 1.5e9, 10e6, 4.6, 3.5*latency)},
			{Depth, network("d=4", 1.52e9, 20e6, 2.6, 4*latency)},
			{Width, network("w=2", 1.46e9, 17e6, 5.2, 3*latency)},
			{Resolution, network("r=448", 1.53e9, 5.3e6, 10.6, 4.5*latency)},
		},
	}
}

func write(t *testing.T, format string, c Comparison) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, format, c); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestSVGNamesWhatItShows(t *testing.T) {
	text := string(write(t, "svg", sample(10)))
	for _, want := range []string{
		"<svg", "ImageNet top-1, %", "B0", "B7", "B0 by depth, d=4", "B0 by compound, d=1.4, w=1.2, r=1.3",
		"efficientnet-b0", "φ = 2", "parameters", "activations", "latency", "times efficientnet-b0",
		">3.8<", // 20 of 5.3 million parameters
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q", want)
		}
	}
	if strings.Contains(string(write(t, "svg", sample(0))), "latency") {
		t.Error("latency is shown where none was measured")
	}
}

func TestPNGIsAPicture(t *testing.T) {
	data := write(t, "png", sample(10))
	img, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	if b := img.Bounds(); b.Dx() < 1000 || b.Dy() < 400 {
		t.Errorf("size %v", b)
	}
	seen := map[[3]uint32]bool{}
	for y := range img.Bounds().Dy() {
		for x := range img.Bounds().Dx() {
			r, g, b, _ := img.At(x, y).RGBA()
			seen[[3]uint32{r >> 8, g >> 8, b >> 8}] = true
		}
	}
	for way, ink := range inks {
		r, g, b, _ := ink.RGBA()
		if !seen[[3]uint32{r >> 8, g >> 8, b >> 8}] {
			t.Errorf("nothing in the colour of %s", way)
		}
	}
}

func TestPicturesAreReproducible(t *testing.T) {
	for _, format := range Formats {
		if !bytes.Equal(write(t, format, sample(1)), write(t, format, sample(1))) {
			t.Errorf("two pictures of one comparison differ as %s", format)
		}
	}
}

func TestUnknownFormat(t *testing.T) {
	if err := Write(&bytes.Buffer{}, "gif", sample(1)); err == nil {
		t.Error("gif is written")
	}
}

// Networks far outside the published range stay inside the axis.
func TestRangeHoldsEverything(t *testing.T) {
	c := sample(1)
	c.Baseline.MACs, c.Scaled[0].MACs = 1e6, 1e13
	if low, high := gmacsRange(c); low > 1e-3 || high < 1e4 {
		t.Errorf("from %v to %v", low, high)
	}
	write(t, "svg", c)
	for _, high := range []float64{1, 1.4, 6, 33, 99, 1000, 1e6} {
		if n := len(wholeTicks(0, high)); n < 2 || n > 11 {
			t.Errorf("%d ticks up to %v", n, high)
		}
	}
	for _, tick := range logTicks(0.3, 50) {
		if tick.Value < 0.3 || tick.Value > 50 || math.IsNaN(tick.Value) {
			t.Errorf("tick at %v", tick.Value)
		}
	}
}
