package jpeg

import (
	"bytes"
	"image"
	"image/color"
	stdjpeg "image/jpeg"
	"math"
	"math/rand/v2"
	"testing"
)

// photo makes a 4:2:0 JPEG of 500×375 pixels with the detail of a photo.
func photo(b *testing.B) []byte {
	random := rand.New(rand.NewPCG(1, 2))
	img := image.NewRGBA(image.Rect(0, 0, 500, 375))
	for y := range 375 {
		for x := range 500 {
			wave := 60*math.Sin(float64(x)/9+math.Cos(float64(y)/23)) + 12*random.NormFloat64()
			if (x/40+y/31)%3 == 0 {
				wave /= 4
			}
			v := func(base float64) uint8 { return uint8(min(max(base+wave, 0), 255)) }
			img.SetRGBA(x, y, color.RGBA{v(150), v(120 + float64(y)/8), v(90 + float64(x)/8), 255})
		}
	}
	var buf bytes.Buffer
	if err := stdjpeg.Encode(&buf, img, &stdjpeg.Options{Quality: 85}); err != nil {
		b.Fatal(err)
	}
	return buf.Bytes()
}

func BenchmarkDecode(b *testing.B) {
	data := photo(b)
	b.ReportAllocs()
	b.SetBytes(500 * 375 * 3)
	b.ReportMetric(float64(len(data)), "file-bytes")
	for b.Loop() {
		if _, err := Decode(data, Options{}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkStandardLibrary decodes the same photo with image/jpeg, to YCbCr.
func BenchmarkStandardLibrary(b *testing.B) {
	data := photo(b)
	b.SetBytes(500 * 375 * 3)
	for b.Loop() {
		if _, err := stdjpeg.Decode(bytes.NewReader(data)); err != nil {
			b.Fatal(err)
		}
	}
}
