package train

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
)

var drawnClasses = []string{"checks", "discs", "rings", "stripes"}

// drawn is a picture of a class in chance colours, place and size, with noise.
func drawn(class, serial int) []byte {
	const side = 112
	r := rand.New(rand.NewPCG(uint64(class), uint64(serial)))
	var near, far [3]float64
	for c := range near {
		near[c], far[c] = 130+125*r.Float64(), 100*r.Float64()
	}
	if r.IntN(2) == 0 {
		near, far = far, near
	}
	x0, y0 := side*(0.35+0.3*r.Float64()), side*(0.35+0.3*r.Float64())
	size := side * (0.18 + 0.12*r.Float64())
	angle, pitch := 0.3*r.Float64(), 8+6*r.Float64()
	sin, cos := math.Sincos(angle)
	img := image.NewNRGBA(image.Rect(0, 0, side, side))
	for y := range side {
		for x := range side {
			dx, dy := float64(x)-x0, float64(y)-y0
			u, v := (dx*cos+dy*sin)/pitch, (dy*cos-dx*sin)/pitch
			distance := math.Hypot(dx, dy)
			in := [...]bool{
				int(math.Floor(u)+math.Floor(v))&1 == 0, distance < size,
				math.Mod(distance, pitch) < pitch/2, int(math.Floor(u))&1 == 0,
			}[class]
			ink := far
			if in {
				ink = near
			}
			noise := 12 * r.NormFloat64()
			level := func(c int) uint8 { return uint8(min(max(ink[c]+noise, 0), 255)) }
			img.SetNRGBA(x, y, color.NRGBA{level(0), level(1), level(2), 255})
		}
	}
	return encoded(img)
}

func encoded(img image.Image) []byte {
	var b bytes.Buffer
	encoder := png.Encoder{CompressionLevel: png.BestSpeed}
	if err := encoder.Encode(&b, img); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// tiny is a small picture, another one for each serial.
func tiny(serial int) []byte {
	img := image.NewNRGBA(image.Rect(0, 0, 4, 4))
	for i := range img.Pix {
		img.Pix[i] = byte(serial>>(i%4*8)) | 0xff*byte(i%4/3)
	}
	return encoded(img)
}

// writeTree writes files by their slash paths below a new folder.
func writeTree(t *testing.T, files map[string][]byte) string {
	t.Helper()
	dir := t.TempDir()
	for name, data := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if data == nil {
			continue // the folder alone
		}
		if err := os.WriteFile(path, data, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}
