package cli

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// drawClasses DIR N draws N pictures of each of three classes: bars, dots and
// waves, no two alike.
func drawClasses(ts *testscript.TestScript, _ bool, args []string) {
	ts.Check(writeClasses(ts.MkAbs(args[0]), 0, number(ts, args[1])))
}

var drawnClasses = []string{"bars", "dots", "waves"}

// writeClasses draws the pictures first … last-1 of each class.
func writeClasses(dir string, first, last int) error {
	for class, name := range drawnClasses {
		if err := os.MkdirAll(filepath.Join(dir, name), 0o777); err != nil {
			return err
		}
		for i := first; i < last; i++ {
			if err := os.WriteFile(filepath.Join(dir, name, fmt.Sprintf("%02d.png", i)), drawnPicture(class, i), 0o666); err != nil {
				return err
			}
		}
	}
	return nil
}

func drawnPicture(class, serial int) []byte {
	const side = 64
	r := rand.New(rand.NewPCG(uint64(class), uint64(serial)))
	ink := color.NRGBA{uint8(r.UintN(100)), uint8(r.UintN(100)), uint8(r.UintN(100)), 255}
	paper := color.NRGBA{uint8(155 + r.UintN(100)), uint8(155 + r.UintN(100)), uint8(155 + r.UintN(100)), 255}
	period, at := 8+r.IntN(6), r.IntN(side)
	img := image.NewNRGBA(image.Rect(0, 0, side, side))
	for y := range side {
		for x := range side {
			u, v := (x+at)%period-period/2, (y+at)%period-period/2
			in := [...]bool{u > 0, u*u+v*v < period*period/9, (x+at+y*y/side)%period < period/2 == (y%period < period/2)}[class]
			img.SetNRGBA(x, y, paper)
			if in {
				img.SetNRGBA(x, y, ink)
			}
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// newClasses is a folder with train/ and val/.
func newClasses(t *testing.T, training, validation int) string {
	t.Helper()
	dir := t.TempDir()
	for side, span := range map[string][2]int{"train": {0, training}, "val": {training, training + validation}} {
		if err := writeClasses(filepath.Join(dir, side), span[0], span[1]); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}
